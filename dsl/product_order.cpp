#include <dsl/model.hpp>
#include <dsl/plan.hpp>
#include <dsl/rules.hpp>

#include <cstdio>

namespace sloth::inline SLOTH_ABI {

namespace {

constexpr int most_factors = 32;  // of a chain at once: the search takes the cube of it

/// A chain of matrices: factor k has extent[k] rows and extent[k + 1] columns.
struct chain {
  std::vector<node_ptr> factors;
  std::vector<std::int64_t> extent;
  double seconds = 0, flops = 0;  // as written
};

std::int64_t rows_of(node const& n) { return n.shape.rank() == 1 ? 1 : n.shape[0]; }
std::int64_t columns_of(node const& n) { return n.shape.rank() == 1 ? 1 : n.shape[1]; }

class product_chain {
 public:
  product_chain(node& root, matmul_operation& op)
      : root_(root), op_(op), model_(planning_model()) {}

  void order() {
    collect(op_, most_factors);
    int const n = static_cast<int>(chain_.factors.size());
    if (n < 3) return;
    set_extents();
    search(n);
    if (best(0, n - 1).seconds >= worth_while * chain_.seconds) return;
    double const flops = flops_of(0, n - 1);
    int const middle = best(0, n - 1).split;
    matmul_operation ordered{build(0, middle), build(middle + 1, n - 1), op_.tf32, true, {}};
    char gain[48];
    std::snprintf(gain, sizeof gain, ", %.3gx fewer flops", chain_.flops / flops);
    ordered.rule = std::move(op_.rule);
    add_to(ordered.rule, "product order: " + text(0, n - 1) + gain);
    op_ = std::move(ordered);
  }

 private:
  struct choice {
    double seconds = 0;
    int split = 0;
  };
  choice& best(int first, int last) {
    return best_[static_cast<std::size_t>(first) * chain_.factors.size() +
                 static_cast<std::size_t>(last)];
  }

  /// The product that `n` is, if it is an inner one of this chain.
  matmul_operation* inner(node& n, bool left) const {
    auto* const op = std::get_if<matmul_operation>(&n.op);
    if (!op || !is_pending(n) || n.references() != 1 || n.type != root_.type ||
        op->tf32 != op_.tf32 || op->epilogue)
      return nullptr;
    int const a = op->a->shape.rank(), b = op->b->shape.rank();
    if (n.shape.rank() == 2) return a == 2 && b == 2 ? op : nullptr;
    // A vector is a row on a product's left, a column on its right: only there may it stay one.
    bool const vector = n.shape.rank() == 1 && (left ? a == 1 && b == 2 : a == 2 && b == 1);
    return vector ? op : nullptr;
  }

  /// The factors below a product; `room` of them at most.
  void collect(matmul_operation& op, int room) {
    op.ordered = true;
    auto const side = [&](node_ptr const& n, bool left, int most) {
      matmul_operation* const below = most > 1 ? inner(*n, left) : nullptr;
      if (below)
        collect(*below, most);
      else
        chain_.factors.push_back(n);
    };
    std::size_t const before = chain_.factors.size();
    side(op.a, true, room - 1);
    side(op.b, false, room - static_cast<int>(chain_.factors.size() - before));
    std::int64_t const m = rows_of(*op.a), n = columns_of(*op.b), k = op.a->shape.back();
    chain_.seconds += model_.product(root_.type, m, n, k);
    chain_.flops += product_flops(m, n, k);
  }

  void set_extents() {
    node const& front = *chain_.factors.front();
    chain_.extent = {rows_of(front), front.shape.back()};
    for (std::size_t k = 1; k < chain_.factors.size(); ++k)
      chain_.extent.push_back(columns_of(*chain_.factors[k]));
  }

  void search(int n) {
    best_.assign(static_cast<std::size_t>(n) * static_cast<std::size_t>(n), {});
    auto const& extent = chain_.extent;
    for (int length = 2; length <= n; ++length)
      for (int first = 0; first + length <= n; ++first) {
        int const last = first + length - 1;
        choice cheapest{-1, 0};
        for (int split = first; split < last; ++split) {
          double const seconds =
              best(first, split).seconds + best(split + 1, last).seconds +
              model_.product(root_.type, extent[first], extent[last + 1], extent[split + 1]);
          if (cheapest.seconds < 0 || seconds < cheapest.seconds) cheapest = {seconds, split};
        }
        best(first, last) = cheapest;
      }
  }

  double flops_of(int first, int last) {
    if (first == last) return 0;
    int const split = best(first, last).split;
    return flops_of(first, split) + flops_of(split + 1, last) +
           product_flops(chain_.extent[first], chain_.extent[last + 1], chain_.extent[split + 1]);
  }

  node_ptr build(int first, int last) {
    if (first == last) return chain_.factors[first];
    int const split = best(first, last).split;
    node_ptr a = build(first, split), b = build(split + 1, last);
    extents shape = matmul_shape(a->shape, b->shape, root_.where).shape;
    return node::of_operation(root_.type, std::move(shape),
                              matmul_operation{std::move(a), std::move(b), op_.tf32, true, {}},
                              root_.where);
  }

  /// The order with the factors as letters, left to right.
  std::string text(int first, int last) {
    if (first == last)
      return first < 26 ? std::string(1, static_cast<char>('A' + first))
                        : "F" + std::to_string(first);
    int const split = best(first, last).split;
    auto const part = [&](int from, int to) {
      return from == to ? text(from, to) : "(" + text(from, to) + ")";
    };
    return part(first, split) + " & " + part(split + 1, last);
  }

  node& root_;
  matmul_operation& op_;
  device_model const& model_;
  chain chain_;
  std::vector<choice> best_;  // by first and last factor
};

}  // namespace

void order_products(node& n) {
  auto* const op = std::get_if<matmul_operation>(&n.op);
  if (!op || op->ordered || !is_on(rule::product_order) || n.shape.rank() > 2 ||
      op->a->shape.rank() > 2 || op->b->shape.rank() > 2)
    return;
  product_chain(n, *op).order();
}

}  // namespace sloth::inline SLOTH_ABI
