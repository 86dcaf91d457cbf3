// Writing: in place where nothing else reaches the memory, else into a copy.
#include <dsl/evaluate.hpp>
#include <dsl/rules.hpp>
#include <dsl/run.hpp>
#include <dsl/verify.hpp>

#include <kernels/host/engine.hpp>
#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

#include <algorithm>
#include <optional>

namespace sloth::inline SLOTH_ABI {

namespace {

/// First and one past the last element that a reading touches, in elements of its storage.
std::pair<std::int64_t, std::int64_t> reach(extents const& shape, strides const& stride,
                                            std::int64_t offset) {
  std::int64_t low = offset, high = offset + 1;
  for (int axis = 0; axis < shape.rank(); ++axis)
    (stride[axis] < 0 ? low : high) += (shape[axis] - 1) * stride[axis];
  return {low, high};
}

/// Each element is read where it is written, or the two do not meet.
bool may_write_while_reading(node const& region, node const& read) {
  if (read.offset == region.offset && read.shape == region.shape && read.stride == region.stride)
    return true;
  auto const [write_low, write_high] = reach(region.shape, region.stride, region.offset);
  auto const [read_low, read_high] = reach(read.shape, read.stride, read.offset);
  return write_high <= read_low || read_high <= write_low;
}

/// How many of the memory's nodes and of their handles belong to this assignment, and whether that
/// is all of them.
bool reached_only_from(node_ptr const& target, node_ptr const& region,
                       fused_operation const& values) {
  std::vector<std::pair<node*, int>> handles;  // of nodes over target's storage
  auto count = [&](node* n) {
    if (!n || !(n->storage == target->storage)) return;
    for (auto& [known, number] : handles)
      if (known == n) return void(++number);
    handles.emplace_back(n, 1);
  };
  count(target.get());
  count(region.get());
  for (auto const& operand : values.operands) count(operand.source.get());
  for (auto const& [n, number] : handles)
    if (n->references() != number) return false;
  return target->storage->references() == static_cast<int>(handles.size());
}

void evaluate_operands(fused_operation const& values) {
  std::vector<node_ptr> sources;
  for (auto const& operand : values.operands)
    if (operand.source && !operand.source->done()) sources.push_back(operand.source);
  if (!sources.empty()) evaluate(sources);
}

/// The planner makes these values part of a product that they alone read: it has memory of its own.
bool surrounds_product(fused_operation const& values) {
  auto const only_here = [&](graph_operand const& operand) {
    node* const n = operand.source.get();
    return n && n->references() == 1 && std::holds_alternative<matmul_operation>(n->op);
  };
  return std::any_of(values.operands.begin(), values.operands.end(), only_here) &&
         is_on(rule::epilogue) && is_epilogue(values);
}

bool may_overwrite(node_ptr const& region, fused_operation const& values) {
  for (auto const& operand : values.operands)
    if (operand.source && operand.source->storage == region->storage &&
        !may_write_while_reading(*region, *operand.source))
      return false;
  return true;
}

/// Computes the values where the region lies.
void write(node_ptr const& region, fused_operation const& values, location where) {
  std::optional<write_verification> check;
  if (verification::wanted()) check.emplace(region, values, where);
  region->storage->will_write();
  run_fused(values, region->shape, {region->data(), region->type, region->stride},
            region->storage->where(), where);
  if (check) check->compare();
}

node_ptr copied_on_write(node_ptr const& target, location where) {
  node_ptr copy = detached(target, where);
  trace("copy-on-write " + std::to_string(target->shape.size() * size_of(target->type)) +
        " because " + to_string(where));
  return copy;
}

}  // namespace

bool overwrite(node_ptr const& target, fused_operation const& values, extents const& shape) {
  if (!target || target->shape != shape) return false;  // moved from, or of another size
  if (target->storage->adopted() || target->storage->where() != current_device()) return false;
  if (surrounds_product(values)) return false;
  evaluate_operands(values);
  if (!reached_only_from(target, {}, values) || !may_overwrite(target, values)) return false;
  if (shape.size() > 0) write(target, values, {});
  return true;
}

void assign(node_ptr& target, node_ptr&& region, fused_operation&& values, extents const& shape,
            location where) {
  if (broadcast(region->shape, shape, "assignment", where) != region->shape)
    throw shape_error(
        "assignment: shape " + to_string(shape) + " does not fit " + to_string(region->shape),
        where);
  if (region->shape.size() == 0) return;
  device_scope const there(region->storage->where(), where);  // an array stays where it is
  evaluate_operands(values);
  if (!reached_only_from(target, region, values)) {
    node_ptr copy = copied_on_write(target, where);
    region =
        node::of_view(copy, region->shape, region->stride, region->offset - target->offset, where);
    target = std::move(copy);
  } else if (!may_overwrite(region, values)) {
    node_ptr temporary = node::of_operation(target->type, shape, std::move(values), where);
    evaluate(temporary);
    values = copy_of(temporary);
  }
  write(region, values, where);
}

void assign_at(node_ptr& target, indexed_values&& all, location where) {
  device const there = target->storage->where();  // an array stays where it is
  device_scope const here(there, where);
  node_ptr operands[] = {without_gaps(std::move(all.indices)), without_gaps(std::move(all.values))};
  evaluate(operands);
  auto const& [indices, values] = operands;
  if (indices->shape.size() == 0) return;
#if defined(SLOTH_CUDA)
  cuda_engine::range const named("index", where);
#endif
  counted<buffer> const index_memory = indices->storage->on(there, where);
  index_memory->will_read();
  scatter s{target->type, values->shape.size(),
            gather_of(target->type, all.shape, indices->shape, all.axis, all.along)};
  s.at.indices = reinterpret_cast<std::int64_t const*>(index_memory->data() +
                                                       indices->offset * sizeof(std::int64_t));
  refuse_to_wait(there, where);
  counted<buffer> value_memory;
  if (s.period > 0) {
    value_memory = values->storage->on(there, where);
    value_memory->will_read();
    s.at.in = value_memory->data() + values->offset * size_of(target->type);
  }
  bool const shared = target->references() != 1 || target->storage->references() != 1;
  node_ptr copy = shared ? copied_on_write(target, where) : node_ptr{};
  node& written = copy ? *copy : *target;
  written.storage->will_write();
  s.at.out = written.data();
  std::int64_t const outside = [&] {
#if defined(SLOTH_CUDA)
    if (there == device::gpu) return all.adds ? cuda_engine::add_at(s) : cuda_engine::put(s);
#endif
    return all.adds ? host_engine::add_at(s) : host_engine::put(s);
  }();
  require_none(outside, *indices, all.name, all.axis, s.at.extent, where);
  if (copy) target = std::move(copy);
}

}  // namespace sloth::inline SLOTH_ABI
