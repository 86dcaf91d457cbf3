#include <dsl/kept_plan.hpp>

#include <dsl/describe.hpp>
#include <dsl/evaluate.hpp>
#include <dsl/run.hpp>
#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <unordered_set>

namespace sloth::inline SLOTH_ABI {

namespace {

/// Nodes that need neither an argument nor a draw, where a result or what needs one reads them.
std::vector<node_ptr> constants_of(std::span<node_ptr const> results, function_trace const& trace) {
  std::unordered_set<node const*> varying;
  std::vector<node_ptr> found;
  auto const lock = lock_planner();
  auto const add_constant = [&](node_ptr const& n) {
    if (!n->done() && !varying.contains(n.get())) found.push_back(n);
  };
  for (node const* n : pending_nodes(results)) {
    bool varies = trace.varies(n->op);
    for_each_operand(
        n->op, [&](node_ptr const& from) { varies = varies || varying.contains(from.get()); });
    if (!varies) continue;
    varying.insert(n);
    for_each_operand(n->op, add_constant);
  }
  for (auto const& result : results) add_constant(result);
  return found;
}

/// Whose memory a view shows.
node* whole_of(node* n) {
  while (auto const* view = std::get_if<view_operation>(&n->op)) n = view->base.get();
  return n;
}

}  // namespace

#if defined(SLOTH_CUDA)

namespace {
/// Of the calling thread alone, for good; a std::thread::id comes again.
std::uint64_t thread_number() {
  static std::atomic<std::uint64_t> last{0};
  thread_local std::uint64_t const mine = ++last;
  return mine;
}
}  // namespace

/// A plan's CUDA graphs: one for each thread and set of addresses that came at least twice.
class kept_plan::recordings {
 public:
  /// Runs the bound plan, from a recording where there is one.
  void run(kept_plan& p) {
    if (refused_ || !cuda_engine::uses_own_stream()) return p.run_steps();
    for (std::size_t i = 0; i < p.steps_.size(); ++i)
      if (p.lifetimes_[i].is_result) p.steps_[i].target->storage = memory_of(p.steps_[i], p.where_);
    std::vector<std::uintptr_t> const key = key_of(p);
    auto const found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](entry const& e) { return e.key == key; });
    if (found == entries_.end()) {
      if (entries_.size() == most) entries_.pop_back();
      entries_.insert(entries_.begin(), {key, nullptr});
      return p.run_steps();
    }
    std::rotate(entries_.begin(), found, found + 1);
    auto& work = entries_.front().work;
    if (!work) work = record(p);
    if (work)
      work->launch();
    else
      p.run_steps();
  }

 private:
  static constexpr std::size_t most = 8;
  struct entry {
    std::vector<std::uintptr_t> key;
    std::unique_ptr<cuda_engine::recording> work;  // null until the addresses come again
  };

  static std::vector<std::uintptr_t> key_of(kept_plan const& p) {
    auto const address = [](node const& n) { return reinterpret_cast<std::uintptr_t>(n.data()); };
    std::vector<std::uintptr_t> key{thread_number()};
    for (auto const& v : p.views_) key.push_back(address(*v.reader));
    for (std::size_t i = 0; i < p.steps_.size(); ++i)
      if (p.lifetimes_[i].is_result) key.push_back(address(*p.steps_[i].target));
    return key;
  }

  std::unique_ptr<cuda_engine::recording> record(kept_plan& p) {
    try {
      auto work = std::make_unique<cuda_engine::recording>(
          [](void* of) {
            auto& self = *static_cast<kept_plan*>(of);
            try {
              self.run_steps();
            } catch (...) {  // the memory of temporaries is the recording's, which ends
              self.drop_temporaries();
              throw;
            }
          },
          &p);
      trace("recorded " + std::to_string(p.steps_.size()) + " steps");
      return work;
    } catch (error const& failed) {  // what is wrong without a recording too is thrown there
      refused_ = true;
      trace(std::string("a compiled function runs step by step: ") + failed.what());
      return nullptr;
    }
  }

  std::vector<entry> entries_;  // the last used first
  bool refused_ = false;
};

#else

class kept_plan::recordings {};

#endif

