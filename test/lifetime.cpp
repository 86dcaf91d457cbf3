// Nothing dangles, nothing leaks, and an exception leaves every array as it was.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <memory>

using namespace sloth;

// Written before main, freed after it.
array<double> const static_array = ones(3) * 2;
lazy<double> static_lazy = static_array + 1;

BOOST_AUTO_TEST_SUITE(lifetime)

namespace {

using values = std::vector<double>;

auto shifted(array<double> const& x) { return x + 1; }
auto of_a_local() {
  array<double> const x{1, 2, 3};
  auto const half = x / 2;
  return half + shifted(x * x);
}

struct layer {
  array<double> weights;
  lazy<double> scaled;
  explicit layer(array<double> w) : weights(std::move(w)), scaled(weights * 2) {}
  auto operator()(array<double> const& x) const { return relu(scaled + x); }
};

/// Sets a memory limit until the scope ends.
struct limit_scope {
  explicit limit_scope(std::size_t bytes) {
    trim_memory();
    memory_limit(bytes);
  }
  ~limit_scope() { memory_limit(SIZE_MAX); }
};

/// Memory in use goes back to what it was when the scope began.
struct no_leak {
  std::size_t before = memory().in_use;
  ~no_leak() { BOOST_TEST(memory().in_use == before); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(expressions_outlive_their_operands) {
  no_leak const check;
  auto const returned = of_a_local();
  auto const dead = array<double>{1, 2} + array<double>{3, 4} * 2;
  auto const view = array<double>{{1, 2}, {3, 4}}.T()(0, _);
  auto const row = (array<double>{{1, 2}, {3, 4}} & array<double>{{1, 0}, {0, 1}})(1, _);
  BOOST_TEST((returned.to_vector() == values{2.5, 6, 11.5}));
  BOOST_TEST((returned.to_vector() == values{2.5, 6, 11.5}));  // and once more
  BOOST_TEST((dead.to_vector() == values{7, 10}));
  BOOST_TEST((view.to_vector() == values{1, 3}));
  BOOST_TEST((row.to_vector() == values{3, 4}));
  auto const captured = [x = array<double>{5, 6}] { return x * x; };
  auto const squares = captured();
  BOOST_TEST((squares.to_vector() == values{25, 36}));
  auto const total = [] {
    array<double> const x{1, 2, 3};
    return sum(x + 1);
  }();
  BOOST_TEST(total.item() == 9);
}

BOOST_AUTO_TEST_CASE(a_named_expression_is_bound_as_often_as_it_is_used) {
  no_leak const check;
  array<double> x{1, 2, 3};
  auto const e = x * x + x;
  array<double> y = e;
  BOOST_TEST((y.to_vector() == values{2, 6, 12}));
  y = e;
  y(_) = e;
  lazy<double> const l = e;
  BOOST_TEST(x.node()->references() == 1 + 3 + 1);  // the array's, the tree's leaves', the lazy's
  x += 1;
  BOOST_TEST((y.to_vector() == values{2, 6, 12}));
  BOOST_TEST((l.to_vector() == values{2, 6, 12}));
  BOOST_TEST((e.to_vector() == values{2, 6, 12}));
  BOOST_TEST(sum(e).item() == 20);
}

BOOST_AUTO_TEST_CASE(members_and_containers_hold_lazies) {
  no_leak const check;
  auto const y = [] {
    layer const l(array<double>{1, -5});
    return l(ones(2));
  }();
  BOOST_TEST((y.to_vector() == values{3, 0}));
  std::vector<lazy<double>> steps;
  array<double> x{1, 2};
  for (int i = 0; i < 100; ++i) {
    steps.push_back(i == 0 ? lazy<double>(x) : steps.back() + x);
    if (i % 10 == 9) x += 1;  // earlier steps keep the old x
  }
  lazy<double> const last = steps.back();
  steps.erase(steps.begin(), steps.begin() + 99);
  steps.clear();
  double expected = 0;
  for (int i = 0; i < 100; ++i) expected += 1 + i / 10;
  BOOST_TEST((last.to_vector() == values{expected, expected + 100}));
  layer a(array<double>{1, 2}), b = a;
  a.weights(0) = 100;
  BOOST_TEST((b.weights.to_vector() == values{1, 2}));
  BOOST_TEST((a.scaled.to_vector() == values{2, 4}));
  b = std::move(a);
  BOOST_TEST((b.weights.to_vector() == values{100, 2}));
}

BOOST_AUTO_TEST_CASE(moved_from_objects_can_be_assigned_and_destroyed) {
  no_leak const check;
  array<double> x{1, 2}, y = std::move(x);
  x = y + 1;
  BOOST_TEST((x.to_vector() == values{2, 3}));
  lazy<double> l = x * 2, m = std::move(l);
  l = m + 1;
  BOOST_TEST((l.to_vector() == values{5, 7}));
  auto e = x + y;
  auto f = std::move(e);
  BOOST_TEST((f.to_vector() == values{3, 5}));
  array<double> z = std::move(y) + 1;  // the array is the expression's now
  BOOST_TEST((z.to_vector() == values{2, 3}));
  y = z;
  array<double> w = std::move(x);
  x = std::move(w);
  x = static_cast<array<double>&&>(x);
  BOOST_TEST((x.to_vector() == values{2, 3}));
  BOOST_TEST(array<double>().size() == 0);
}

BOOST_AUTO_TEST_CASE(long_chains_build_and_free) {
  no_leak const check;
  array<double> const x{1, 2};
  lazy<double> chain = x;
  for (int i = 0; i < 1'000'000; ++i) chain = chain + 1;
  BOOST_TEST(!chain.node()->done());
  chain = x;
  for (int i = 0; i < 100'000; ++i) chain = chain + 1;
  std::string const plan = explain(chain);
  BOOST_TEST(std::count(plan.begin(), plan.end(), '\n') == 100'001);
  reset_memory_statistics();
  std::size_t const before = memory().in_use;
  BOOST_TEST((chain.to_vector() == values{100'001, 100'002}));
  BOOST_TEST(memory().peak - before < 1024u);  // temporaries are freed at their last use
  BOOST_TEST(explain(chain) == "");
  // Views of views, and products.
  lazy<double> turns = array<double>{{1, 2}, {3, 4}} + 0;
  for (int i = 0; i < 100'000; ++i) turns = lazy<double>(turns.T());
  BOOST_TEST((turns.to_vector() == values{1, 2, 3, 4}));
  lazy<double> product = array<double>{{0, 1}, {1, 0}};
  for (int i = 0; i < 10'001; ++i) product = product & product;
  BOOST_TEST((product.to_vector() == values{1, 0, 0, 1}));
}

BOOST_AUTO_TEST_CASE(adopted_memory_is_written_in_place_and_left_for_a_copy) {
  no_leak const check;
  int released = 0;
  auto const adopt = [&](values& memory, extents const& shape) {
    return array<double>::adopt(memory.data(), shape,
                                std::shared_ptr<void>(memory.data(), [&](void*) { ++released; }));
  };
  values mine{1, 2, 3, 4};
  {
    array<double> x = adopt(mine, {2, 2});
    BOOST_TEST(std::as_const(x).data() == mine.data());
    x += 1;
    x(0, _) = x(1, _);
    BOOST_TEST((mine == values{4, 5, 4, 5}));
    BOOST_TEST(x.data() == mine.data());
    mine[0] = 9;
    BOOST_TEST(x.item(0, 0) == 9);
    BOOST_TEST(released == 0);
  }
  BOOST_TEST(released == 1);
  {
    array<double> x = adopt(mine, {4});
    lazy<double> const pending = x * 2;
    array<double> const copy = x;
    x += 1;  // leaves the user's memory to the copy
    BOOST_TEST((mine == values{9, 5, 4, 5}));
    BOOST_TEST(copy.data() == mine.data());
    BOOST_TEST((x.to_vector() == values{10, 6, 5, 6}));
    BOOST_TEST(released == 1);
    BOOST_TEST((pending.to_vector() == values{18, 10, 8, 10}));
  }
  BOOST_TEST(released == 2);
  {
    array<double> x = adopt(mine, {2, 2});
    lazy<double> const view = x.T();
    x = zeros(2, 2);
    BOOST_TEST(released == 2);  // the view still reads it
    BOOST_TEST((view.to_vector() == values{9, 4, 5, 5}));
  }
  BOOST_TEST(released == 3);
}

BOOST_AUTO_TEST_CASE(out_of_memory_in_the_middle_of_a_plan_leaves_everything_as_it_was) {
  no_leak const check;
  std::int64_t const n = 1 << 16;
  array<double> x = ones(n);
  array<double> const keeper = x;
  std::size_t const bytes = n * sizeof(double);
  lazy<double> const first = x + 1;
  lazy<double> const second = first * first - first;
  lazy<double> const third = second(slice(_, _, -1)) + second;
  int caught = 0;
  {
    limit_scope const scope(memory().in_use + bytes + bytes / 2);  // room for one temporary
    try {
      array<double> const y = third;
      BOOST_ERROR("the limit is not kept");
    } catch (std::bad_alloc const&) {
      ++caught;
    }
    try {
      evaluate(third.node());
    } catch (sloth::error const&) {
      ++caught;
    }
    try {
      (void)third.to_vector();
    } catch (std::exception const&) {
      ++caught;
    }
    try {
      auto [a, b] = eval(third, x * 2);
    } catch (out_of_memory const& thrown) {
      BOOST_TEST(thrown.wanted() == bytes);
      BOOST_TEST(std::string(thrown.what()).starts_with("out_of_memory: wanted 524288 bytes, "));
      ++caught;
    }
    BOOST_TEST(caught == 4);
    BOOST_TEST(!third.node()->done());
    // An assignment that needs a temporary or a copy changes nothing.
    BOOST_CHECK_THROW(x += 1, out_of_memory);
    BOOST_CHECK_THROW(x(slice(1, _)) = x(slice(_, -1)), out_of_memory);
    if (current_device() == host)  // else the copy is made on the host, which has no limit here
      BOOST_CHECK_THROW((void)x.data(), out_of_memory);
    BOOST_TEST(std::as_const(x).data() == keeper.data());
    BOOST_TEST(bool(all(keeper == 1)));
    x = zeros(2);
  }
  array<double> const y = third;
  BOOST_TEST(y.item(0) == 4);
  BOOST_TEST(bool(all(keeper == 1)));
  REFUSES(
      out_of_memory,
      "wanted 8000000000000000000 bytes, " + std::to_string(std::size_t{SIZE_MAX}) + " are free",
      [] {
        limit_scope const scope(SIZE_MAX);
        throw out_of_memory(8'000'000'000'000'000'000, SIZE_MAX);
      }());
}

BOOST_AUTO_TEST_CASE(objects_of_static_storage_duration_work) {
  BOOST_TEST((static_array.to_vector() == values{2, 2, 2}));
  BOOST_TEST((static_lazy.to_vector() == values{3, 3, 3}));
  static array<double> kept = static_lazy;
  kept += 1;
  BOOST_TEST((kept.to_vector() == values{4, 4, 4}));
}

BOOST_AUTO_TEST_SUITE_END()
