// What a plan's results take: evaluation frees each as soon as nothing reaches it.
#include <dsl/plan.hpp>

#include <algorithm>
#include <unordered_map>

namespace sloth::inline SLOTH_ABI {

namespace {

double bytes_of(step const& s) {
  if (s.kind == step_kind::view) return 0;
  return static_cast<double>(s.target->shape.size()) * static_cast<double>(size_of(s.target->type));
}

struct result {
  std::size_t memory;     // the step whose memory it is: of a view, that of its base
  std::size_t last_call;  // first step of the call that reads this memory last
  int handles = 1;        // the plan's own: that of its step, and those of its readers
};

std::vector<result> results_of(std::span<step const> steps) {
  std::unordered_map<node const*, std::size_t> step_of;
  std::vector<result> all;
  std::size_t call = 0;
  for (step const& s : steps) {
    std::size_t const i = all.size();
    if (s.together > 0) call = i;
    result mine{i, call};
    for_each_operand(s.target->op, [&](node_ptr const& n) {
      auto const found = step_of.find(n.get());
      if (found == step_of.end()) return;  // an input
      result& read = all[found->second];
      ++read.handles;
      all[read.memory].last_call = call;
      if (s.kind == step_kind::view) mine.memory = read.memory;
    });
    step_of.emplace(s.target.get(), i);
    all.push_back(mine);
  }
  return all;
}

}  // namespace

plan_memory memory_use(std::span<step const> steps) {
  std::vector<result> const results = results_of(steps);
  std::vector<bool> stays(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].target->references() > results[i].handles) stays[results[i].memory] = true;

  plan_memory use;
  std::vector<double> freed(steps.size());  // by the call that begins at a step
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].kind != step_kind::view && !stays[i]) {
      ++use.temporaries;
      freed[results[i].last_call] += bytes_of(steps[i]);
    }
  double alive = 0;
  for (std::size_t i = 0; i < steps.size();) {
    std::size_t const call = i, end = i + static_cast<std::size_t>(steps[i].together);
    for (; i < end; ++i) alive += bytes_of(steps[i]);
    use.peak_bytes = std::max(use.peak_bytes, alive);
    alive -= freed[call];
  }
  return use;
}

}  // namespace sloth::inline SLOTH_ABI
