// Writing: what x(...) = e and x += e change, what keeps its values, and when memory is copied.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(aliasing)

namespace {

using values = std::vector<std::int64_t>;
using matrix = array<std::int64_t>;

matrix counting(std::int64_t rows, std::int64_t columns) {
  values v(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<std::int64_t>(i);
  return matrix(v, {rows, columns}) + 0;  // on the device where expressions are evaluated
}

/// On the host, and on the GPU where expressions are evaluated there.
std::size_t allocations() {
  return memory(host).allocations + (current_device() == gpu ? memory(gpu).allocations : 0);
}
/// Where the elements are, on whatever device.
std::byte const* address(matrix const& x) { return x.node()->data(); }

/// Runs the statement; true when it left `x` in its memory.
template <class F>
bool stays(matrix const& x, F&& statement) {
  auto const* before = address(x);
  statement();
  return address(x) == before;
}
/// Runs the statement; how many allocations it made.
template <class F>
std::size_t allocated_by(F&& statement) {
  std::size_t const before = allocations();
  statement();
  return allocations() - before;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_temporary_writes) {
  matrix x = counting(2, 3);
  x(0, _) = 7;
  BOOST_TEST((x.to_vector() == values{7, 7, 7, 3, 4, 5}));
  x(_, 1) += 10;
  BOOST_TEST((x.to_vector() == values{7, 17, 7, 3, 14, 5}));
  x(1, slice(1, _)) *= 2;
  x(ellipsis) -= 1;
  BOOST_TEST((x.to_vector() == values{6, 16, 6, 2, 27, 9}));
  x(_, slice(_, _, 2)) %= 4;
  BOOST_TEST((x.to_vector() == values{2, 16, 2, 2, 27, 1}));
  x(slice(1), _)(0, 1) = -1;  // a part of the temporary
  x(_, slice(1, _))(1, 0) += 3;
  BOOST_TEST((x.to_vector() == values{2, -1, 2, 2, 30, 1}));
  x(1, 2) = x(0, 0) + x(0, 1);
  BOOST_TEST(x.item(1, 2) == 1);
  x(newaxis, 0, slice(2)) = matrix{{5, 6}};
  BOOST_TEST((x.to_vector() == values{5, 6, 2, 2, 30, 1}));
  x(_, _) = true;
  BOOST_TEST((x.to_vector() == values(6, 1)));
  x(slice(0), _) = counting(1, 3);  // no elements: nothing happens
  BOOST_TEST((x.to_vector() == values(6, 1)));
}

BOOST_AUTO_TEST_CASE(values_broadcast_into_the_region_and_never_stretch_it) {
  matrix x = counting(2, 3);
  x(_, _) = matrix{1, 2, 3};
  BOOST_TEST((x.to_vector() == values{1, 2, 3, 1, 2, 3}));
  x(_, slice(2)) = matrix{{8}, {9}};
  BOOST_TEST((x.to_vector() == values{8, 8, 3, 9, 9, 3}));
  REFUSES_HERE(shape_error, "assignment: shapes do not broadcast: (3,) and (2,)",
               x(0, _) = matrix{1, 2});
  REFUSES_HERE(shape_error, "assignment: shape (2, 3) does not fit (3,)", x(0, _) = counting(2, 3));
  REFUSES_HERE(shape_error, "assignment: shape (3,) does not fit (1,)",
               x(0, slice(1)) = matrix{1, 2, 3});
  REFUSES_HERE(shape_error, "assignment: shape (1, 2, 3) does not fit (2, 3)",
               x += counting(2, 3)(newaxis, _, _));
  REFUSES_HERE(shape_error, "add: shapes do not broadcast: (2, 3) and (2,)", x += matrix{1, 2});
  REFUSES_HERE(shape_error, "assignment: shapes do not broadcast: (0,) and (2,)",
               x(0, slice(0)) = matrix{1, 2});
  BOOST_TEST((x.to_vector() == values{8, 8, 3, 9, 9, 3}));
}

BOOST_AUTO_TEST_CASE(overlapping_reads_see_the_old_values) {
  auto const after = [](auto statement) {
    matrix x = counting(1, 6)(0, _);
    statement(x);
    return x.to_vector();
  };
  BOOST_TEST(
      (after([](matrix& x) { x(slice(1, _)) = x(slice(_, -1)); }) == values{0, 0, 1, 2, 3, 4}));
  BOOST_TEST(
      (after([](matrix& x) { x(slice(_, -1)) = x(slice(1, _)); }) == values{1, 2, 3, 4, 5, 5}));
  BOOST_TEST((after([](matrix& x) { x(slice(_, _, -1)) = x; }) == values{5, 4, 3, 2, 1, 0}));
  BOOST_TEST(
      (after([](matrix& x) { x(ellipsis) = x(slice(_, _, -1)); }) == values{5, 4, 3, 2, 1, 0}));
  BOOST_TEST((after([](matrix& x) { x = x(slice(_, _, -1)); }) == values{5, 4, 3, 2, 1, 0}));
  BOOST_TEST((after([](matrix& x) { x += x(slice(_, _, -1)); }) == values(6, 5)));
  BOOST_TEST(
      (after([](matrix& x) { x(slice(3)) = x(slice(_, _, 2)); }) == values{0, 2, 4, 3, 4, 5}));
  BOOST_TEST((after([](matrix& x) { x(slice(1, 4)) = x(slice(_, _, 2)) + x(slice(1, _, 2)); }) ==
              values{0, 1, 5, 9, 4, 5}));
  BOOST_TEST((after([](matrix& x) { x(slice(_, _, 2)) = x(slice(1, _, 2)); }) ==
              values{1, 1, 3, 3, 5, 5}));
  BOOST_TEST((after([](matrix& x) { x(_) = x(0) + x(-1); }) == values(6, 5)));
  BOOST_TEST((after([](matrix& x) { x -= sum(x); }) == values{-15, -14, -13, -12, -11, -10}));
}

BOOST_AUTO_TEST_CASE(square_matrices_and_their_transposes) {
  std::int64_t const n = 70;  // above one tile
  matrix const start = counting(n, n);
  values sum(n * n);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) sum[i * n + j] = i * n + j + j * n + i;
  matrix x = start;
  x = x.T() + x;
  BOOST_TEST((x.to_vector() == sum));
  x = start;
  x += x.T();
  BOOST_TEST((x.to_vector() == sum));
  x = start;
  x(ellipsis) = x.T() + x;
  BOOST_TEST((x.to_vector() == sum));
  x = start;
  x = x.T();
  x(_, _) = x.T();
  BOOST_TEST((x.to_vector() == start.to_vector()));
  x(_, _) = x(0, _);  // a row of itself, in all rows
  BOOST_TEST(bool(all(x == start(0, _))));
  x = start;
  x(_, _) = x(_, slice(1, 2));  // a column of itself, in all columns
  BOOST_TEST(bool(all(x == start(_, slice(1, 2)))));
  x = start;
  x(_, 3) = x(_, 5);
  x(0, _) = x(1, _);
  BOOST_TEST(bool(all(x(slice(1, _), 3) == start(slice(1, _), 5))));
  BOOST_TEST(x.item(0, 3) == start.item(1, 5));
  x = start;
  x(0, _) = x(_, 0);
  x(_, 0) = x(0, _);
  BOOST_TEST(bool(all(x(_, 0) == start(_, 0))));
  x = start;
  x -= max(x, last_axis, keepdims);
  BOOST_TEST(bool(all(x == start - max(start, last_axis, keepdims))));
  x = start;
  x(_, slice(_, _, -1)) -= max(x, last_axis, keepdims);
  BOOST_TEST(bool(all(x == start - max(start, last_axis, keepdims))));
  x = start;
  x -= max(x.T(), last_axis, keepdims);
  BOOST_TEST(bool(all(x == start - max(start, axis(0))(_, newaxis))));
}

BOOST_AUTO_TEST_CASE(writes_are_in_place_when_only_the_array_reaches_its_memory) {
  matrix x = counting(50, 50);
  auto const in_place = [&](auto statement) {
    auto const* before = address(x);
    std::size_t const count = allocated_by(statement);
    return address(x) == before && count == 0;
  };
  BOOST_TEST(in_place([&] { x += 1; }));
  BOOST_TEST(in_place([&] { x *= x; }));
  BOOST_TEST(in_place([&] { x += x - 2 * x; }));
  BOOST_TEST(in_place([&] { x(_, 3) = x(_, 3) * 2; }));
  BOOST_TEST(in_place([&] { x(_, 3) += x(_, 3); }));
  BOOST_TEST(in_place([&] { x(0, _) = x(1, _); }));  // disjoint
  BOOST_TEST(in_place([&] { x(slice(10), _) = x(slice(10, 20), _) - x(slice(40, _), _); }));
  BOOST_TEST(in_place([&] { x(slice(10), _)(3, _) = 4; }));
  BOOST_TEST(in_place([&] { x(slice(_, _, -1), slice(_, _, -2)) %= 5; }));
  BOOST_TEST(in_place([&] { x -= max(x, last_axis, keepdims); }));
  matrix const y = counting(50, 50);
  BOOST_TEST(in_place([&] { x += y; }));
  BOOST_TEST(in_place([&] { x(0, _) = y(3, _); }));
  BOOST_TEST(in_place([&] { x(ellipsis) = arange(50); }));
  { auto const dead = x(0, _) + 1; }  // what is gone reads nothing
  { matrix const dead = x; }
  BOOST_TEST(in_place([&] { x += 1; }));
  auto const* const mine = reinterpret_cast<std::byte const*>(x.data());
  BOOST_TEST(mine == address(x));
  // An overlap takes one temporary of the region, and the array stays where it is.
  auto const* before = address(x);
  BOOST_TEST(allocated_by([&] { x(slice(1, _), _) = x(slice(_, -1), _); }) == 1u);
  BOOST_TEST(allocated_by([&] { x += x.T(); }) == 1u);
  BOOST_TEST(address(x) == before);
}

BOOST_AUTO_TEST_CASE(whoever_still_needs_the_old_values_keeps_them) {
  matrix x = counting(3, 4);
  matrix const start = counting(3, 4);
  auto const old = [&](auto const& reader) { return bool(all(reader == start)); };
  // A write moves the array away once; the next one is in place again.
  auto const moves_once = [&] {
    auto const* before = address(x);
    x += 1;
    auto const* after = address(x);
    x += 1;
    return after != before && address(x) == after;
  };
  matrix const copy = x;
  BOOST_TEST((address(copy) == address(x)));  // shared until one writes
  BOOST_TEST(moves_once());
  BOOST_TEST(old(copy));
  x(ellipsis) = start;
  auto const snapshot = x(_, _);
  BOOST_TEST(moves_once());
  BOOST_TEST(old(snapshot));
  x(ellipsis) = start;
  auto const expression = x * 2 - x;
  BOOST_TEST(moves_once());
  BOOST_TEST(old(expression));
  x(ellipsis) = start;
  lazy<std::int64_t> const pending = x * 2 - x;
  BOOST_TEST(moves_once());
  BOOST_TEST(old(pending));
  BOOST_TEST(moves_once() == false);  // computed: it reads x no more
  x(ellipsis) = start;
  lazy<std::int64_t> const same = x;
  BOOST_TEST(moves_once());
  BOOST_TEST(old(same));
  x(ellipsis) = start;
  auto const transposed = x.T();
  BOOST_TEST(moves_once());
  BOOST_TEST(old(transposed.T()));
  x(ellipsis) = start;
  auto const product = x.T() & x;
  BOOST_TEST(moves_once());
  BOOST_TEST(bool(all(product == (start.T() & start))));
  x(ellipsis) = start;
  auto const total = sum(x, axis(0));
  BOOST_TEST(moves_once());
  BOOST_TEST(bool(all(total == sum(start, axis(0)))));
  x(ellipsis) = start;
  {
    auto const row = x(0, _);
    x(1, _) = 0;  // another part of the same memory: row keeps the old one all the same
    BOOST_TEST((row.to_vector() == values{0, 1, 2, 3}));
  }
  x(ellipsis) = start;
  {
    auto named = x + 1;  // a named expression survives the write that uses it
    x(ellipsis) = named;
    BOOST_TEST((x.to_vector() == (start + 1).to_vector()));
    BOOST_TEST((named.to_vector() == (start + 1).to_vector()));
    x(ellipsis) = start;
    auto moved = x + 1;
    BOOST_TEST(allocated_by([&] { x(ellipsis) = std::move(moved); }) == 0u);
    BOOST_TEST((x.to_vector() == (start + 1).to_vector()));
  }
}

BOOST_AUTO_TEST_CASE(copies_write_apart) {
  matrix x = counting(2, 2), y = x, z;
  z = y;
  y(0, 0) = 100;
  z += 1;
  x(1, 1) = -1;
  BOOST_TEST((x.to_vector() == values{0, 1, 2, -1}));
  BOOST_TEST((y.to_vector() == values{100, 1, 2, 3}));
  BOOST_TEST((z.to_vector() == values{1, 2, 3, 4}));
  matrix part = x(1, _);  // contiguous: shares until it writes
  BOOST_TEST((address(part) == address(x) + 2 * sizeof(std::int64_t)));
  part(0) = 50;
  BOOST_TEST((x.to_vector() == values{0, 1, 2, -1}));
  BOOST_TEST((part.to_vector() == values{50, -1}));
  matrix shared = x;
  *shared.data() = 9;  // non-const data() detaches
  BOOST_TEST(x.item(0, 0) == 0);
  BOOST_TEST(shared.item(0, 0) == 9);
  lazy<std::int64_t> const later = x + 1;
  *x.data() = 40;
  BOOST_TEST(later.item(0, 0) == 1);
  matrix& itself = x;
  x = itself;
  BOOST_TEST(x.item(0, 0) == 40);
}

BOOST_AUTO_TEST_CASE(views_of_the_array_after_a_copy_read_the_copy) {
  matrix x = counting(4, 4)(slice(1, _), _);  // an offset into its memory
  matrix const keeper = x;
  x(slice(1, _), slice(2, _)) = 0;  // copies, and the region moves along
  BOOST_TEST((x.to_vector() == values{4, 5, 6, 7, 8, 9, 0, 0, 12, 13, 0, 0}));
  BOOST_TEST((keeper.to_vector() == values{4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  matrix const other = x;
  x(slice(_, _, -1), _)(0, slice(_, _, 2)) += 1;
  BOOST_TEST((x.to_vector() == values{4, 5, 6, 7, 8, 9, 0, 0, 13, 13, 1, 0}));
}

BOOST_AUTO_TEST_CASE(casts_in_place_are_same_kind) {
  array<float> f = ones<float>(3);
  array<double> const d{0.5, 1.5, 1e300};
  f(ellipsis) = d;
  BOOST_TEST((f.to_vector() == std::vector<float>{0.5f, 1.5f, INFINITY}));
  f += d;
  BOOST_TEST((f.to_vector() == std::vector<float>{1.f, 3.f, INFINITY}));
  f /= 2;
  f(2) = 7;
  BOOST_TEST((f.to_vector() == std::vector<float>{0.5f, 1.5f, 7.f}));
  array<std::uint8_t> bytes = zeros<std::uint8_t>(2);
  bytes(ellipsis) = array<std::uint16_t>{258, 3};  // wraps, as NumPy's
  BOOST_TEST((bytes.to_vector() == std::vector<std::uint8_t>{2, 3}));
  bytes += bytes * 100;
  BOOST_TEST((bytes.to_vector() == std::vector<std::uint8_t>{202, 47}));
  REFUSES_HERE(dtype_error, "256 does not fit uint8", bytes(0) = 256);
  REFUSES_HERE(dtype_error, "-1 does not fit uint8", bytes += -1);
  REFUSES_HERE(dtype_error, "0.5 is not an integer, so it does not fit uint8", bytes(1) = 0.5);
  REFUSES_HERE(dtype_error, "(1+2j) is complex, so it does not fit float32",
               f(0) = std::complex<double>(1, 2));
  BOOST_TEST((bytes.to_vector() == std::vector<std::uint8_t>{202, 47}));
}

// Random statements on three arrays and snapshots of them, against plain vectors.
BOOST_AUTO_TEST_CASE(random_programs_do_what_plain_loops_do) {
  std::mt19937_64 random(20240611);
  auto const draw = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  struct snapshot {
    lazy<std::int64_t> reader;
    values expected;
  };
  struct axis_slice {
    std::int64_t start, step;
    std::int64_t at(std::int64_t i) const { return start + i * step; }
    index_item item(std::int64_t count, std::int64_t n) const {
      std::int64_t const stop = start + (count - 1) * step + (step > 0 ? 1 : -1);
      return slice(start, stop < 0 ? slice::bound(_) : slice::bound(stop == n ? n : stop), step);
    }
  };
  for (int run = 0; run < 2500; ++run) {
    BOOST_TEST_INFO_SCOPE("run " << run);
    std::int64_t const n = draw(1, 9);
    matrix x[3] = {counting(n, n), counting(n, n) * 3, counting(n, n) - 5};
    values m[3] = {x[0].to_vector(), x[1].to_vector(), x[2].to_vector()};
    std::vector<snapshot> snapshots;
    // A slice of `count` of the n indices, in either direction.
    auto const draw_slice = [&](std::int64_t count) {
      std::int64_t const most = count > 1 ? (n - 1) / (count - 1) : 1;
      std::int64_t const step = draw(1, std::max<std::int64_t>(most, 1));
      std::int64_t const start = draw(0, n - 1 - (count - 1) * step);
      return draw(0, 1) ? axis_slice{start, step} : axis_slice{start + (count - 1) * step, -step};
    };
    for (auto statements = draw(2, 10); statements > 0; --statements) {
      std::int64_t const rows = draw(1, n), columns = draw(1, n);
      auto const to = draw(0, 2), from = draw(0, 2), other = draw(0, 2);
      axis_slice const r[3] = {draw_slice(rows), draw_slice(rows), draw_slice(rows)};
      axis_slice const c[3] = {draw_slice(columns), draw_slice(columns), draw_slice(columns)};
      auto const part = [&](matrix& of, int k) -> decltype(auto) {
        return of(r[k].item(rows, n), c[k].item(columns, n));
      };
      auto const element = [&](std::int64_t of, int k, std::int64_t i, std::int64_t j) {
        return m[of][static_cast<std::size_t>(r[k].at(i) * n + c[k].at(j))];
      };
      // What the right-hand side is at (i, j), read before anything is written.
      auto const write = [&](auto const& value) {
        values next = m[to];
        for (std::int64_t i = 0; i < rows; ++i)
          for (std::int64_t j = 0; j < columns; ++j)
            next[static_cast<std::size_t>(r[0].at(i) * n + c[0].at(j))] = value(i, j);
        m[to] = next;
      };
      switch (draw(0, 10)) {
        case 0:
          part(x[to], 0) = part(x[from], 1);
          write([&](auto i, auto j) { return element(from, 1, i, j); });
          break;
        case 1:
          part(x[to], 0) = part(x[from], 1) + part(x[other], 2);
          write([&](auto i, auto j) { return element(from, 1, i, j) + element(other, 2, i, j); });
          break;
        case 2:
          part(x[to], 0) += part(x[from], 1);
          write([&](auto i, auto j) { return element(to, 0, i, j) + element(from, 1, i, j); });
          break;
        case 3:
          part(x[to], 0) = 17;
          write([&](auto, auto) { return 17; });
          break;
        case 4:
          part(x[to], 0) += 17;
          write([&](auto i, auto j) { return element(to, 0, i, j) + 17; });
          break;
        case 5:  // a row of one array into every row of the region
          part(x[to], 0) = x[from](r[1].at(0), c[1].item(columns, n));
          write([&](auto, auto j) { return element(from, 1, 0, j); });
          break;
        case 6: {
          x[to] += x[from].T();
          values next = m[to];
          for (std::int64_t i = 0; i < n; ++i)
            for (std::int64_t j = 0; j < n; ++j)
              next[static_cast<std::size_t>(i * n + j)] +=
                  m[from][static_cast<std::size_t>(j * n + i)];
          m[to] = next;
          break;
        }
        case 7:
          x[to] = x[from];
          m[to] = m[from];
          break;
        case 8: snapshots.push_back({x[from], m[from]}); break;
        case 9: {  // pending, of a view
          values expected = m[from];
          for (std::int64_t i = 0; i < n; ++i)
            std::reverse(expected.begin() + i * n, expected.begin() + (i + 1) * n);
          for (auto& v : expected) v += 1;
          snapshots.push_back({x[from](_, slice(_, _, -1)) + 1, expected});
          break;
        }
        default:
          if (!snapshots.empty())
            snapshots.erase(snapshots.begin() + draw(0, std::ssize(snapshots) - 1));
      }
      // A slip in one statement must not hide behind the next.
      BOOST_TEST((x[to].to_vector() == m[to]));
    }
    for (int k = 0; k < 3; ++k) BOOST_TEST((x[k].to_vector() == m[k]));
    for (auto const& s : snapshots) BOOST_TEST((s.reader.to_vector() == s.expected));
  }
}

BOOST_AUTO_TEST_CASE(an_expression_takes_its_arrays_own_memory_only_where_nothing_else_needs_it) {
  matrix x = counting(3, 3), y = counting(3, 3);
  BOOST_TEST(allocated_by([&] { x = x * 2 + y; }) == 0u);
  BOOST_TEST((x.to_vector() == values{0, 3, 6, 9, 12, 15, 18, 21, 24}));
  BOOST_TEST(allocated_by([&] { x = y + 1; }) == 0u);
  BOOST_TEST((x.to_vector() == values{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  BOOST_TEST(!stays(x, [&] { x = x.T() + x; }));  // reads elsewhere than it writes
  BOOST_TEST((x.to_vector() == values{2, 6, 10, 6, 10, 14, 10, 14, 18}));

  auto const before = x + 0;  // still means the old values
  BOOST_TEST(!stays(x, [&] { x = x + 1; }));
  BOOST_TEST((before.to_vector() == values{2, 6, 10, 6, 10, 14, 10, 14, 18}));
  matrix const other = x;
  BOOST_TEST(!stays(x, [&] { x = x + 1; }));
  BOOST_TEST(other.item(0, 0) == 3);
  lazy<std::int64_t> const pending = x & x;
  BOOST_TEST(!stays(x, [&] { x = x - x; }));
  BOOST_TEST(pending.item(0, 0) == 4 * 4 + 8 * 8 + 12 * 12);

  matrix const of_x = x & y;  // a product's operands are done with
  BOOST_TEST(stays(x, [&] { x = of_x + 1; }));
  BOOST_TEST(!stays(x, [&] { x = y(slice(2), _) + 1; }));  // another shape
  BOOST_TEST(to_string(x.shape()) == "(2, 3)");

  values mine = {1, 2};  // a user's memory is left, as an assignment in NumPy rebinds the name
  matrix adopted = matrix::adopt(mine.data(), {2}, std::make_shared<int>());
  adopted = adopted + 1;
  BOOST_TEST((mine == values{1, 2}));
  BOOST_TEST((adopted.to_vector() == values{2, 3}));
}

BOOST_AUTO_TEST_CASE(row_kernels_in_place_give_the_values_they_give_elsewhere) {
  auto const centred = [](auto const& x) {
    auto const e = exp(x - max(x, last_axis, keepdims));
    return e / sum(e, last_axis, keepdims) - mean(x, last_axis, keepdims);
  };
  for (std::int64_t columns : {1, 7, 2049, 300001}) {  // the last is longer than what a row keeps
    array<double> x = rand(3, columns), expected = centred(x);
    double const* const before = std::as_const(x).data();
    x = centred(x);
    BOOST_TEST(std::as_const(x).data() == before);
    BOOST_TEST(bool(all(x == expected)), columns << " columns");
  }
}

BOOST_AUTO_TEST_SUITE_END()
