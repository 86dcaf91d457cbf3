// Elementwise expressions over any operands: linear where everything is contiguous, whole rows
// where rows are short, squares where an operand is read across.
#include <kernels/host/engine.hpp>
#include <kernels/host/evaluate.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace host {

namespace {

struct tile_loop {
  fused_call const& call;
  domain const& d;
  tiling const& t;
  std::int64_t tasks;

  // Consecutive tiles to one task: buffers of broadcast operands keep their values.
  static void run(void* context, std::int64_t task) {
    auto const& self = *static_cast<tile_loop const*>(context);
    std::int64_t const each = self.t.total / self.tasks, rest = self.t.total % self.tasks;
    std::int64_t const first = task * each + std::min(task, rest);
    std::int64_t const last = first + each + (task < rest ? 1 : 0);
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

}  // namespace host
}  // namespace sloth::inline SLOTH_ABI
