// Row kernels: each row's reductions in slot order, then the root, while the row is in the cache.
#include <kernels/host/engine.hpp>
#include <kernels/host/row_worker.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;

// Values of reductions' arguments that a thread keeps for later stages: half of an L2 cache.
constexpr int64_t kept_bytes = 512 * 1024;

// ---- what is computed once a call

bool keeps(row_call& of, bool const* shared, int64_t length, int64_t& left, stage_part const& p) {
  int const row = of.call.row_alias[p.row];
  stage const& argument = of.call.form->rows[row].argument;
  bool const stretched = of.call.row_length[row] != length;  // the part repeats one element
  if (!*shared || argument.run == nullptr || stretched) return false;
  int64_t const bytes = of.call.row_length[row] * size_of(argument.type);
  if (of.keep[row]) return true;
  if (bytes > left) return false;
  left -= bytes;
  return of.keep[row] = true;
}

bound_stage bind(arena_frame& frame, row_call& of, stage const& s, int64_t length,
                 bool const*& shared, int64_t& left, int rows_before) {
  bound_stage bound{&s, length, frame.take<int>(s.leaf_count), 0, frame.take<int>(s.part_count)};
  bool* const unused = frame.take<bool>(s.leaf_count);
  std::fill_n(unused, s.leaf_count, false);
  for (int r = 0; r < rows_before; ++r) {  // inside: the argument's leaves are not this stage's
    stage const& inner = of.call.form->rows[r].argument;
    if (inner.first_leaf >= s.first_leaf &&
        inner.first_leaf + inner.leaf_count <= s.first_leaf + s.leaf_count)
      std::fill_n(unused + (inner.first_leaf - s.first_leaf), inner.leaf_count, true);
  }
  for (int i = 0; i < s.part_count; ++i, ++shared) {
    stage_part const& p = s.parts[i];
    bool const kept = keeps(of, shared, length, left, p);
    bound.kept[i] = kept ? of.call.row_alias[p.row] : -1;
    if (kept) std::fill_n(unused + (p.first_leaf - s.first_leaf), p.leaf_count, true);
  }
  for (int i = 0; i < s.leaf_count; ++i)
    if (!unused[i]) bound.slots[bound.slot_count++] = s.first_leaf + i;
  return bound;
}

void bind_stages(arena_frame& frame, row_call& of, int64_t root_length, bool keep_values) {
  fused_form const& form = *of.call.form;
  bool const* shared = of.call.part_shared;
  int64_t left = keep_values ? kept_bytes : -1;
  for (int k = 0; k <= form.row_count; ++k) {
    bool const is_root = k == form.row_count;
    stage const& s = is_root ? form.root : form.rows[k].argument;
    of.stages[k] =
        bind(frame, of, s, is_root ? root_length : of.call.row_length[k], shared, left, k);
    of.scratch = std::max<int64_t>(of.scratch, s.scratch);
    for (int i = 0; i < s.part_count; ++i)
      of.scratch = std::max<int64_t>(of.scratch, s.parts[i].scratch);
    if (!is_root) of.with[k] = find_accumulator(form.rows[k].op, s.type);
  }
}

// The last row slot whose values may be kept in the output until the root reads them: the memory
// that is to be written comes into the cache while they are computed.
int kept_in_output(row_call const& of, destination const& out) {
  bool const read = std::any_of(of.call.operands, of.call.operands + of.call.operand_count,
                                [&](operand const& o) { return o.data == out.data; });
  if (read || of.out_last_stride != 1) return -1;
  int slot = of.row_count() - 1;
  while (slot >= 0 && !(of.keep[slot] && of.stages[slot].form->type == out.type &&
                        of.stages[slot].length == of.root().length))
    --slot;
  return slot;
}

// ---- the loops

void run_rows(void* context, int64_t task) {
  auto const& of = *static_cast<row_call const*>(context);
  int64_t const first = of.rows / of.tasks * task + std::min(task, of.rows % of.tasks);
  int64_t const count = of.rows / of.tasks + (task < of.rows % of.tasks ? 1 : 0);
  row_worker(of).run(first, first + count);
}

// A long row, its parts spread over the threads.
struct shared_row {
  row_call& of;
  int64_t row;
  int slot;
  std::vector<reduction_state> states;

  static int64_t parts(int64_t length) { return (length + part_of_row - 1) / part_of_row; }

  static void reduce_part(void* context, int64_t part) {
    auto& self = *static_cast<shared_row*>(context);
    row_worker worker(self.of);
    worker.seek(self.row);
    int64_t const length = self.of.stages[self.slot].length, first = part * part_of_row;
    self.states[static_cast<std::size_t>(part)] =
        worker.reduce(self.slot, first, std::min(first + part_of_row, length));
  }
  static void store_part(void* context, int64_t part) {
    auto& self = *static_cast<shared_row*>(context);
    row_worker worker(self.of);
    worker.seek(self.row);
    int64_t const first = part * part_of_row;
    worker.store(first, std::min(first + part_of_row, self.of.root().length));
  }

  void reduce() {
    int64_t const length = of.stages[slot].length;
    states.resize(static_cast<std::size_t>(std::max<int64_t>(parts(length), 1)));
    parallel_for(static_cast<int64_t>(states.size()), length, reduce_part, this);
    accumulator const& with = *of.with[slot];
    reduction_state total = states[0];
    if (states.size() > 1) {
      reduction_tree tree(with);
      for (reduction_state const& state : states) tree.push(state);
      total = tree.total();
    }
    of.finish(slot, total, of.results[slot]);
  }
  void run() {
    for (slot = 0; slot < of.row_count(); ++slot) {
      int const first = of.call.row_alias[slot];
      if (first != slot)
        of.results[slot] = of.results[first];
      else
        reduce();
    }
    parallel_for(parts(of.root().length), of.root().length, store_part, this);
  }
};

