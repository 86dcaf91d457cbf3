// Shapes, products, indices, and what is refused, against NumPy's own answers: test/golden/arrays,
// which scripts/numpy_golden.py writes and describes.
#include <test/golden.hpp>

#include <set>

using namespace sloth;
using namespace golden;

BOOST_AUTO_TEST_SUITE(golden_arrays)

namespace {

using ids = std::int64_t;

given<double> x(test_case const& c, std::size_t i = 0) { return laid_out<double>(c, i); }
given<ids> places(test_case const& c, std::size_t i = 1) { return laid_out<ids>(c, i); }
given<bool> flags(test_case const& c, std::size_t i = 0) { return laid_out<bool>(c, i); }

std::vector<given<double>> all(test_case const& c) {
  std::vector<given<double>> parts;
  for (std::size_t i = 0; i < c.operands.size(); ++i) parts.push_back(x(c, i));
  return parts;
}

/// One of several results; whether there are as many as NumPy's.
template <class T>
void compare_part(test_case const& c, std::vector<T> const& parts) {
  for (auto const& part : parts) (void)array<value_t<T>>(part);  // what they refuse
  if (c.how == rule::raises) {
    BOOST_ERROR(c.line << "\ngives " << parts.size() << " parts");
    return;
  }
  extents const which = c.with.list("part");
  BOOST_TEST(static_cast<ids>(parts.size()) == which[1], c.line);
  if (static_cast<ids>(parts.size()) == which[1])
    compare(c, parts[static_cast<std::size_t>(which[0])]);
}
template <class A, class B>
void compare_part(test_case const& c, std::pair<A, B> const& both) {
  if (c.how == rule::raises || c.with.list("part")[0] == 0)
    compare(c, both.first);
  else
    compare(c, both.second);
}

pad_mode mode_of(test_case const& c) {
  std::map<std::string, pad_mode> const modes{{"constant", pad_mode::constant},
                                              {"edge", pad_mode::edge},
                                              {"reflect", pad_mode::reflect},
                                              {"wrap", pad_mode::wrap}};
  return modes.at(c.with.text("mode"));
}

index_item item_of(std::string const& text) {
  if (text == "new") return newaxis;
  if (text == "...") return ellipsis;
  if (text.find('~') == std::string::npos) return std::stoll(text);
  std::istringstream parts(text + '~');
  std::string first, last, step;
  std::getline(parts, first, '~');
  std::getline(parts, last, '~');
  std::getline(parts, step, '~');
  auto const bound = [](std::string const& s) {
    return s.empty() ? slice::bound(_) : slice::bound(std::stoll(s));
  };
  return slice(bound(first), bound(last), step.empty() ? 1 : std::stoll(step));
}
/// f of the subscript's items.
template <class F>
void with_items(test_case const& c, F const& f) {
  std::vector<index_item> at;
  std::istringstream each(c.with.text("at"));
  for (std::string one; std::getline(each, one, '/');) at.push_back(item_of(one));
  switch (at.size()) {
    case 1: return f(at[0]);
    case 2: return f(at[0], at[1]);
    case 3: return f(at[0], at[1], at[2]);
    case 4: return f(at[0], at[1], at[2], at[3]);
    default: BOOST_ERROR(c.line);
  }
}

/// The call with the options that a reduction's case has.
template <class F>
void along(test_case const& c, F const& f) {
  c.with.has("axis") ? compare(c, f(x(c), axis(c.with.list("axis")))) : compare(c, f(x(c)));
}

using function = void (*)(test_case const&);
using functions = std::map<std::string, function>;

#define FUNCTION(name, ...)                                         \
  {                                                                 \
#name, [](test_case const& c) {                                   \
      [[maybe_unused]] auto const& o = c.with;                        \
      __VA_ARGS__;                                                    \
    } \
  }
#define SIMPLE(name) FUNCTION(name, compare(c, name(x(c))))
#define ALONG(name) \
  FUNCTION(name, along(c, [](auto const& a, auto const&... of) { return sloth::name(a, of...); }))

