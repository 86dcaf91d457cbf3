#include <dsl/tree.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {

void shape_stretcher::operator()(extents const& other) {
  if (first)
    shape = other;
  else if (shape != other)
    shape = broadcast(shape, other, operation, where);
  first = false;
}

namespace {

bool same_view(node const& a, node const& b) {
  return &a == &b || (a.storage && a.storage == b.storage && a.type == b.type &&
                      a.offset == b.offset && a.shape == b.shape && a.stride == b.stride);
}

/// Sets a leaf slot to the operand for which `same` holds, or else to a new one, which is returned.
template <class Same>
graph_operand* new_operand(std::vector<graph_operand>& operands, std::uint16_t* slot, Same same) {
  auto const found = std::find_if(operands.begin(), operands.end(), same);
  *slot = static_cast<std::uint16_t>(found - operands.begin());
  return found == operands.end() ? &operands.emplace_back() : nullptr;
}

}  // namespace

void binder::leaf(node_ptr source) {
  auto const same = [&](graph_operand const& other) {
    return other.source == source ||  // storage of a pending node is not looked at
           (other.source && other.source->done() && source->done() &&
            same_view(*other.source, *source));
  };
  graph_operand* const fresh = new_operand(operands_, slot_++, same);
  if (!fresh) return;
  fresh->type = source->type;
  fresh->shape = source->shape;
  fresh->source = std::move(source);
}

void binder::generator(generator_kind kind, dtype type, extents const& shape,
                       scalar_bits const* params) {
  auto const same = [&](graph_operand const& other) {
    return other.generator == kind && other.type == type && other.params[0] == params[0] &&
           other.params[1] == params[1] && other.shape == shape;
  };
  graph_operand* const fresh = new_operand(operands_, slot_++, same);
  if (!fresh) return;
  fresh->generator = kind;
  fresh->params[0] = params[0];
  fresh->params[1] = params[1];
  fresh->type = type;
  fresh->shape = shape;
}

void binder::scalar(scalar_bits value) { *scalar_++ = value; }
void binder::row(std::int64_t length) { *row_length_++ = length; }

namespace {

// Fills row_alias and part_shared: which row reductions and stage parts have equal operands.
void share_equal_parts(fused_operation& call) {
  fused_form const& form = *call.form;
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

fused_operation bind_form(fused_form const& form, void* tree,
                          void (*bind)(void* tree, binder& to)) {
  fused_operation call(form);
  call.operands.reserve(form.leaves);
  binder to(call);
  bind(tree, to);
  if (form.row_count > 0) share_equal_parts(call);
  return call;
}

}  // namespace sloth::inline SLOTH_ABI
