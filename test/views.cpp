// Views against a model that walks indices, over random programs; and what they refuse.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(views)

namespace {

using ids = std::vector<std::int64_t>;

/// The view behind a node: stored views are not assignable, nodes are.
view<std::int64_t, false> read(node_ptr const& n) { return view<std::int64_t, false>(n); }

/// Positions of a view's elements in the array it started from, in row-major order.
struct model {
  extents shape;
  ids at;
};

/// Calls f(index) for each index of `shape` in row-major order.
template <class F>
void for_each_index(extents const& shape, F&& f) {
  if (shape.size() == 0) return;
  extents index = extents::filled(shape.rank(), 0);
  for (;;) {
    f(index);
    int axis = shape.rank() - 1;
    for (; axis >= 0 && ++index[axis] == shape[axis]; --axis) index[axis] = 0;
    if (axis < 0) return;
  }
}

std::int64_t position(extents const& shape, extents const& index) {
  std::int64_t flat = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) flat = flat * shape[axis] + index[axis];
  return flat;
}

/// A model of `shape` whose element at `index` is m's at `from(index)`.
template <class F>
model gather(model const& m, extents const& shape, F&& from) {
  model result{shape, {}};
  for_each_index(shape, [&](extents const& index) {
    result.at.push_back(m.at[static_cast<std::size_t>(position(m.shape, from(index)))]);
  });
  return result;
}

/// A bound of a slice, in the model too.
struct optional_bound {
  bool given;
  std::int64_t value;
  slice::bound get() const { return given ? slice::bound(value) : slice::bound(_); }
};

/// Python's slice, walked.
ids walk(optional_bound start, optional_bound stop, std::int64_t step, std::int64_t n) {
  std::int64_t const low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  auto clip = [&](optional_bound b, std::int64_t missing) {
    if (!b.given) return missing;
    if (b.value < 0) return std::max(b.value + n, low);
    return std::min(b.value, high);
  };
  std::int64_t const last = clip(stop, step > 0 ? high : low);
  ids taken;
  for (std::int64_t i = clip(start, step > 0 ? low : high); step > 0 ? i < last : i > last;
       i += step)
    taken.push_back(i);
  return taken;
}

class program {
 public:
  explicit program(std::uint64_t seed) : random_(seed) {}

  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  extents draw_shape() {
    extents shape;
    for (auto rank = draw(0, 4); rank > 0; --rank) shape.push_back(draw(0, 9) ? draw(1, 5) : 0);
    return shape;
  }

  /// One random view of both.
  void step(node_ptr& v, model& m) {
    switch (draw(0, 9)) {
      case 0: return transpose_all(v, m);
      case 1: return permute(v, m);
      case 2: return reshape_it(v, m);
      case 3: return squeeze_it(v, m);
      case 4: return expand(v, m);
      case 5: return stretch(v, m);
      case 6: return take_diagonal(v, m);
      default: return subscript_it(v, m);
    }
  }

  void subscript_it(node_ptr& v, model& m) {
    int const rank = m.shape.rank();
    std::vector<index_item> items;
    std::vector<ids> taken;       // for each axis of m
    std::vector<int> kept, axes;  // for each axis of the result: 1 from m, 0 new; of which axis
    int axis = 0;
    bool ellipsis_used = false;
    while (items.size() < 4) {
      int const kind = static_cast<int>(draw(0, 7));
      if (kind == 0) break;
      if (kind == 1) {
        items.emplace_back(newaxis);
        kept.push_back(0), axes.push_back(-1);
      } else if (kind == 2 && !ellipsis_used && axis < rank) {
        ellipsis_used = true;
        auto const skipped = draw(0, rank - axis);
        items.emplace_back(ellipsis);
        // What follows the ellipsis must use up the rest of the axes.
        for (auto i = skipped; i > 0; --i, ++axis) whole(m, axis, taken, kept, axes);
        while (axis < rank && items.size() < 4) one_axis(m, axis, items, taken, kept, axes);
        if (axis < rank) return;  // does not fit in four items: no step
        break;
      } else if (axis < rank) {
        one_axis(m, axis, items, taken, kept, axes);
      }
    }
    for (; axis < rank; ++axis) whole(m, axis, taken, kept, axes);
    extents shape;
    for (std::size_t i = 0; i < kept.size(); ++i)
      shape.push_back(kept[i] ? static_cast<std::int64_t>(taken[axes[i]].size()) : 1);
    m = gather(m, shape, [&](extents const& index) {
      extents from = extents::filled(rank, 0);
      for (int a = 0; a < rank; ++a) from[a] = taken[a].empty() ? 0 : taken[a][0];
      for (std::size_t i = 0; i < kept.size(); ++i)
        if (kept[i]) from[axes[i]] = taken[axes[i]][static_cast<std::size_t>(index[int(i)])];
      return from;
    });
    switch (items.size()) {
      case 0: v = read(v)(ellipsis).node(); break;
      case 1: v = read(v)(items[0]).node(); break;
      case 2: v = read(v)(items[0], items[1]).node(); break;
      case 3: v = read(v)(items[0], items[1], items[2]).node(); break;
      default: v = read(v)(items[0], items[1], items[2], items[3]).node(); break;
    }
  }