functions const shapes {
  FUNCTION(reshape, compare(c, reshape(x(c), o.list("shape")))), SIMPLE(ravel),
      FUNCTION(transpose, o.has("axes") ? compare(c, transpose(x(c), o.list("axes")))
                                        : compare(c, transpose(x(c)))),
      FUNCTION(permute_dims, compare(c, permute_dims(x(c), o.list("axes")))),
      FUNCTION(moveaxis, compare(c, moveaxis(x(c), o.list("source"), o.list("destination")))),
      FUNCTION(swapaxes, compare(c, swapaxes(x(c), o.number("axis1"), o.number("axis2")))),
      FUNCTION(squeeze, o.has("axis") ? compare(c, squeeze(x(c), o.number("axis")))
                                      : compare(c, squeeze(x(c)))),
      FUNCTION(expand_dims, compare(c, expand_dims(x(c), o.number("axis")))),
      FUNCTION(broadcast_to, compare(c, broadcast_to(x(c), o.list("shape")))),
      FUNCTION(concatenate, auto const along = axis(o.number("axis"));
               if (c.operands.back().type == "int64")
                   compare(c, concatenate(along, x(c), places(c)));
               else compare(c, concatenate(along, all(c)))),
      FUNCTION(stack, compare(c, stack(axis(o.number("axis")), all(c)))),
      FUNCTION(hstack, compare(c, hstack(all(c)))), FUNCTION(vstack, compare(c, vstack(all(c)))),
      FUNCTION(dstack, compare(c, dstack(all(c)))),
      FUNCTION(
          split, auto const k = o.number("axis"); compare_part(
              c, o.has("at") ? split(x(c), o.list("at"), k) : split(x(c), o.number("parts"), k))),
      FUNCTION(array_split, auto const k = o.number("axis");
               compare_part(c, o.has("at") ? array_split(x(c), o.list("at"), k)
                                           : array_split(x(c), o.number("parts"), k))),
      FUNCTION(tile, compare(c, tile(x(c), o.list("reps")))),
      FUNCTION(repeat, auto const k = o.number("axis", 0);
               if (!o.has("repeats")) o.has("axis") ? compare(c, repeat(x(c), places(c), k))
                                                    : compare(c, repeat(x(c), places(c)));
               else o.has("axis") ? compare(c, repeat(x(c), o.number("repeats"), k))
                                  : compare(c, repeat(x(c), o.number("repeats")))),
      FUNCTION(flip, o.has("axis") ? compare(c, flip(x(c), axis(o.list("axis"))))
                                   : compare(c, flip(x(c)))),
      SIMPLE(fliplr), SIMPLE(flipud),
      FUNCTION(rot90, compare(c, rot90(x(c), o.number("k", 1),
                                       o.has("axes") ? o.list("axes") : extents{0, 1}))),
      FUNCTION(roll, extents const by = o.list("shift");
               if (!o.has("axis")) return compare(c, roll(x(c), by[0]));
               extents const k = o.list("axis");
               by.rank() == 1 && k.rank() == 1 ? compare(c, roll(x(c), by[0], k[0]))
                                               : compare(c, roll(x(c), by, axis(k)))),
      FUNCTION(pad, extents const w = o.list("pad_width");
               compare(c, pad(x(c), pad_width(w[0], w[1]), mode_of(c),
                              o.number("constant_values", 0)))),
      SIMPLE(atleast_1d), SIMPLE(atleast_2d), SIMPLE(atleast_3d),
      FUNCTION(diag, compare(c, diag(x(c), o.number("k")))),
      FUNCTION(diagflat, compare(c, diagflat(x(c), o.number("k")))),
      FUNCTION(diagonal, compare(c, diagonal(x(c), o.number("offset")))),
      FUNCTION(trace, compare(c, trace(x(c), o.number("offset")))),
      FUNCTION(tril, compare(c, tril(x(c), o.number("k")))),
      FUNCTION(triu, compare(c, triu(x(c), o.number("k")))),
      FUNCTION(diff, auto const n = o.number("n", 1), k = o.number("axis", -1);
               c.operands[0].type == "bool" ? compare(c, diff(flags(c), n, k))
                                            : compare(c, diff(x(c), n, k))),
      SIMPLE(ediff1d), FUNCTION(gradient, compare(c, gradient(x(c), 1, o.number("axis")))),
      FUNCTION(trapezoid, compare(c, trapezoid(x(c), 1, o.number("axis")))),
      FUNCTION(subscript,
               with_items(
                   c, [&](auto first, auto... i) { compare(c, x(c)(located_item(first), i...)); })),
      FUNCTION(assign, with_items(c,
                                  [&](auto first, auto... i) {
                                    array<double> y = x(c);
                                    array<double> const part =
                                        std::as_const(y)(located_item(first), i...);
                                    if (part.rank() == 0)
                                      y(located_item(first), i...) = 100.;
                                    else
                                      y(located_item(first), i...) = flip(part, -1) + 100.;
                                    compare(c, y);
                                  })),
      FUNCTION(add, compare(c, add(x(c, 0), x(c, 1)))),
};

