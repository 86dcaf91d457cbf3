#include <dsl/concatenate.hpp>

#include <dsl/memory.hpp>
#include <dsl/run.hpp>

namespace sloth::inline SLOTH_ABI {
namespace concatenate_detail {

namespace {

const char* to_string(joining how) {
  constexpr const char* names[] = {"concatenate", "stack", "hstack", "vstack", "dstack"};
  return names[static_cast<int>(how)];
}

std::string both(extents const& a, extents const& b) {
  return sloth::to_string(a) + " and " + sloth::to_string(b);
}

/// Gives a part the axes that it lacks, new ones before its own.
void adapt(part& p, joining how) {
  int const least = how == joining::hstack                             ? 1
                    : how == joining::vstack || how == joining::dstack ? 2
                                                                       : 0;
  while (p.shape.rank() < least) p.shape.insert(0, 1);
  p.is_slice = how == joining::stack || (how == joining::dstack && p.shape.rank() == 2);
}

int axis_of(joining how, int rank, axis_list const& along) {
  switch (how) {
    case joining::hstack: return rank == 1 ? 0 : 1;
    case joining::vstack: return 0;
    case joining::dstack: return 2;
    default: break;
  }
  return one_axis(along, how == joining::stack ? rank + 1 : rank, to_string(how));
}

/// The part's shape with the axis that it may lack.
extents whole_shape(part const& p, int axis) {
  extents shape = p.shape;
  if (p.is_slice) shape.insert(axis, 1);
  return shape;
}

}  // namespace

part part_of(node_ptr const& n) { return {copy_of(n), n->shape, false}; }

node_ptr join(joining how, std::vector<part> parts, axis_list const& along, dtype type) {
  location const where = along.where;
  auto const refuse = [&](std::string const& what) {
    throw shape_error(std::string(to_string(how)) + ": " + what, where);
  };
  if (parts.empty()) refuse("needs at least one array");
  extents const first = parts.front().shape;
  for (auto const& p : parts) {
    if (how == joining::concatenate && p.shape.rank() == 0)
      refuse("an array has no axis: shape ()");
    if (how == joining::stack && p.shape != first) refuse("shapes differ: " + both(first, p.shape));
  }
  std::vector<extents> given;
  for (auto& p : parts) {
    given.push_back(p.shape);
    adapt(p, how);
  }
  int const axis = axis_of(how, parts.front().shape.rank(), along);
  extents shape = whole_shape(parts.front(), axis);
  shape[axis] = 0;
  extents const none = extents::filled(shape.rank(), 0);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    extents own = whole_shape(parts[i], axis);
    if (own.rank() != shape.rank()) refuse("ranks differ: " + both(first, given[i]));
    parts[i].origin = none;
    parts[i].origin[axis] = shape[axis];
    if (__builtin_add_overflow(shape[axis], own[axis], &own[axis]))
      throw out_of_memory(SIZE_MAX, memory().limit, where);
    shape[axis] = own[axis];
    if (own != shape)
      refuse("extents differ beside axis " + std::to_string(axis) + ": " + both(first, given[i]));
  }
  return node::of_operation(type, std::move(shape), concatenate_operation{std::move(parts), axis},
                            where);
}

}  // namespace concatenate_detail
}  // namespace sloth::inline SLOTH_ABI