 private:
  void whole(model const& m, int axis, std::vector<ids>& taken, std::vector<int>& kept,
             std::vector<int>& axes) {
    taken.push_back(walk({false, 0}, {false, 0}, 1, m.shape[axis]));
    kept.push_back(1), axes.push_back(axis);
  }
  void one_axis(model const& m, int& axis, std::vector<index_item>& items, std::vector<ids>& taken,
                std::vector<int>& kept, std::vector<int>& axes) {
    std::int64_t const n = m.shape[axis];
    auto const kind = draw(0, 3);
    if (kind == 0 && n > 0) {
      std::int64_t const i = draw(-n, n - 1);
      items.emplace_back(i);
      taken.push_back({i < 0 ? i + n : i});
    } else if (kind == 1) {
      items.emplace_back(_);
      whole(m, axis, taken, kept, axes);
    } else {
      optional_bound const start{draw(0, 2) > 0, draw(-n - 2, n + 2)};
      optional_bound const stop{draw(0, 2) > 0, draw(-n - 2, n + 2)};
      std::int64_t step = draw(1, 3);
      if (draw(0, 1)) step = -step;
      items.emplace_back(slice(start.get(), stop.get(), step));
      taken.push_back(walk(start, stop, step, n));
      kept.push_back(1), axes.push_back(axis);
    }
    ++axis;
  }

