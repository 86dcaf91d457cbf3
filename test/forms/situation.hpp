// What a form is evaluated on: shapes, strides, shared memory, values, drawn from a seed; and where
// its values go.
#pragma once

#include <test/forms/form.hpp>

#include <random>
#include <string>

namespace forms {

struct outcome {
  std::int64_t checked = 0, open = 0;  // elements; those whose value the bounds leave open
  bool in_place = false;               // the result lies in the memory that it was to be written to
  std::string problem;                 // the first element that is wrong, if one is
};

class situation {
 public:
  situation(form const& of, way how, std::uint64_t seed);

  /// Evaluates the form by Sloth and by loops, and compares them.
  [[nodiscard]] outcome run();

 private:
  /// Memory, a margin in front of its elements, that several leaves may read.
  struct base {
    dtype type;
    extents shape;
    std::int64_t margin = 0;
    std::vector<cell> values;  // the margin's too
  };
  /// A view of a base: along base axis k an index, or a range that becomes an axis of the view.
  struct range {
    std::int64_t first, count, step;
    int axis;  // of the view; -1: an index
  };
  struct part {
    int base = -1;
    std::vector<range> along;
    extents shape;
    bool stretched = false;  // read with strides of 0 along axes of extent 1
  };

  bool chance(double p) { return static_cast<double>(random_() >> 11) * 0x1p-53 < p; }
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }
  void draw_shape();
  extents leaf_shape(bool full);
  int add_base(dtype type, bool tight);
  cell draw_value(dtype type);
  part draw_part(int of, extents const& shape);
  void draw_leaves();
  part draw_target(extents const& shape);
  bounded values_of(part const& p) const;
  std::int64_t element_of(part const& p, std::int64_t i) const;
  [[nodiscard]] std::vector<sloth::node_ptr> memory() const;
  [[nodiscard]] sloth::node_ptr view_of(part const& p, sloth::node_ptr memory) const;
  void compare(sloth::node_ptr const& got, bounded const& want, part const* target,
               outcome& result) const;
  [[nodiscard]] std::string described() const;

  form const& form_;
  way how_;
  std::mt19937_64 random_;
  extents shape_;  // all leaves broadcast to it
  bool wild_;      // NaN, infinities, zeros of both signs, integers that wrap
  std::vector<base> bases_;
  std::vector<part> leaves_;
  std::vector<bounded> drawn_;  // values of random leaves, by leaf
  std::vector<std::uint64_t> seeds_;
  int over_ = -1;  // the base that `x = e` writes
};

}  // namespace forms