functions const created{
    FUNCTION(eye, compare(c, eye(o.number("n"), o.number("m"), o.number("k")))),
    FUNCTION(tri, compare(c, tri(o.number("n"), o.number("m"), o.number("k")))),
    FUNCTION(arange, compare(c, arange(o.real("start"), o.real("stop"), o.real("step")))),
    FUNCTION(linspace, compare(c, linspace(o.real("start"), o.real("stop"), o.number("num"),
                                           o.number("endpoint") != 0))),
};

functions const chosen {
  FUNCTION(take, o.has("axis") ? compare(c, take(x(c), places(c), axis(o.number("axis"))))
                               : compare(c, take(x(c), places(c)))),
      FUNCTION(take_along_axis,
               compare(c, take_along_axis(x(c), places(c), axis(o.number("axis"))))),
      FUNCTION(put, array<double> y = x(c); put(y, places(c), x(c, 2)); compare(c, y)),
      FUNCTION(put_along_axis, array<double> y = x(c);
               put_along_axis(y, places(c), x(c, 2), axis(o.number("axis"))); compare(c, y)),
      FUNCTION(add_at, array<double> y = x(c); add_at(y, places(c), x(c, 2)); compare(c, y)),
      FUNCTION(nonzero, compare_part(c, nonzero(x(c)))), SIMPLE(flatnonzero), SIMPLE(argwhere),
      FUNCTION(extract, compare(c, extract(flags(c), x(c, 1)))),
      FUNCTION(masked, array<double> y = x(c); compare(c, y(flags(c, 1)))),
      FUNCTION(rows, array<double> y = x(c); compare(c, y(places(c)))),
      FUNCTION(where, c.operands[2].type == "int64"
                          ? compare(c, where(flags(c), x(c, 1), places(c, 2)))
                          : compare(c, where(flags(c), x(c, 1), x(c, 2)))),
      SIMPLE(count_nonzero), SIMPLE(unique),
      FUNCTION(unique_counts, compare_part(c, unique_counts(x(c)))),
      FUNCTION(unique_inverse, compare_part(c, unique_inverse(x(c)))),
      FUNCTION(isin, compare(c, isin(x(c), x(c, 1)))),
      FUNCTION(intersect1d, compare(c, intersect1d(x(c), x(c, 1)))),
      FUNCTION(union1d, compare(c, union1d(x(c), x(c, 1)))),
      FUNCTION(setdiff1d, compare(c, setdiff1d(x(c), x(c, 1)))),
      FUNCTION(searchsorted,
               compare(c, searchsorted(x(c), x(c, 1),
                                       o.text("side") == "left" ? side::left : side::right))),
      FUNCTION(digitize, compare(c, digitize(x(c), x(c, 1), o.number("right") != 0))),
      FUNCTION(bincount, compare(c, bincount(places(c, 0), o.number("minlength")))),
      FUNCTION(histogram, compare_part(c, o.has("bins") ? histogram(x(c), o.number("bins"))
                                                        : histogram(x(c), x(c, 1)))),
};

functions const reduced {
  ALONG(min), ALONG(max), ALONG(argmin), ALONG(argmax), ALONG(ptp), ALONG(median), ALONG(sum),
      ALONG(any),
      FUNCTION(percentile, double const q = double(o.number("q"));
               o.has("axis") ? compare(c, percentile(x(c), q, axis(o.number("axis"))))
                             : compare(c, percentile(x(c), q))),
      ALONG(cumsum), ALONG(cummax), FUNCTION(sort, compare(c, sort(x(c), axis(o.number("axis"))))),
      FUNCTION(argsort, compare(c, argsort(x(c), axis(o.number("axis"))))), SIMPLE(inv),
      SIMPLE(det), SIMPLE(cholesky), FUNCTION(solve, compare(c, solve(x(c), x(c, 1)))),
};

