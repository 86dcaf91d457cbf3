// Nodes of the operations that are compiled into the library.
#pragma once

#include <dsl/reduce.hpp>

namespace sloth::inline SLOTH_ABI {

/// The pending node of `is` over operands of any layout.
[[nodiscard]] node_ptr primitive_node(primitive is, dtype type, extents shape,
                                      std::vector<node_ptr> operands, std::int64_t option,
                                      location where);
/// Of the rows of x along an axis; the result has its shape. Throws index_error.
[[nodiscard]] node_ptr primitive_along(primitive is, dtype type, node_ptr const& x,
                                       axis_list const& along, std::int64_t option = 0);
/// Of all elements in row-major order: 1-D.
[[nodiscard]] node_ptr primitive_of_all(primitive is, dtype type, node_ptr const& x,
                                        location where);

}  // namespace sloth::inline SLOTH_ABI
