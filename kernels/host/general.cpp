// Elementwise expressions over any operands: linear where everything is contiguous, row by row where
// rows are long, several rows at once where they are short, squares where an operand is read across.
#include <kernels/host/copy.hpp>
#include <kernels/host/engine.hpp>
#include <kernels/host/evaluate.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

// loop.run(first, last) over n pieces in equal shares, on all threads where that pays.
template <class Loop>
void in_shares(Loop const& loop, std::int64_t n, std::int64_t size) {
  struct shared {
    Loop const& loop;
    std::int64_t n, tasks;
    static void run(void* context, std::int64_t task) {
      auto const& [loop, n, tasks] = *static_cast<shared const*>(context);
      std::int64_t const each = n / tasks, rest = n % tasks;
      std::int64_t const first = task * each + std::min(task, rest);
      loop.run(first, first + each + (task < rest ? 1 : 0));
    }
  };
  std::int64_t const most = threads() > 1 ? std::int64_t{threads()} * 8 : 1;
  shared all{loop, n, std::clamp<std::int64_t>(std::min(size / 16384, n), 1, most)};
  parallel_for(all.tasks, size, shared::run, &all);
}

// One axis without gaps anywhere: addresses advance by chunks, and nothing else is to be done.
struct flat_loop {
  fused_call const& call;
  domain const& d;

  static bool fits(fused_call const& call, domain const& d) {
    if (d.rank != 1 || call.form->root.run == nullptr || d.out_stride[0] != 1) return false;
    return std::all_of(d.sources, d.sources + d.source_count, [](source const& from) {
      return from.data != nullptr && from.stride[0] == 1;
    });
  }
  [[nodiscard]] std::int64_t chunks() const {
    return (d.extent[0] + chunk_elements - 1) / chunk_elements;
  }
  void run(std::int64_t first, std::int64_t end) const {
    stage const& root = call.form->root;
    std::int64_t const last = std::min(end * chunk_elements, d.extent[0]);
    std::int64_t const most = root.scratch == 0 ? last : chunk_elements;
    arena_frame frame;
    void const** const leaf = frame.take<void const*>(call.form->leaves);
    std::byte* const scratch = frame.bytes(std::int64_t{root.scratch} * chunk_elements);
    for (std::int64_t at = first * chunk_elements; at < last; at += most) {
      for (int k = root.first_leaf; k < root.first_leaf + root.leaf_count; ++k) {
        source const& from = d.sources[call.slot[k]];
        leaf[k] = from.data + at * from.size;
      }
      root.run({std::min(most, last - at), d.out + at * d.out_size, leaf, call.scalars, nullptr,
                nullptr, scratch});
    }
  }
};

// Long rows without gaps: of each operand a row in memory, or one value, which is spread over a
// buffer that serves the whole row.
class row_loop {
 public:
  row_loop(arena_frame& frame, fused_call const& call, domain const& d)
      : call_(call), d_(d), spreads_(any_spread(d)), t_(parts(frame, d)) {}

  static bool fits(fused_call const& call, domain const& d) {
    int const last = d.rank - 1;
    if (last == 0 || d.extent[last] < 256 || call.form->root.run == nullptr) return false;
    return d.out_stride[last] == 1 &&
           std::all_of(d.sources, d.sources + d.source_count, [&](auto& s) {
             return s.data != nullptr && (s.stride[last] == 1 || s.stride[last] == 0);
           });
  }
  [[nodiscard]] std::int64_t parts() const { return t_.total; }
  void run(std::int64_t first, std::int64_t end) const;

 private:
  // Short buffers: what fills them waits for the stores of the rows before.
  static constexpr std::int64_t spread_elements = 256;
  struct reading {
    std::byte const* data;  // the part's first element, or the buffer
    std::int64_t step;      // bytes from element to element
    std::byte* buffer;
    std::byte const* value;  // that it holds
  };