  void transpose_all(node_ptr& v, model& m) {
    extents shape = m.shape;
    std::reverse(shape.begin(), shape.end());
    m = gather(m, shape, [](extents index) {
      std::reverse(index.begin(), index.end());
      return index;
    });
    v = read(v).T().node();
  }
  void permute(node_ptr& v, model& m) {
    int const rank = m.shape.rank();
    extents order;
    for (int axis = 0; axis < rank; ++axis) order.push_back(axis);
    std::shuffle(order.begin(), order.end(), random_);
    extents shape = order, given = order;
    for (int i = 0; i < rank; ++i) {
      shape[i] = m.shape[int(order[i])];
      if (draw(0, 1)) given[i] -= rank;
    }
    m = gather(m, shape, [&](extents const& index) {
      extents from = index;
      for (int i = 0; i < rank; ++i) from[int(order[i])] = index[i];
      return from;
    });
    v = transpose(read(v), given).node();
  }
  void reshape_it(node_ptr& v, model& m) {
    std::int64_t const size = m.shape.size();
    extents shape;
    if (size == 0) {
      shape = {draw(0, 3), 0, draw(0, 3)};
    } else {
      std::int64_t rest = size;
      while (rest > 1 || draw(0, 1)) {
        std::int64_t factor = draw(1, std::min<std::int64_t>(rest, 6));
        while (rest % factor != 0) --factor;
        if (shape.rank() == 4) factor = rest;
        shape.push_back(factor);
        rest /= factor;
        if (shape.rank() == 5) break;
      }
    }
    bool const view_exists = is_affine(m.at, shape);
    bool const was_computed = v->done();
    auto const storage = v->storage;
    m.shape = shape;
    extents wanted = shape;
    if (size > 0 && shape.rank() > 0 && draw(0, 1)) wanted[int(draw(0, shape.rank() - 1))] = -1;
    v = read(v).reshape(wanted).node();
    if (was_computed && !copied_ && size > 0)  // a view exactly where NumPy's is one
      BOOST_TEST((v->done() && v->storage == storage) == view_exists);
    copied_ = copied_ || !was_computed || !view_exists;  // then positions are no addresses
  }
  /// The positions advance by a constant along each axis.
  static bool is_affine(ids const& at, extents const& shape) {
    if (at.empty()) return true;
    strides const step = row_major(shape);
    bool affine = true;
    for_each_index(shape, [&](extents const& index) {
      std::int64_t expected = at[0];
      for (int axis = 0; axis < shape.rank(); ++axis)
        if (shape[axis] > 1)
          expected += index[axis] * (at[static_cast<std::size_t>(step[axis])] - at[0]);
      affine = affine && expected == at[static_cast<std::size_t>(position(shape, index))];
    });
    return affine;
  }
  void squeeze_it(node_ptr& v, model& m) {
    extents shape;
    int single = -1;
    for (int axis = 0; axis < m.shape.rank(); ++axis)
      if (m.shape[axis] == 1)
        single = axis;
      else
        shape.push_back(m.shape[axis]);
    if (single >= 0 && draw(0, 1)) {
      v = squeeze(read(v), draw(0, 1) ? single : single - m.shape.rank()).node();
      m.shape.erase(single);
    } else {
      v = squeeze(read(v)).node();
      m.shape = shape;
    }
  }
  void expand(node_ptr& v, model& m) {
    int const rank = m.shape.rank(), axis = static_cast<int>(draw(0, rank));
    v = expand_dims(read(v), draw(0, 1) ? axis : axis - rank - 1).node();
    m.shape.insert(axis, 1);
  }
  void stretch(node_ptr& v, model& m) {
    extents shape = m.shape;
    for (auto& extent : shape)
      if (extent == 1) extent = draw(0, 3);
    if (draw(0, 1)) shape.insert(0, draw(1, 3));
    int const lead = shape.rank() - m.shape.rank();
    extents const old = m.shape;
    m = gather(m, shape, [&](extents const& index) {
      extents from = old;
      for (int axis = 0; axis < old.rank(); ++axis)
        from[axis] = old[axis] == 1 ? 0 : index[lead + axis];
      return from;
    });
    v = broadcast_to(read(v), shape).node();
  }
  void take_diagonal(node_ptr& v, model& m) {
    if (m.shape.rank() != 2) return;
    std::int64_t const k = draw(-m.shape[0] - 1, m.shape[1] + 1);
    std::int64_t n = 0;
    while (n + std::max<std::int64_t>(-k, 0) < m.shape[0] &&
           n + std::max<std::int64_t>(k, 0) < m.shape[1])
      ++n;
    m = gather(m, {n}, [&](extents const& index) {
      return extents{index[0] + std::max<std::int64_t>(-k, 0),
                     index[0] + std::max<std::int64_t>(k, 0)};
    });
    v = diag(read(v), k).node();
  }

  std::mt19937_64 random_;
  bool copied_ = false;
};

array<std::int64_t> counting(extents const& shape) {
  ids values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  return array<std::int64_t>(values, shape);
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_programs_read_what_index_walking_reads) {
  int elements = 0, empty = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    BOOST_TEST_INFO_SCOPE("seed " << seed);
    program p(seed);
    extents const shape = p.draw_shape();
    array<std::int64_t> const x = counting(shape);
    lazy<std::int64_t> const later = x + 0;
    model m{shape, x.to_vector()};
    node_ptr v = seed % 3 == 0   ? x(ellipsis).node()
                 : seed % 3 == 1 ? later(ellipsis).node()
                                 : (x + 0)(ellipsis).node();
    for (auto steps = p.draw(1, 6); steps > 0; --steps) {
      p.step(v, m);
      if (p.draw(0, 9) == 0) evaluate(v);
    }
    BOOST_TEST(to_string(read(v).shape()) == to_string(m.shape));
    ids plus_one = m.at;
    for (auto& id : plus_one) ++id;
    BOOST_TEST((read(v) + 1).to_vector() == plus_one);  // fused, by strides
    BOOST_TEST(read(v).to_vector() == m.at);            // copied
    array<std::int64_t> const kept = read(v);
    BOOST_TEST(kept.to_vector() == m.at);
    (m.at.empty() ? empty : elements) += 1;
  }
  BOOST_TEST(elements > 1000);
  BOOST_TEST(empty > 300);
}

