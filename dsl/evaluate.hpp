// Evaluation: from a node of the graph to its values.
#pragma once

#include <dsl/index.hpp>
#include <dsl/node.hpp>

#include <span>
#include <type_traits>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// Computes the nodes, and everything they need, each once. On an exception every node that was not
/// finished is pending again.
void evaluate(std::span<node_ptr const> roots);
inline void evaluate(node_ptr const& root) { evaluate({&root, 1}); }

/// One kernel may compute these new nodes, the values of elementwise expressions.
void group_outputs(std::span<node_ptr const> nodes, device_outputs launch);

/// New memory for `shape`, uninitialised.
[[nodiscard]] node_ptr new_storage(dtype type, extents const& shape, location where,
                                   device on = device::host);

/// The node of these values, computed: at once where the operands are there and nothing is to be
/// planned.
[[nodiscard]] node_ptr computed(dtype type, extents const& shape, fused_operation&& values,
                                location where);

/// The steps that evaluating `roots` would run.
enum class plan_format : std::uint8_t { text, json, graphviz };
[[nodiscard]] std::string explain_nodes(std::span<node_ptr const> roots, plan_format format);

/// The node's values in row-major order without gaps: itself where it is so, else a pending copy.
[[nodiscard]] node_ptr without_gaps(node_ptr n);
/// The same, evaluated.
[[nodiscard]] node_ptr contiguous(node_ptr n);

/// `n` under another shape: a view where one exists, else a pending copy.
[[nodiscard]] node_ptr reshaped(node_ptr const& n, extents const& shape, location where);

/// Writes `values` through `region`, a view of `target`: in place when nothing but `target`,
/// `region` and the operands of `values` reaches the memory, else into a copy that `target` takes
/// over. Reads of the old values are right however they overlap.
void assign(node_ptr& target, node_ptr&& region, fused_operation&& values, extents const& shape,
            location where);

/// Values for the elements at an array of places along an axis: whole rows, or a place for each element.
struct indexed_values {
  const char* name;  // of the function, for messages
  node_ptr indices;  // i64
  node_ptr values;   // of the target's type: as many as there are elements, or again and again
  extents shape;     // that the target is indexed under
  int axis = 0;
  bool along = false;  // a place for each element, as take_along_axis reads
  bool adds =
      false;  // to what is there, each of several values for one element; else the last stays
};
/// Writes them, or adds them, as `assign` does: where nothing but `target` reaches the memory in place.
/// Throws index_error for a place out of range, before anything is written.
void assign_at(node_ptr& target, indexed_values&& all, location where);

/// Writes `values` over all of `target` where that is safe and saves memory: nothing else reaches its
/// memory, which is Sloth's own, the shapes agree, and old values are read only where they are
/// written. Else false.
[[nodiscard]] bool overwrite(node_ptr const& target, fused_operation const& values,
                             extents const& shape);

/// Makes `target` alone reach its memory, on the host, to be handed out for writing. Throws
/// device_error under no_sync where that takes a copy.
void make_exclusive_on_host(node_ptr& target);
/// A contiguous copy in memory of its own, to be written. Throws device_error under no_sync.
[[nodiscard]] node_ptr detached(node_ptr const& n, location where);

/// The only element of a computed node, wherever it is. Throws device_error under no_sync where that
/// is the GPU.
void read_element(node const& n, void* to, location where = {});
[[noreturn]] void refuse_item(node const& n, location where);
[[nodiscard]] bool truth_of(node_ptr const& n);

template <class Value>
[[nodiscard]] Value item_of(node_ptr const& n, location where) {
  if (n->shape.size() != 1) refuse_item(*n, where);
  evaluate(n);
  Value value;
  read_element(*n, &value, where);
  return value;
}

template <class Value>
[[nodiscard]] std::vector<Value> vector_of(node_ptr const& n, location where) {
  node_ptr const flat = contiguous(n);
  if (flat->shape.size() == 0) return {};
  auto const* first = reinterpret_cast<Value const*>(flat->data_on(device::host, where));
  return std::vector<Value>(first, first + flat->shape.size());
}

}  // namespace sloth::inline SLOTH_ABI