// ---- operands that are read across memory

// Rows of such an operand use one element of a cache line each.
bool is_crosswise(operand const& leaf, extents const& shape) {
  int64_t const jump = leaf.stride.empty() ? 0 : std::abs(leaf.stride.back());
  if (leaf.generator != generator_kind::none || jump * size_of(leaf.type) < 64) return false;
  for (int k = 0; k + 1 < shape.rank(); ++k)
    if (int64_t const step = std::abs(leaf.stride[k]);
        step != 0 && 4 * step <= jump && shape[k] > 3)
      return true;
  return false;
}

// The operand's extent along the last axis: that of the innermost stage that reads it.
int64_t row_length_of(fused_call const& call, int operand_index, int64_t root_length) {
  fused_form const& form = *call.form;
  for (int slot = 0; slot < form.leaves; ++slot) {
    if (call.slot[slot] != operand_index) continue;
    for (int r = 0; r < form.row_count; ++r) {
      stage const& s = form.rows[r].argument;
      if (slot >= s.first_leaf && slot < s.first_leaf + s.leaf_count) return call.row_length[r];
    }
    break;
  }
  return root_length;
}

struct pooled {
  std::size_t bytes;
  void* data = host_engine::allocate(bytes);
  explicit pooled(std::size_t n) : bytes(n) {}
  pooled(pooled&& o) noexcept : bytes(o.bytes), data(std::exchange(o.data, nullptr)) {}
  ~pooled() { host_engine::release(data, bytes); }
};

// Copies the operand, in squares, so that its rows are contiguous.
pooled straighten(operand& leaf, extents shape) {
  for (int k = 0; k < shape.rank(); ++k)
    if (leaf.stride[k] == 0) shape[k] = 1;
  pooled copy(static_cast<std::size_t>(shape.size() * size_of(leaf.type)));
  fused_form form{};
  form.root.type = leaf.type;
  form.root.leaf_count = form.leaves = 1;
  std::uint16_t const slot = 0;
  strides const packed = row_major(shape);
  elementwise({&form, &leaf, 1, &slot, nullptr, nullptr, nullptr, nullptr}, shape,
              {copy.data, leaf.type, packed});
  for (int k = 0; k < shape.rank(); ++k) leaf.stride[k] = shape[k] == 1 ? 0 : packed[k];
  leaf.data = copy.data;
  return copy;
}

void run(fused_call const& call, extents const& shape, destination const& out);

void run_straightened(fused_call call, extents const& shape, destination const& out) {
  std::vector<operand> operands(call.operands, call.operands + call.operand_count);
  std::vector<pooled> copies;
  for (int k = 0; k < call.operand_count; ++k) {
    if (!is_crosswise(operands[k], shape)) continue;
    extents own = shape;
    own.back() = row_length_of(call, k, shape.back());
    copies.push_back(straighten(operands[k], own));
  }
  call.operands = operands.data();
  run(call, shape, out);
}

void run(fused_call const& call, extents const& shape, destination const& out) {
  fused_form const& form = *call.form;
  arena_frame frame;
  domain d = make_domain(frame, call, shape, out);
  --d.rank;
  int64_t* const last_stride = frame.take<int64_t>(call.operand_count);
  for (int k = 0; k < call.operand_count; ++k) last_stride[k] = d.sources[k].stride[d.rank];
  int64_t longest = shape.back(), work = shape.back();
  for (int k = 0; k < form.row_count; ++k) {
    longest = std::max(longest, call.row_length[k]);
    work += call.row_length[k];
  }
  row_call of{call,
              d,
              last_stride,
              d.out_stride[d.rank],
              frame.take<bound_stage>(form.row_count + 1),
              frame.take<bool>(form.row_count),
              -1,
              frame.take<accumulator const*>(form.row_count),
              shape.size() / shape.back(),
              std::max<int64_t>(chunk_elements / longest, 1),
              0,
              1};
  std::fill_n(of.keep, form.row_count, false);
  collapse(d, axis_order::by_output);
  bool const share_rows = of.rows < 2 * threads() && longest >= 4 * part_of_row && threads() > 1;
  bind_stages(frame, of, shape.back(), !share_rows);
  of.kept_in_output = kept_in_output(of, out);
  if (share_rows) {
    of.results = frame.take<scalar_bits>(form.row_count);
    for (int64_t k = 0; k < of.rows; ++k) shared_row{of, k, 0, {}}.run();
    return;
  }
  of.tasks =
      std::clamp<int64_t>(std::min(of.rows, of.rows * work / 16384), 1, int64_t{threads()} * 16);
  parallel_for(of.tasks, of.rows * work, run_rows, &of);
}

}  // namespace

void row(fused_call const& call, extents const& shape, destination const& out) {
  if (shape.size() == 0) return;
  bool const crosswise = shape.size() > chunk_elements &&
                         std::any_of(call.operands, call.operands + call.operand_count,
                                     [&](operand const& o) { return is_crosswise(o, shape); });
  if (crosswise) try {
      return run_straightened(call, shape, out);
    } catch (out_of_memory const&) {  // slower, but it needs no memory
    }
  run(call, shape, out);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
