// Elementwise expressions over any operands: linear where everything is contiguous, whole rows
// where rows are short, squares where an operand is read across.
#include <kernels/host/engine.hpp>
#include <kernels/host/evaluate.hpp>

#include <algorithm>
#include <cstring>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

/// The task's share of n equal pieces: [first, last).
struct share {
  std::int64_t first, last;
  share(std::int64_t n, std::int64_t tasks, std::int64_t task) {
    std::int64_t const each = n / tasks, rest = n % tasks;
    first = task * each + std::min(task, rest);
    last = first + each + (task < rest ? 1 : 0);
  }
};

struct tile_loop {
  fused_call const& call;
  domain const& d;
  tiling const& t;
  std::int64_t tasks;

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

  // Consecutive tiles to one task: buffers of broadcast operands keep their values.
  static void run(void* context, std::int64_t task) {
    auto const& self = *static_cast<tile_loop const*>(context);
    auto const [first, last] = share(self.t.total, self.tasks, task);
    if (self.copies_memory()) return self.copy(first, last);
    arena_frame frame;
    tile_evaluator evaluator(frame, self.call, self.d, self.t);
    tile_cursor at(frame, self.d, self.t);
    at.seek(first);
    for (std::int64_t tile = first; tile < last; ++tile) {
      evaluator.store(at);
      at.next();
    }
  }
};

// One axis without gaps anywhere: addresses advance by chunks, and nothing else is to be done.
struct flat_loop {
  fused_call const& call;
  domain const& d;
  std::int64_t tasks;

  static bool fits(fused_call const& call, domain const& d) {
    if (d.rank != 1 || call.form->root.run == nullptr || d.out_stride[0] != 1) return false;
    return std::all_of(d.sources, d.sources + d.source_count, [](source const& from) {
      return from.data != nullptr && from.stride[0] == 1;
    });
  }
  static void run(void* context, std::int64_t task) {
    auto const& [call, d, tasks] = *static_cast<flat_loop const*>(context);
    stage const& root = call.form->root;
    share const chunks((d.extent[0] + chunk_elements - 1) / chunk_elements, tasks, task);
    std::int64_t const last = std::min(chunks.last * chunk_elements, d.extent[0]);
    std::int64_t const most = root.scratch == 0 ? last : chunk_elements;
    arena_frame frame;
    void const** const leaf = frame.take<void const*>(call.form->leaves);
    std::byte* const scratch = frame.bytes(std::int64_t{root.scratch} * chunk_elements);
    for (std::int64_t at = chunks.first * chunk_elements; at < last; at += most) {
      for (int k = root.first_leaf; k < root.first_leaf + root.leaf_count; ++k) {
        source const& from = d.sources[call.slot[k]];
        leaf[k] = from.data + at * from.size;
      }
      root.run({std::min(most, last - at), d.out + at * d.out_size, leaf, call.scalars, nullptr,
                nullptr, scratch});
    }
  }
};

}  // namespace

void elementwise(fused_call const& call, extents const& shape, destination const& out) {
  std::int64_t const size = shape.size();
  if (size == 0) return;
  arena_frame frame;
  domain d = make_domain(frame, call, shape, out);
  collapse(d, axis_order::by_output);
  std::int64_t const most = threads() > 1 ? std::int64_t{threads()} * 8 : 1;
  if (flat_loop::fits(call, d)) {
    flat_loop loop{call, d, std::clamp<std::int64_t>(size / 16384, 1, most)};
    return parallel_for(loop.tasks, size, flat_loop::run, &loop);
  }
  tiling const t = choose_tiling(frame, d, 0, tile_use::output);
  std::int64_t const tasks = std::clamp<std::int64_t>(std::min(size / 16384, t.total), 1, most);
  tile_loop loop{call, d, t, tasks};
  parallel_for(tasks, size, tile_loop::run, &loop);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