kept_plan::kept_plan(function_trace traced, std::vector<node_ptr> results, device where)
    : trace_(std::move(traced)), where_(where) {
  for (auto const& r : results) results_.push_back(without_gaps(r));
  results.clear();  // handles that the planner would see
  evaluate(constants_of(results_, trace_));
  {
    auto const lock = lock_planner();
    steps_ = make_plan(results_);
    if (tracing()) trace("compiled\n" + describe(steps_).text());
  }
  find_leaves();
  find_lifetimes();
#if defined(SLOTH_CUDA)
  auto const moves = [&](node_ptr const& c) {  // a user's memory, copied at each call
    return c->storage->adopted() && c->storage->where() != where_;
  };
  if (where_ == device::gpu && !trace_.draws() &&
      std::none_of(constants_.begin(), constants_.end(), moves))
    recordings_ = std::make_unique<recordings>();
#endif
}
kept_plan::~kept_plan() = default;

void kept_plan::find_leaves() {
  std::unordered_set<node const*> met;
  auto const leaf = [&](node_ptr const& n) {
    if (!n->done() || !met.insert(n.get()).second) return;
    if (int const i = trace_.argument_of(*n); i >= 0)
      views_.push_back({n.get(), i, n->offset, n->storage});
    else
      constants_.push_back(n);
  };
  for (auto const& s : steps_) {
    for_each_operand(s.target->op, leaf);
    for_each_expression(s.target->op, [&](fused_operation& call) {
      for (auto& operand : call.operands)
        if (auto const* draw = trace_.draw_of(operand)) drawn_.push_back({&operand, draw});
    });
  }
  for (auto const& r : results_) leaf(r);
}

void kept_plan::find_lifetimes() {
  std::unordered_set<node const*> kept;  // until the call's end
  for (auto const& r : results_)
    for (node* n = r.get();;) {
      kept.insert(n);
      auto const* view = std::get_if<view_operation>(&n->op);
      if (!view) break;
      n = view->base.get();
    }
  lifetimes_.resize(steps_.size());
  std::unordered_map<node*, std::size_t> last;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    node* const target = steps_[i].target.get();
    lifetimes_[i].is_result = kept.contains(target) && whole_of(target) == target;
    if (!kept.contains(target)) last[target] = i;  // unless a later step reads it
    for_each_operand(target->op, [&](node_ptr const& n) {
      if (!n->done() && !kept.contains(n.get())) last[n.get()] = i;
    });
  }
  for (auto const& [n, i] : last) lifetimes_[i].read_last.push_back(n);
}

void kept_plan::run_steps() {
  for (std::size_t i = 0; i < steps_.size();) {
    auto const call = call_at(steps_, i);
    for (step& s : call) {
      if (!s.target->storage) s.target->storage = memory_of(s, where_);
      s.memory = s.target->storage;
    }
    run(call, where_);
    for (step& s : call) {
      s.memory = {};
      for (node* n : lifetimes_[i].read_last) n->storage = {};
      ++i;
    }
  }
}

void kept_plan::drop_temporaries() {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    steps_[i].memory = {};
    if (!lifetimes_[i].is_result) steps_[i].target->storage = {};
  }
}

/// The arguments' memory in place of the placeholders, until the call ends; nothing of it stays.
class kept_plan::binding {
 public:
  binding(kept_plan& p, std::span<node_ptr const> arguments) : binding(p) {  // undone if it throws
    for (auto const& v : p.views_) {
      node const& from = *arguments[static_cast<std::size_t>(v.argument)];
      auto storage = from.storage->on(p.where_);
      storage->will_read();
      v.reader->storage = std::move(storage);
      v.reader->offset = v.offset + from.offset;
    }
    for (auto const& c : p.constants_) c->storage->on(p.where_)->will_read();
  }
  ~binding() {
    for (auto const& v : p_.views_) {
      v.reader->storage = v.placeholder;
      v.reader->offset = v.offset;
    }
    for (auto& s : p_.steps_) s.target->storage = s.memory = {};
  }
  binding(binding const&) = delete;
  binding& operator=(binding const&) = delete;

 private:
  explicit binding(kept_plan& p) : p_(p) {}
  kept_plan& p_;
};

std::vector<node_ptr> kept_plan::operator()(std::span<node_ptr const> arguments) {
  std::lock_guard const lock(mutex_);
  binding const bound(*this, arguments);
  if (drawn_anew_) trace_.draw_again();
  drawn_anew_ = true;
  for (auto const& d : drawn_) d.operand->params[0] = d.draw->taken;
#if defined(SLOTH_CUDA)
  if (recordings_)
    recordings_->run(*this);
  else
#endif
    run_steps();
  std::vector<node_ptr> values;
  for (auto const& r : results_)
    values.push_back(
        node::of_storage(r->type, r->shape, r->stride, r->offset, whole_of(r.get())->storage));
  return values;
}

}  // namespace sloth::inline SLOTH_ABI