BOOST_AUTO_TEST_CASE(a_view_of_a_view_is_a_view_of_the_array) {
  array<std::int64_t> x = counting({4, 6});
  auto const inner = x(slice(1, _), slice(_, _, 2));
  auto const corner = inner(slice(_, _, -1), 1);
  BOOST_TEST((corner.to_vector() == ids{20, 14, 8}));
  BOOST_TEST((corner.node()->storage == x.node()->storage));
  auto const row = x(-1, _);
  BOOST_TEST(row.item(0) == 18);
  BOOST_TEST(x.item(3, 5) == 23);
  BOOST_TEST(x(1, 2).item() == 8);
  BOOST_TEST((x(ellipsis, 0).to_vector() == ids{0, 6, 12, 18}));
  BOOST_TEST(to_string(x(newaxis, ellipsis, newaxis, 0).shape()) == "(1, 4, 1)");
  BOOST_TEST((x(slice(2), slice(-1, _)).to_vector() == ids{5, 11}));
  BOOST_TEST((x(0, slice(_, _, -2)).to_vector() == ids{5, 3, 1}));
  BOOST_TEST((x(0, slice(-100, 100)).to_vector() == ids{0, 1, 2, 3, 4, 5}));
  BOOST_TEST((x(0, slice(100, -100, -3)).to_vector() == ids{5, 2}));
  std::int64_t const huge = std::numeric_limits<std::int64_t>::max();
  std::int64_t const tiny = std::numeric_limits<std::int64_t>::min();
  BOOST_TEST((x(1, slice(3, 5, huge)).to_vector() == ids{9}));
  BOOST_TEST((x(1, slice(tiny, huge, huge)).to_vector() == ids{6}));
  BOOST_TEST((x(1, slice(huge, tiny, tiny)).to_vector() == ids{11}));
  BOOST_TEST(x(slice(5, 2, huge), _).size() == 0);
  BOOST_TEST(x(slice(2, 3, tiny), _).size() == 0);
}

BOOST_AUTO_TEST_CASE(views_of_expressions_evaluate_them_once_for_the_view) {
  array<std::int64_t> x = counting({3, 4});
  BOOST_TEST((((x + 1) * 2).T()(0, _).to_vector() == ids{2, 10, 18}));
  BOOST_TEST(((x + 1).reshape(2, -1)(1, slice(3)).to_vector() == ids{7, 8, 9}));
  BOOST_TEST((reshape(x.T(), {2, 6})(0, _).to_vector() == ids{0, 4, 8, 1, 5, 9}));
  BOOST_TEST((transpose(x * 2).to_vector() == ids{0, 8, 16, 2, 10, 18, 4, 12, 20, 6, 14, 22}));
  lazy<std::int64_t> y = x * x;
  auto const view = y.T()(slice(1, 3), slice(_, _, -1));
  BOOST_TEST(!y.node()->done());
  BOOST_TEST((view.to_vector() == ids{81, 25, 1, 100, 36, 4}));
  BOOST_TEST(y.node()->done());
}

BOOST_AUTO_TEST_CASE(diag_of_a_vector_is_a_matrix) {
  array<std::int64_t> x{1, 2};
  BOOST_TEST((diag(x).to_vector() == ids{1, 0, 0, 2}));
  BOOST_TEST((diag(x, 1).to_vector() == ids{0, 1, 0, 0, 0, 2, 0, 0, 0}));
  BOOST_TEST((diag(x + 1, -1).to_vector() == ids{0, 0, 0, 2, 0, 0, 0, 3, 0}));
  BOOST_TEST((diag(diag(x, 1), 1).to_vector() == ids{1, 2}));
  BOOST_TEST(diag(counting({3, 2}), 5).size() == 0);
}