template <class T>
given<T> of(test_case const& c, std::size_t i = 0) {
  return laid_out<T>(c, i);
}
template <class T>
void sum_of_products(test_case const& c) {
  std::string how = c.with.text("how");
  std::replace(how.begin(), how.end(), '_', ',');
  switch (c.operands.size()) {
    case 1: return compare(c, einsum(how.c_str(), of<T>(c)));
    case 2: return compare(c, einsum(how.c_str(), of<T>(c), of<T>(c, 1)));
    default: return compare(c, einsum(how.c_str(), of<T>(c), of<T>(c, 1), of<T>(c, 2)));
  }
}
template <class T>
functions const products{
    FUNCTION(matmul, compare(c, of<T>(c) & of<T>(c, 1))),
    FUNCTION(einsum, sum_of_products<T>(c)),
    FUNCTION(matrix_power, compare(c, matrix_power(of<T>(c), o.number("n")))),
};
template <class T>
functions const other_products {
  FUNCTION(dot, compare(c, dot(of<T>(c), of<T>(c, 1)))),
      FUNCTION(vdot, compare(c, vdot(of<T>(c), of<T>(c, 1)))),
      FUNCTION(inner, compare(c, inner(of<T>(c), of<T>(c, 1)))),
      FUNCTION(outer, compare(c, outer(of<T>(c), of<T>(c, 1)))),
      FUNCTION(kron, compare(c, kron(of<T>(c), of<T>(c, 1)))),
      FUNCTION(cross, compare(c, cross(of<T>(c), of<T>(c, 1)))),
      FUNCTION(tensordot,
               if (o.has("axes"))  // cuBLAS keeps the sign of a zero that no others are added to
               compare(c, tensordot(of<T>(c), of<T>(c, 1), o.number("axes")) + T(0));
               else compare(c, tensordot(of<T>(c), of<T>(c, 1), o.list("a"), o.list("b")))),
};
#undef ALONG
#undef SIMPLE
#undef FUNCTION

using names = std::set<std::string>;

/// Whether Sloth's exception is of the kind that NumPy's is. NumPy's ValueError is of many kinds.
bool is_of_kind(test_case const& c, error const& thrown) {
  bool const of_index = dynamic_cast<index_error const*>(&thrown) != nullptr;
  std::string const name = c.line.substr(0, c.line.find_first_of(", "));
  names const of_shapes{"masked", "percentile", "put_along_axis", "take_along_axis"};
  if (c.raised == "IndexError" && of_shapes.contains(name))
    return of_index || dynamic_cast<shape_error const*>(&thrown);
  if (c.raised == "AxisError" || c.raised == "IndexError") return of_index;
  if (c.raised == "LinAlgError")
    return dynamic_cast<linalg_error const*>(&thrown) || dynamic_cast<shape_error const*>(&thrown);
  return true;
}

void run(test_case const& c, function f) {
  try {
    f(c);
  } catch (error const& thrown) {
    if (c.how != rule::raises)
      BOOST_ERROR(c.line << "\nthrows " << thrown.what());
    else
      BOOST_TEST(is_of_kind(c, thrown), c.line << "\n" << thrown.what());
  }
}

cases const& numpys() {
  static cases const all = read("arrays");
  return all;
}
std::map<std::string, int>& times_run() {
  static std::map<std::string, int> times;
  return times;
}
/// Runs the cases of those functions whose first operand is of that type, or of any.
void run_all(functions const& all, std::string const& type = "") {
  int count = 0, refused = 0;
  for (auto const& [name, f] : all) {
    BOOST_REQUIRE_MESSAGE(numpys().contains(name), name << " has no case");
    for (auto const& c : numpys().at(name)) {
      if (!type.empty() && c.operands[0].type != type) continue;
      run(c, f);
      ++count;
      refused += c.how == rule::raises;
      ++times_run()[name];
    }
  }
  BOOST_TEST_MESSAGE(count << " cases, of which " << refused << " are refused");
}

}  // namespace

BOOST_AUTO_TEST_CASE(arrays_under_other_shapes) { run_all(shapes); }
BOOST_AUTO_TEST_CASE(arrays_that_are_created) { run_all(created); }
BOOST_AUTO_TEST_CASE(elements_that_are_chosen) { run_all(chosen); }
BOOST_AUTO_TEST_CASE(reductions_and_solvers_refuse) { run_all(reduced); }
BOOST_AUTO_TEST_CASE(products_of_arrays) {
  run_all(products<double>, "float64");
  run_all(other_products<double>, "float64");
  if constexpr (every_type) {
    run_all(products<ids>, "int64");
    run_all(products<complex128>, "complex128");
    run_all(other_products<complex128>, "complex128");
  }
}
BOOST_AUTO_TEST_CASE(no_case_is_left_out) {
  for (auto const& [name, all] : numpys())
    if constexpr (every_type)
      BOOST_TEST(times_run()[name] == static_cast<int>(all.size()), name);
    else
      BOOST_TEST(times_run()[name] > 0, name);
}

BOOST_AUTO_TEST_SUITE_END()
