// Elementwise expressions over any operands: linear where everything is contiguous, whole rows
// where rows are short, squares where an operand is read across.
#include <kernels/host/engine.hpp>
#include <kernels/host/evaluate.hpp>

#include <algorithm>
#include <cstring>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

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
    std::int64_t const each = self.t.total / self.tasks, rest = self.t.total % self.tasks;
    std::int64_t const first = task * each + std::min(task, rest);
    std::int64_t const last = first + each + (task < rest ? 1 : 0);
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

}  // namespace

void elementwise(fused_call const& call, extents const& shape, destination const& out) {
  std::int64_t const size = shape.size();
  if (size == 0) return;
  arena_frame frame;
  domain d = make_domain(frame, call, shape, out);
  collapse(d, axis_order::by_output);
  tiling const t = choose_tiling(frame, d, 0, tile_use::output);
  std::int64_t const most = std::int64_t{threads()} * 8;
  std::int64_t const tasks = std::clamp<std::int64_t>(std::min(size / 16384, t.total), 1, most);
  tile_loop loop{call, d, t, tasks};
  parallel_for(tasks, size, tile_loop::run, &loop);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
