#include <dsl/einsum.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace sloth::inline SLOTH_ABI {
namespace einsum_detail {

namespace {

/// An axis: a letter, or the k-th of those that "..." stands for, counted from the last.
using label = int;
using labels = std::vector<label>;
constexpr label ellipsis_end = 256;  // ellipsis_end + k

struct term {
  node_ptr values;
  labels axes;  // one an axis of the values
};

bool contains(labels const& all, label l) {
  return std::find(all.begin(), all.end(), l) != all.end();
}

class contraction {
 public:
  contraction(subscripts const& how, std::span<node_ptr const> operands, arithmetic const& with)
      : how_(how), with_(with) {
    auto const arrow = how.text.find("->");
    std::string_view const inputs = how.text.substr(0, arrow);
    std::size_t begin = 0;
    for (node_ptr const& operand : operands) {
      if (begin > inputs.size()) refuse("subscripts are missing for operand " + numbered());
      auto const end = std::min(inputs.find(',', begin), inputs.size());
      take(operand, inputs.substr(begin, end - begin));
      begin = end + 1;
    }
    if (begin <= inputs.size())
      refuse("subscripts for more than the " + std::to_string(operands.size()) + " operands");
    arrow == how.text.npos ? imply_output() : read_output(how.text.substr(arrow + 2));
  }

  node_ptr run() {
    for (term& t : terms_) sum_out(t);
    while (terms_.size() > 1) {
      auto const [i, j] = cheapest_pair();
      term const b = std::move(terms_[j]);
      terms_.erase(terms_.begin() + static_cast<std::ptrdiff_t>(j));
      term const a = std::move(terms_[i]);
      terms_.erase(terms_.begin() + static_cast<std::ptrdiff_t>(i));
      terms_.push_back(product(a, b));
    }
    return ordered(terms_.front(), output_).values;
  }

 private:
  [[noreturn]] void refuse(std::string const& what) const {
    throw shape_error("einsum: " + what + ": " + std::string(how_.text), how_.where);
  }
  [[nodiscard]] std::string numbered() const { return std::to_string(terms_.size() + 1); }
  static std::string name_of(label l) {
    return l < ellipsis_end ? std::string(1, static_cast<char>(l)) : "...";
  }

  /// The labels of `text`, whose "..." stands for `hidden` axes.
  labels read(std::string_view text, int hidden) const {
    labels all;
    bool dots = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      char const c = text[i];
      if (c == ' ') continue;
      if (text.substr(i, 3) == "..." && !dots) {
        for (int k = hidden - 1; k >= 0; --k) all.push_back(ellipsis_end + k);
        dots = true;
        i += 2;
      } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        all.push_back(c);
      } else {
        refuse(std::string("'") + c + "' is no subscript");
      }
    }
    return all;
  }

  void take(node_ptr const& values, std::string_view text) {
    int const rank = values->shape.rank();
    int const named = static_cast<int>(read(text, 0).size());
    bool const dots = text.find("...") != text.npos;
    if (dots ? named > rank : named != rank)
      refuse("operand " + numbered() + " of shape " + to_string(values->shape) + " has " +
             std::to_string(named) + " subscripts");
    labels const axes = read(text, rank - named);
    hidden_ = std::max(hidden_, rank - named);
    // A label that stands twice is a diagonal: one step along it is one along both axes.
    term t;
    extents shape;
    strides stride;
    for (int axis = 0; axis < rank; ++axis) {
      label const l = axes[static_cast<std::size_t>(axis)];
      std::int64_t const extent = values->shape[axis];
      auto const [known, is_new] = extents_.try_emplace(l, extent);
      if (known->second == 1 && l >= ellipsis_end) known->second = extent;
      if (known->second != extent && !(l >= ellipsis_end && extent == 1))
        refuse("subscript " + name_of(l) + " is " + std::to_string(known->second) + " and " +
               std::to_string(extent));
      auto const at = std::find(t.axes.begin(), t.axes.end(), l);
      if (at != t.axes.end()) {
        stride[static_cast<int>(at - t.axes.begin())] += values->stride[axis];
        continue;
      }
      t.axes.push_back(l);
      shape.push_back(extent);
      stride.push_back(values->stride[axis]);
    }
    t.values = t.axes.size() == axes.size()
                   ? values
                   : node::of_view(values, shape, stride, values->offset, how_.where);
    terms_.push_back(std::move(t));
  }

  void imply_output() {
    for (int k = hidden_ - 1; k >= 0; --k) output_.push_back(ellipsis_end + k);
    for (auto const& [l, extent] : extents_)
      if (l < ellipsis_end && std::count(how_.text.begin(), how_.text.end(), l) == 1)
        output_.push_back(l);
  }
  void read_output(std::string_view text) {
    if (hidden_ > 0 && text.find("...") == text.npos) refuse("the result lacks ...");
    output_ = read(text, hidden_);
    for (std::size_t i = 0; i < output_.size(); ++i) {
      if (!extents_.contains(output_[i]))
        refuse("subscript " + name_of(output_[i]) + " of the result is in no operand");
      if (std::count(output_.begin(), output_.end(), output_[i]) > 1)
        refuse("subscript " + name_of(output_[i]) + " stands twice in the result");
    }
  }

