// The README's list of operations and docs/numpy.md against the library: rows, reductions and the
// functions outside the tables. A name listed twice, missing or unknown fails.
#include <dsl/dlpack.hpp>
#include <dsl/sloth.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(operations_list)

namespace {

// Functions that no table holds; a using-declaration fails where one has another name.
#define SLOTH_OTHER_FUNCTIONS(X) \
  X(where)                       \
  X(isclose)                     \
  X(map)                         \
  X(reduce)                      \
  X(empty)                       \
  X(zeros)                       \
  X(ones)                        \
  X(full)                        \
  X(empty_like)                  \
  X(zeros_like)                  \
  X(ones_like)                   \
  X(full_like)                   \
  X(arange)                      \
  X(linspace)                    \
  X(eye)                         \
  X(diag)                        \
  X(identity)                    \
  X(tri)                         \
  X(tril)                        \
  X(triu)                        \
  X(logspace)                    \
  X(geomspace)                   \
  X(diagflat)                    \
  X(nan_to_num)                  \
  X(round)                       \
  X(divmod)                      \
  X(select)                      \
  X(fabs)                        \
  X(ldexp)                       \
  X(frexp)                       \
  X(modf)                        \
  X(angle)                       \
  X(float_power)                 \
  X(sinc)                        \
  X(logaddexp)                   \
  X(logaddexp2)                  \
  X(lerp)                        \
  X(softplus)                    \
  X(silu)                        \
  X(leaky_relu)                  \
  X(gelu)                        \
  X(meshgrid)                    \
  X(indices)                     \
  X(fromfunction)                \
  X(array_equal)                 \
  X(array_equiv)                 \
  X(allclose)                    \
  X(rand)                        \
  X(concatenate)                 \
  X(stack)                       \
  X(hstack)                      \
  X(vstack)                      \
  X(dstack)                      \
  X(ravel)                       \
  X(permute_dims)                \
  X(moveaxis)                    \
  X(swapaxes)                    \
  X(atleast_1d)                  \
  X(atleast_2d)                  \
  X(atleast_3d)                  \
  X(flip)                        \
  X(fliplr)                      \
  X(flipud)                      \
  X(rot90)                       \
  X(roll)                        \
  X(repeat)                      \
  X(tile)                        \
  X(split)                       \
  X(array_split)                 \
  X(pad)                         \
  X(transpose)                   \
  X(reshape)                     \
  X(squeeze)                     \
  X(expand_dims)                 \
  X(broadcast_to)                \
  X(diagonal)                    \
  X(trace)                       \
  X(matmul)                      \
  X(dot)                         \
  X(vdot)                        \
  X(outer)                       \
  X(inner)                       \
  X(tensordot)                   \
  X(einsum)                      \
  X(kron)                        \
  X(matrix_power)                \
  X(cross)                       \
  X(solve)                       \
  X(inv)                         \
  X(det)                         \
  X(slogdet)                     \
  X(cholesky)                    \
  X(eigh)                        \
  X(eigvalsh)                    \
  X(diff)                        \
  X(ediff1d)                     \
  X(gradient)                    \
  X(trapezoid)                   \
  X(sort)                        \
  X(argsort)                     \
  X(partition)                   \
  X(argpartition)                \
  X(topk)                        \
  X(median)                      \
  X(quantile)                    \
  X(percentile)                  \
  X(searchsorted)                \
  X(digitize)                    \
  X(bincount)                    \
  X(histogram)                   \
  X(unique)                      \
  X(unique_counts)               \
  X(unique_inverse)              \
  X(isin)                        \
  X(intersect1d)                 \
  X(union1d)                     \
  X(setdiff1d)                   \
  X(take)                        \
  X(take_along_axis)             \
  X(put)                         \
  X(put_along_axis)              \
  X(add_at)                      \
  X(compress)                    \
  X(extract)                     \
  X(nonzero)                     \
  X(flatnonzero)                 \
  X(argwhere)                    \
  X(cumsum)                      \
  X(cumprod)                     \
  X(cummin)                      \
  X(cummax)                      \
  X(nancumsum)                   \
  X(nancumprod)                  \
  X(ptp)                         \
  X(average)                     \
  X(nansum)                      \
  X(nanprod)                     \
  X(nanmean)                     \
  X(nanvar)                      \
  X(nanstd)                      \
  X(nanmin)                      \
  X(nanmax)                      \
  X(nanargmin)                   \
  X(nanargmax)                   \
  X(cov)                         \
  X(corrcoef)                    \
  X(logsumexp)                   \
  X(softmax)                     \
  X(log_softmax)                 \
  X(eval)                        \
  X(compile)                     \
  X(explain)                     \
  X(explain_json)                \
  X(explain_graphviz)            \
  X(load)                        \
  X(save)                        \
  X(from_dlpack)                 \
  X(to_dlpack)                   \
  X(load_npz)                    \
  X(savez)                       \
  X(savez_compressed)            \
  X(loadtxt)                     \
  X(genfromtxt)                  \
  X(savetxt)
namespace named {
#define X(name) using sloth::name;
SLOTH_OTHER_FUNCTIONS(X)
#undef X
}  // namespace named

/// "name", or "name (`op`)" for those with an operator.
std::set<std::string> in_the_library() {
  std::set<std::string> names;
  for (auto const& row : operation_rows)
    names.insert(std::string(row.name) +
                 (*row.symbol ? " (`" + std::string(row.symbol) + "`)" : ""));
  for (int op = 0; op < reduction_count; ++op) names.insert(to_string(static_cast<reduction>(op)));
#define X(name) names.insert(#name);
  SLOTH_OTHER_FUNCTIONS(X)
#undef X
  names.insert("astype");  // a member
  names.erase("matmul");
  names.insert("matmul (`&`)");
  return names;
}

std::string text_of(std::string const& path) {
  std::ifstream file(SLOTH_TEST_DATA "/../../" + path);
  BOOST_REQUIRE_MESSAGE(file, path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::multiset<std::string> in_the_readme() {
  std::string const all = text_of("README.md");
  auto const begin = all.find("<!-- operations"), end = all.find("<!-- /operations -->");
  BOOST_REQUIRE(begin != std::string::npos && end != std::string::npos);
  std::string const list =
      std::regex_replace(all.substr(begin, end - begin), std::regex("<!--[^>]*-->|\\s+"), " ");
  std::multiset<std::string> names;
  std::regex const entry(R"re(`([a-z_0-9]+)`( \(`[^`]+`\))?)re");
  for (std::sregex_iterator i(list.begin(), list.end(), entry), none; i != none; ++i)
    names.insert((*i)[1].str() + (*i)[2].str());
  return names;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_readme_lists_them_all) {
  auto const library = in_the_library();
  auto const readme = in_the_readme();
  for (auto const& name : library)
    BOOST_TEST(readme.count(name) == 1u, name << " stands " << readme.count(name) << " times");
  for (auto const& name : readme) BOOST_TEST(library.contains(name), name << " is no operation");
}

BOOST_AUTO_TEST_CASE(the_table_of_numpys_names_knows_them_all) {
  std::set<std::string> functions;  // without their operators
  for (auto const& name : in_the_library()) functions.insert(name.substr(0, name.find(' ')));
  std::set<std::string> const outside{"abs", "newaxis", "promote_t", "to_string"};
  std::set<std::string> listed;
  std::istringstream lines(text_of("docs/numpy.md"));
  std::regex const row(R"re(\| (?:`[^`]+`)? ?\| `([a-z_0-9]+)` \|.*)re");
  std::smatch found;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, found, row)) listed.insert(found[1]);
  for (auto const& name : listed)
    BOOST_TEST((functions.contains(name) || outside.contains(name)), name << " is no function");
  for (auto const& name : functions)
    if (name != "astype") BOOST_TEST(listed.contains(name), name << " has no row");
}

BOOST_AUTO_TEST_CASE(the_readme_shows_a_real_row_and_line) {
  std::string const sources =
      text_of("dsl/operations.hpp") + text_of("kernels/host/operations.hpp");
  std::istringstream lines(text_of("README.md"));
  int shown = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("  X(") || line.starts_with("SLOTH_EIGEN_")) {
      ++shown;
      BOOST_TEST(sources.find(line) != std::string::npos, line);
    }
  BOOST_TEST(shown == 2);
}

BOOST_AUTO_TEST_SUITE_END()
