#include <dsl/tree.hpp>

namespace sloth::inline SLOTH_ABI {

void shape_stretcher::operator()(extents const& other) {
  if (first)
    shape = other;
  else if (shape != other)
    shape = broadcast(shape, other, operation, where);
  first = false;
}

void binder::leaf(node_ptr const& source) {
  if (leaves_) leaves_->push_back(source.get());
  graph_operand operand;
  operand.source = source;
  operand.type = source->type;
  operand.shape = source->shape;
  this->operand(std::move(operand));
}

void binder::scalar(scalar_bits const& value) { call_.scalars.push_back(value); }
void binder::row(std::int64_t length) { call_.row_length.push_back(length); }

void binder::generator(generator_kind kind, dtype type, extents const& shape,
                       scalar_bits const* params) {
  graph_operand operand;
  operand.generator = kind;
  operand.params[0] = params[0];
  operand.params[1] = params[1];
  operand.type = type;
  operand.shape = shape;
  this->operand(std::move(operand));
}

namespace {

bool same_view(node const& a, node const& b) {
  return &a == &b || (a.storage && a.storage == b.storage && a.type == b.type &&
                      a.offset == b.offset && a.shape == b.shape && a.stride == b.stride);
}

bool same_operand(graph_operand const& a, graph_operand const& b) {
  if (a.generator != b.generator) return false;
  if (a.generator == generator_kind::none)  // storage of a pending node is not looked at
    return a.source == b.source ||
           (a.source->done() && b.source->done() && same_view(*a.source, *b.source));
  return a.type == b.type && a.params[0] == b.params[0] && a.params[1] == b.params[1] &&
         a.shape == b.shape;
}

}  // namespace

void binder::operand(graph_operand&& operand) {
  std::size_t i = 0;
  while (i < call_.operands.size() && !same_operand(call_.operands[i], operand)) ++i;
  if (i == call_.operands.size()) call_.operands.push_back(std::move(operand));
  call_.slot.push_back(static_cast<std::uint16_t>(i));
}

namespace {

/// The slots that a stage or part reads.
struct slot_range {
  int first_leaf, leaf_count, first_scalar, scalar_count, first_row, row_count;
};
template <class S>
slot_range range_of(S const& s) {
  return {s.first_leaf, s.leaf_count, s.first_scalar, s.scalar_count, s.first_row, s.row_count};
}

bool equal_slots(fused_operation const& call, slot_range a, slot_range b) {
  for (int i = 0; i < a.leaf_count; ++i)
    if (call.slot[a.first_leaf + i] != call.slot[b.first_leaf + i]) return false;
  for (int i = 0; i < a.scalar_count; ++i)
    if (call.scalars[a.first_scalar + i] != call.scalars[b.first_scalar + i]) return false;
  for (int i = 0; i < a.row_count; ++i)
    if (call.row_alias[a.first_row + i] != call.row_alias[b.first_row + i]) return false;
  return true;
}

// Fills row_alias and part_shared: which row reductions and stage parts have equal operands.
void share_equal_parts(fused_operation& call) {
  fused_form const& form = *call.form;
  call.row_alias.resize(form.row_count);
  for (int r = 0; r < form.row_count; ++r) {
    call.row_alias[r] = static_cast<std::uint16_t>(r);
    row_stage const& row = form.rows[r];
    for (int earlier = 0; earlier < r; ++earlier) {
      row_stage const& other = form.rows[earlier];
      if (other.op == row.op && other.argument.form == row.argument.form &&
          call.scalars[other.ddof] == call.scalars[row.ddof] &&
          equal_slots(call, range_of(row.argument), range_of(other.argument))) {
        call.row_alias[r] = call.row_alias[earlier];
        break;
      }
    }
  }
  int parts = form.root.part_count;
  for (int r = 0; r < form.row_count; ++r) parts += form.rows[r].argument.part_count;
  call.part_shared = std::make_unique<bool[]>(parts);
  int next = 0;
  auto mark = [&](stage const& s) {
    for (int p = 0; p < s.part_count; ++p)
      call.part_shared[next++] =
          equal_slots(call, range_of(s.parts[p]), range_of(form.rows[s.parts[p].row].argument));
  };
  for (int r = 0; r < form.row_count; ++r) mark(form.rows[r].argument);
  mark(form.root);
}

}  // namespace

fused_operation bind_form(fused_form const& form, void const* tree,
                          void (*bind)(void const* tree, binder& to), std::vector<node*>* leaves) {
  fused_operation call;
  call.form = &form;
  call.slot.reserve(form.leaves);
  call.operands.reserve(form.leaves);
  call.scalars.reserve(form.scalars);
  binder to(call, leaves);
  bind(tree, to);
  if (form.row_count > 0) share_equal_parts(call);
  return call;
}

}  // namespace sloth::inline SLOTH_ABI