  /// Whether another term than these, or the result, has the label.
  [[nodiscard]] bool wanted(label l, term const* a, term const* b = nullptr) const {
    if (contains(output_, l)) return true;
    return std::any_of(terms_.begin(), terms_.end(),
                       [&](term const& t) { return &t != a && &t != b && contains(t.axes, l); });
  }
  void sum_out(term& t) {
    extents axes;
    labels rest;
    for (std::size_t i = 0; i < t.axes.size(); ++i)
      if (wanted(t.axes[i], &t))
        rest.push_back(t.axes[i]);
      else
        axes.push_back(static_cast<std::int64_t>(i));
    if (axes.rank() == 0) return;
    t.values = with_.sum(t.values, axes, how_.where);
    t.axes = std::move(rest);
  }

  /// Multiplications that a pair takes, then elements of its product.
  [[nodiscard]] std::pair<double, double> cost(term const& a, term const& b) const {
    double all = 1, kept = 1;
    auto const count = [&](label l) {
      double const extent = static_cast<double>(extents_.at(l));
      all *= extent;
      if (wanted(l, &a, &b)) kept *= extent;
    };
    for (label l : a.axes) count(l);
    for (label l : b.axes)
      if (!contains(a.axes, l)) count(l);
    return {all, kept};
  }
  [[nodiscard]] std::pair<std::size_t, std::size_t> cheapest_pair() const {
    std::pair<std::size_t, std::size_t> best{0, 1};
    for (std::size_t i = 0; i < terms_.size(); ++i)
      for (std::size_t j = i + 1; j < terms_.size(); ++j)
        if (cost(terms_[i], terms_[j]) < cost(terms_[best.first], terms_[best.second]))
          best = {i, j};
    return best;
  }

  /// The term with its axes in this order; those that it lacks have extent 1.
  [[nodiscard]] term ordered(term const& t, labels const& order) const {
    extents axes, shape;
    for (label l : order) {
      auto const at = std::find(t.axes.begin(), t.axes.end(), l);
      bool const there = at != t.axes.end();
      if (there) axes.push_back(at - t.axes.begin());
      shape.push_back(there ? t.values->shape[static_cast<int>(at - t.axes.begin())] : 1);
    }
    return {shape_detail::arranged(t.values, axes, shape, how_.where), order};
  }
  /// The extent of one axis in place of these.
  [[nodiscard]] std::int64_t size_of(labels const& all) const {
    std::int64_t n = 1;
    for (label l : all) n *= extents_.at(l);
    return n;
  }

  term product(term const& a, term const& b) const {
    labels batch, only_a, only_b, summed;
    for (label l : a.axes)
      if (!contains(b.axes, l))
        only_a.push_back(l);
      else
        (wanted(l, nullptr) ? batch : summed).push_back(l);
    for (label l : b.axes)
      if (!contains(a.axes, l)) only_b.push_back(l);
    labels result = batch;
    result.insert(result.end(), only_a.begin(), only_a.end());
    result.insert(result.end(), only_b.begin(), only_b.end());
    if (summed.empty())
      return {with_.multiply(ordered(a, result).values, ordered(b, result).values, how_.where),
              result};

    auto const matrices = [&](term const& t, labels const& rows, labels const& columns) {
      labels order = batch;
      order.insert(order.end(), rows.begin(), rows.end());
      order.insert(order.end(), columns.begin(), columns.end());
      extents shape;
      if (!batch.empty()) shape.push_back(size_of(batch));
      shape.push_back(size_of(rows));
      shape.push_back(size_of(columns));
      node_ptr values = ordered(t, order).values;
      extents full;
      for (label l : order) full.push_back(extents_.at(l));
      if (!(values->shape == full)) values = broadcasted(values, full, how_.where);
      return shape_detail::arranged(values, {}, shape, how_.where);
    };
    node_ptr const values =
        with_.matmul(matrices(a, only_a, summed), matrices(b, summed, only_b), how_.where);
    extents shape;
    for (label l : result) shape.push_back(extents_.at(l));
    return {shape_detail::arranged(values, {}, shape, how_.where), result};
  }

  subscripts const& how_;
  arithmetic const& with_;
  std::vector<term> terms_;
  std::map<label, std::int64_t> extents_;
  int hidden_ = 0;  // axes that "..." stands for at most
  labels output_;
};

}  // namespace

node_ptr run(subscripts const& how, std::span<node_ptr const> operands, arithmetic const& with) {
  return contraction(how, operands, with).run();
}

}  // namespace einsum_detail
}  // namespace sloth::inline SLOTH_ABI