  static bool any_spread(domain const& d) {
    return std::any_of(d.sources, d.sources + d.source_count,
                       [&](source const& s) { return s.stride[d.rank - 1] == 0; });
  }
  static tiling parts(arena_frame& frame, domain const& d) {
    std::int64_t* const block = frame.take<std::int64_t>(d.rank);
    std::fill_n(block, d.rank, std::int64_t{1});
    block[d.rank - 1] = even_block(d.extent[d.rank - 1], 16384);
    return make_tiling(d, d.rank - 1, block, frame.take<std::int64_t>(d.rank));
  }
  void read(reading& r, source const& from, std::int64_t offset) const {
    r.data = from.data + offset * from.size;
    if (r.buffer == nullptr) return;
    if (r.data != r.value) fill(r.buffer, r.data, spread_elements, from.size);
    r.value = std::exchange(r.data, r.buffer);
  }

  fused_call const& call_;
  domain const& d_;
  bool spreads_;
  tiling t_;
};

void row_loop::run(std::int64_t first, std::int64_t end) const {
  stage const& root = call_.form->root;
  int const last = d_.rank - 1;
  arena_frame frame;
  void const** const leaf = frame.take<void const*>(call_.form->leaves);
  std::byte* const scratch = frame.bytes(std::int64_t{root.scratch} * chunk_elements);
  reading* const readings = frame.take<reading>(d_.source_count);
  for (int s = 0; s < d_.source_count; ++s) {
    source const& from = d_.sources[s];
    bool const spread = from.stride[last] == 0;
    readings[s] = {nullptr, spread ? 0 : from.size,
                   spread ? frame.bytes(spread_elements * from.size) : nullptr, nullptr};
  }
  tile_cursor at(frame, d_, t_);
  at.seek(first);
  for (std::int64_t part = first; part < end; ++part, at.next()) {
    for (int s = 0; s < d_.source_count; ++s)
      read(readings[s], d_.sources[s], at.offset(d_.sources[s].stride));
    std::byte* const out = d_.out + at.offset(d_.out_stride) * d_.out_size;
    std::int64_t const n = at.length[last];
    std::int64_t const most = spreads_ ? spread_elements : root.scratch == 0 ? n : chunk_elements;
    for (std::int64_t i = 0; i < n; i += most) {
      for (int k = root.first_leaf; k < root.first_leaf + root.leaf_count; ++k) {
        reading const& r = readings[call_.slot[k]];
        leaf[k] = r.data + i * r.step;
      }
      root.run({std::min(most, n - i), out + i * d_.out_size, leaf, call_.scalars, nullptr, nullptr,
                scratch});
    }
  }
}

struct tile_loop {
  fused_call const& call;
  domain const& d;
  tiling const& t;

  // From memory to memory, without gaps: the C library knows when to pass by the caches.
  bool copies_memory() const {
    if (call.form->root.run != nullptr || d.rank > 1 || d.out_stride[0] != 1) return false;
    source const& from = d.sources[call.slot[call.form->root.first_leaf]];
    return from.data != nullptr && from.stride[0] == 1;
  }
  void copy(std::int64_t first, std::int64_t last) const {
    source const& from = d.sources[call.slot[call.form->root.first_leaf]];
    std::int64_t const begin = first * t.block[0], end = std::min(last * t.block[0], d.extent[0]);
    std::memmove(d.out + begin * from.size, from.data + begin * from.size,
                 static_cast<std::size_t>((end - begin) * from.size));
  }
  // Consecutive tiles: buffers of broadcast operands keep their values.
  void run(std::int64_t first, std::int64_t last) const {
    if (copies_memory()) return copy(first, last);
    arena_frame frame;
    tile_evaluator evaluator(frame, call, d, t);
    tile_cursor at(frame, d, t);
    at.seek(first);
    for (std::int64_t tile = first; tile < last; ++tile, at.next()) evaluator.store(at);
  }
};

}  // namespace

void elementwise(fused_call const& call, extents const& shape, destination const& out) {
  std::int64_t const size = shape.size();
  if (size == 0) return;
  arena_frame frame;
  domain d = make_domain(frame, call, shape, out);
  collapse(d, axis_order::by_output);
  if (flat_loop::fits(call, d)) {
    flat_loop const loop{call, d};
    return in_shares(loop, loop.chunks(), size);
  }
  if (row_loop::fits(call, d)) {
    row_loop const loop(frame, call, d);
    return in_shares(loop, loop.parts(), size);
  }
  tiling const t = choose_tiling(frame, d, 0, tile_use::output);
  in_shares(tile_loop{call, d, t}, t.total, size);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
