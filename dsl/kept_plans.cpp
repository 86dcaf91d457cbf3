#include <dsl/kept_plans.hpp>

#include <dsl/kept_plan.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {

std::vector<node_ptr> kept_plans::operator()(std::span<node_ptr const> arguments,
                                             trace_function trace, void* function) {
  if (function_trace::current())
    throw trace_error(
        "a compiled function is called while another one is traced; call the "
        "function that it was made of");
  kind wanted{trace,
              {},
              {},
              current_device(),
              &planning_model(),
              precision_scope::current(),
              strict_scope::current()};
  for (auto const& a : arguments) {
    wanted.types.push_back(a->type);
    wanted.shapes.push_back(a->shape);
  }
  std::shared_ptr<kept_plan> found;
  {
    std::lock_guard const lock(mutex_);
    auto at = std::find_if(entries_.begin(), entries_.end(),
                           [&](entry const& e) { return e.of == wanted; });
    if (at == entries_.end()) {
      function_trace traced(arguments);
      std::vector<node_ptr> results;
      {
        function_trace::scope const entered(traced);
        results = trace(function, traced.placeholders());
      }
      entries_.push_back(
          {std::move(wanted),
           std::make_shared<kept_plan>(std::move(traced), std::move(results), current_device())});
      at = entries_.end() - 1;
    }
    std::rotate(entries_.begin(), at, at + 1);
    found = entries_.front().does;
    constexpr std::size_t most = 64;  // so that shapes without end do not fill the memory
    if (entries_.size() > most) entries_.pop_back();
  }
  return (*found)(arguments);
}

}  // namespace sloth::inline SLOTH_ABI