BOOST_AUTO_TEST_CASE(traces_are_sums_of_diagonals) {
  array<std::int32_t> const x = arange<std::int32_t>(12).reshape(3, 4);
  static_assert(std::is_same_v<decltype(trace(x).item()), std::int64_t>);
  BOOST_TEST(trace(x).item() == 0 + 5 + 10);
  BOOST_TEST(trace(x, 1).item() == 1 + 6 + 11);
  BOOST_TEST(trace(x.T(), 5).item() == 0);
  BOOST_TEST(trace(x * 0.5).item() == 7.5);
  BOOST_TEST(trace(x > 4).item() == 2);
  BOOST_TEST((diagonal(x + 1, -1).to_vector() == std::vector<std::int32_t>{5, 10}));
  BOOST_TEST(trace(zeros(0, 0)).item() == 0);
  REFUSES_HERE(shape_error, "diagonal: takes a 2-D array, not shape (4,)", trace(x(0, _)));
}

BOOST_AUTO_TEST_CASE(views_refuse_what_does_not_fit) {
  array<std::int64_t> x = counting({3, 4});
  REFUSES_HERE(index_error, "index 3 is out of range for axis 0 of shape (3, 4)", x(3, _));
  REFUSES_HERE(index_error, "index -5 is out of range for axis 1 of shape (3, 4)", x(_, -5));
  REFUSES_HERE(index_error, "subscript: 3 indices for shape (3, 4)", x(0, _, 1));
  REFUSES_HERE(index_error, "subscript: more than one ellipsis", x(ellipsis, 0, ellipsis));
  REFUSES_HERE(index_error, "slice: the step is 0", x(slice(0, 1, 0)));
  REFUSES_HERE(index_error, "index 0 is out of range for axis 0 of shape (0, 4)",
               x(slice(0), _)(0));
  REFUSES_HERE(shape_error, "reshape: shape (3, 4) (12 elements) does not fit (5, -1)",
               reshape(x, {5, -1}));
  REFUSES_HERE(shape_error, "reshape: shape (3, 4) (12 elements) does not fit (3, 5)",
               x.reshape(extents{3, 5}));
  REFUSES_HERE(shape_error, "reshape: more than one -1 in (-1, -1)", reshape(x, {-1, -1}));
  REFUSES_HERE(shape_error, "reshape: shape (3, 4) (12 elements) does not fit (-2, -6)",
               reshape(x, {-2, -6}));
  REFUSES_HERE(shape_error, "reshape: shape (0, 4) (0 elements) does not fit (0, -1)",
               reshape(x(slice(0), _), {0, -1}));
  REFUSES(shape_error, "reshape: shape (3, 4) (12 elements) does not fit (5, 2)", x.reshape(5, 2));
  REFUSES_HERE(shape_error, "squeeze: axis 1 of shape (3, 4) has extent 4", squeeze(x, -1));
  REFUSES_HERE(index_error, "squeeze: axis 2 is out of range for rank 2", squeeze(x, 2));
  REFUSES_HERE(index_error, "expand_dims: axis 4 is out of range for rank 3", expand_dims(x, 4));
  REFUSES_HERE(shape_error, "broadcast_to: shapes do not broadcast: (3, 4) and (2, 4)",
               broadcast_to(x, {2, 4}));
  REFUSES_HERE(shape_error, "broadcast_to: shape (3, 4) does not broadcast to (4,)",
               broadcast_to(x, {4}));
  REFUSES_HERE(shape_error, "transpose: 1 axes for shape (3, 4)", transpose(x, {0}));
  REFUSES_HERE(shape_error, "transpose: axis 1 is given twice", transpose(x, {1, -1}));
  REFUSES_HERE(index_error, "transpose: axis 2 is out of range for rank 2", transpose(x, {0, 2}));
  REFUSES_HERE(shape_error, "diagonal: takes a 2-D array, not shape (2, 3, 2)",
               diag(counting({2, 3, 2})));
  REFUSES_HERE(shape_error, "item: shape (4,) has 4 elements, not one", x(0, _).item());
  REFUSES(shape_error, "item: shape (4,) has 4 elements, not one", x.item(0));
  REFUSES(index_error, "index 4 is out of range for axis 1 of shape (3, 4)", x.item(0, 4));
  BOOST_TEST((x.to_vector() == counting({3, 4}).to_vector()));
}

BOOST_AUTO_TEST_SUITE_END()
