#include <dsl/histogram.hpp>

#include <cmath>

namespace sloth::inline SLOTH_ABI {
namespace histogram_detail {

node_ptr counts_of(node_ptr const& values, std::int64_t bins, location where) {
  return primitive_node(primitive::bincount, dtype::i64, {bins + 1}, {values}, 0, where);
}

node_ptr counts_between(node_ptr const& values, node_ptr const& edges, bool equal, location where) {
  return primitive_node(primitive::histogram, dtype::i64, {edges->shape[0] - 1}, {values, edges},
                        equal, where);
}

void require_index(std::int64_t value, location where) {
  if (is_index(value)) return;
  throw index_error(std::string("bincount: ") +
                        (value < 0 ? "a negative value: " : "too great a value: ") +
                        std::to_string(value),
                    where);
}

void require_length(std::int64_t minlength, location where) {
  if (minlength < 0)
    throw shape_error("bincount: a negative length: " + std::to_string(minlength), where);
}

void require_weights(const char* name, extents const& weights, extents const& x, location where) {
  if (weights != x)
    throw shape_error(
        std::string(name) + ": weights of shape " + to_string(weights) + " for " + to_string(x),
        where);
}

void require_ascending(bool ascend, location where) {
  if (!ascend) throw dtype_error("histogram: the edges do not ascend", where);
}

void require_range(std::int64_t bins, double low, double high, location where) {
  using promotion_detail::number_text;
  if (bins < 1) throw shape_error("histogram: " + std::to_string(bins) + " bins", where);
  if (!(std::isfinite(low) && std::isfinite(high) && low <= high))
    throw dtype_error("histogram: no range: " + number_text(low) + " to " + number_text(high),
                      where);
}

}  // namespace histogram_detail
}  // namespace sloth::inline SLOTH_ABI
