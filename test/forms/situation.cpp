#include <test/forms/situation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace forms {

using sloth::node_ptr;
using std::int64_t;

namespace {

template <class T>
T element_of_type(cell const& c) {
  if constexpr (sloth::is_complex<T>)
    return {static_cast<typename T::value_type>(c.re), static_cast<typename T::value_type>(c.im)};
  else if constexpr (sloth::is_half<T>)
    return T(static_cast<float>(c.re));
  else
    return static_cast<T>(c.re);
}
template <class T>
cell cell_of(T v) {
  if constexpr (sloth::is_complex<T>)
    return {v.re, v.im};
  else if constexpr (sloth::is_half<T>)
    return {static_cast<float>(v)};
  else
    return {static_cast<long double>(v)};
}

node_ptr storage_of(dtype type, std::vector<cell> const& values, extents const& shape) {
  return sloth::visit(type, [&]<class T>() {
    sloth::array<T> x(shape);
    T* const to = x.data();
    for (std::size_t k = 0; k < values.size(); ++k) to[k] = element_of_type<T>(values[k]);
    if (sloth::current_device() == sloth::host) return x.node();
    sloth::array<T> const moved =
        sloth::where(sloth::ones<bool>(shape), x, x);  // as the device's results
    return moved.node();
  });
}
std::vector<cell> cells_of(node_ptr const& n) {
  std::vector<cell> cells;
  sloth::visit(n->type, [&]<class T>() {
    for (T const v : sloth::vector_of<T>(n, {})) cells.push_back(cell_of(v));
  });
  return cells;
}

extents last_axis_first(int rank) {  // the first axis moves to the end
  extents order;
  for (int k = 1; k < rank; ++k) order.push_back(k);
  order.push_back(0);
  return order;
}
sloth::slice slice_of(int64_t first, int64_t count, int64_t step) {
  if (count == 0) return {first, first, step};
  int64_t const last = first + (count - 1) * step;
  if (step > 0) return {first, last + 1, step};
  if (last == 0) return {first, sloth::_, step};
  return {first, last - 1, step};
}

}  // namespace

situation::situation(form const& of, way how, std::uint64_t seed)
    : form_(of), how_(how), random_(seed), wild_(chance(0.25)) {
  draw_shape();
  draw_leaves();
}

void situation::draw_shape() {
  constexpr int64_t any[] = {0, 1, 2, 3, 5, 7, 13, 15, 16, 17, 31, 32, 33, 64, 101};
  constexpr int64_t longer[] = {1023, 1025, 2049, 2053};
  int const least = form_.row_reductions > 0 ? 1 : 0;
  int const rank = std::max(least, static_cast<int>((below(21) + 3) / 5));  // 0 in 2 of 21
  int64_t size = 1;
  for (int k = 0; k < rank; ++k) {
    int64_t extent = 0;
    do extent = chance(0.05) ? 0 : any[1 + below(std::size(any) - 1)];
    while (size * extent > 2500);
    shape_.push_back(extent);
    size *= extent;
  }
  if (rank >= 1 && chance(0.06)) {
    shape_ = extents::filled(rank, 1);
    shape_[static_cast<int>(below(rank))] = longer[below(std::size(longer))];
    shape_[static_cast<int>(below(rank))] *= chance(0.5) ? 1 : 3;
  } else if (rank == 2 && size <= 900 && chance(0.3)) {
    shape_[0] = shape_[1];
  }
}

extents situation::leaf_shape(bool full) {
  extents shape = shape_;
  if (full || chance(0.5)) return shape;
  for (auto& extent : shape)
    if (chance(0.35)) extent = 1;
  int const least = form_.row_reductions > 0 ? 1 : 0;
  while (shape.rank() > least && chance(0.2)) shape = extents(shape.begin() + 1, shape.end());
  return shape;
}

cell situation::draw_value(dtype type) {
  constexpr long double infinity = std::numeric_limits<long double>::infinity();
  if (type == dtype::boolean) return exactly(below(2));
  if (is_integral(type)) {
    if (wild_ && chance(0.3)) return exactly(wrapped(type, random_()));
    bool const is_unsigned = type >= dtype::u8;
    return exactly(static_cast<long double>(is_unsigned ? below(10) : below(19) - 9));
  }
  auto const part = [&]() -> long double {
    if (chance(0.2)) return static_cast<long double>(below(17) - 8) / 4;
    return rounded_to(type, std::ldexp(static_cast<long double>(random_() >> 11), -51) - 2);
  };
  if (is_complex(type)) return {part(), part()};
  if (wild_ && chance(0.04)) {
    constexpr long double special[] = {
        infinity, -infinity, std::numeric_limits<long double>::quiet_NaN(), 0.L, -0.L, 1e4L};
    return exactly(rounded_to(type, special[below(std::size(special))]));
  }
  return exactly(part());
}

int situation::add_base(dtype type, bool tight) {
  base b{type, shape_, tight || chance(0.4) ? 0 : 1 + below(3), {}};
  for (auto& extent : b.shape) extent = tight ? extent : 2 * extent + 2;
  if (!tight && b.shape.size() > 40000)
    for (int k = 0; k < shape_.rank(); ++k) b.shape[k] = std::max<int64_t>(shape_[k], 1);
  if (b.shape.size() == 0) b.margin = 0;  // a reshaped view needs elements
  b.values.resize(static_cast<std::size_t>(b.shape.size() + b.margin));
  for (cell& c : b.values) c = draw_value(type);
  bases_.push_back(std::move(b));
  return static_cast<int>(bases_.size()) - 1;
}

situation::part situation::draw_part(int of, extents const& shape) {
  extents const& from = bases_[static_cast<std::size_t>(of)].shape;
  int const rank = from.rank(), left_out = rank - shape.rank();
  part p{of, {}, shape, form_.row_reductions == 0 && chance(0.2)};
  for (int attempt = 0;; ++attempt) {
    std::vector<int> axis(static_cast<std::size_t>(rank));  // of the view, or below 0
    for (int k = 0; k < rank; ++k) axis[static_cast<std::size_t>(k)] = k - left_out;
    if (attempt < 6 && chance(0.4)) std::shuffle(axis.begin(), axis.end(), random_);
    p.along.clear();
    bool fits = true;
    for (int k = 0; k < rank && fits; ++k) {
      int const own = std::max(axis[static_cast<std::size_t>(k)], -1);
      int64_t const count = own < 0 ? 1 : shape[own], room = from[k];
      int64_t step = attempt < 6 && chance(0.3) ? 2 : 1;
      int64_t const reach = std::max<int64_t>(count - 1, 0) * step;
      fits = count == 0 || reach < room;
      if (!fits || room == 0) {  // an axis without elements is taken whole
        fits = own >= 0 && count == 0;
        p.along.push_back({0, 0, 1, own});
        continue;
      }
      int64_t first = attempt < 6 ? below(room - reach) : 0;
      if (count > 0 && own >= 0 && attempt < 6 && chance(0.25)) first += reach, step = -step;
      p.along.push_back({first, count, step, own});
    }
    if (fits) return p;
    if (attempt > 6) return {};
  }
}

void situation::draw_leaves() {
  std::vector<int> shared(sloth::dtype_count, -1);
  std::size_t over = form_.leaves.size();
  auto const full = static_cast<std::size_t>(below(std::ssize(form_.leaves)));
  if (how_ == way::over) {
    for (std::size_t k = 0; k < form_.leaves.size(); ++k)
      if (!form_.leaves[k].random && form_.leaves[k].type == form_.result) over = k;
    over_ = add_base(form_.result, true);
    shared[static_cast<std::size_t>(form_.result)] = over_;
  }
  for (std::size_t k = 0; k < form_.leaves.size(); ++k) {
    auto const [type, random] = form_.leaves[k];
    drawn_.emplace_back(type, extents{0});
    seeds_.push_back(random_());
    extents const shape = leaf_shape(k == full || k == over);
    part p{-1, {}, shape};
    if (!random) {
      int& common = shared[static_cast<std::size_t>(type)];
      if (common < 0 || (k != over && chance(0.4))) {
        int const fresh = add_base(type, chance(0.5));
        if (common < 0 || how_ != way::over) common = fresh;
        p = draw_part(fresh, shape);
      } else {
        p = draw_part(common, shape);
      }
      if (k == over || p.base < 0) {  // as it lies
        p = {k == over ? over_ : add_base(type, true), {}, shape_};
        for (int a = 0; a < shape_.rank(); ++a) p.along.push_back({0, shape_[a], 1, a});
      }
    }
    leaves_.push_back(std::move(p));
  }
}

/// Where the result's elements go: beside elements that stay, often over elements that are read.
situation::part situation::draw_target(extents const& shape) {
  std::vector<int> fit;
  for (std::size_t k = 0; k < bases_.size(); ++k)
    if (bases_[k].type == form_.result) fit.push_back(static_cast<int>(k));
  if (!fit.empty() && chance(0.6)) {
    part const p = draw_part(fit[static_cast<std::size_t>(below(std::ssize(fit)))], shape);
    if (p.base >= 0) return p;
  }
  return draw_part(add_base(form_.result, false), shape);
}

/// The index in its base's values of element i of a part, in row-major order.
int64_t situation::element_of(part const& p, int64_t i) const {
  base const& from = bases_[static_cast<std::size_t>(p.base)];
  int64_t index[8] = {};
  for (int axis = p.shape.rank() - 1; axis >= 0; --axis) {
    index[axis] = i % p.shape[axis];
    i /= p.shape[axis];
  }
  int64_t at = 0;
  for (int k = 0; k < from.shape.rank(); ++k) {
    range const& r = p.along[static_cast<std::size_t>(k)];
    at = at * from.shape[k] + r.first + (r.axis < 0 ? 0 : index[r.axis] * r.step);
  }
  return at + from.margin;
}

bounded situation::values_of(part const& p) const {
  base const& from = bases_[static_cast<std::size_t>(p.base)];
  bounded x(from.type, p.shape);
  for (std::size_t i = 0; i < x.cells.size(); ++i)
    x.cells[i] = from.values[static_cast<std::size_t>(element_of(p, static_cast<int64_t>(i)))];
  return p.stretched ? where(true, x, bounded(x.type, shape_)) : x;
}

std::vector<node_ptr> situation::memory() const {
  std::vector<node_ptr> all;
  for (base const& b : bases_)
    all.push_back(
        storage_of(b.type, b.values, b.margin > 0 ? extents{std::ssize(b.values)} : b.shape));
  return all;
}

node_ptr situation::view_of(part const& p, node_ptr memory) const {
  base const& from = bases_[static_cast<std::size_t>(p.base)];
  node_ptr n = std::move(memory);
  if (from.margin > 0)
    n = sloth::reshaped(sloth::subscript(n, {sloth::slice(from.margin, sloth::_)}), from.shape, {});
  extents axes;                     // of the view, in the order of n's axes once all are seen
  for (range const& r : p.along) {  // the next base axis is n's first
    if (r.axis < 0) {
      n = sloth::subscript(n, {r.first});
      continue;
    }
    n = sloth::subscript(n, {slice_of(r.first, r.count, r.step)});
    n = sloth::permuted(n, last_axis_first(n->shape.rank()), {});
    axes.push_back(r.axis);
  }
  extents order = axes;
  for (int k = 0; k < axes.rank(); ++k) order[static_cast<int>(axes[k])] = k;
  if (order.rank() > 0) n = sloth::permuted(n, order, {});
  if (p.stretched) n = sloth::broadcasted(n, shape_, {});
  return n;
}

outcome situation::run() {
  outcome result;
  std::vector<bounded> inputs;
  for (std::size_t k = 0; k < leaves_.size(); ++k) {
    if (form_.leaves[k].random) {
      bounded x(form_.leaves[k].type, leaves_[k].shape);
      auto const draw = [&]<class T>(T) {
        sloth::array<T> const r = sloth::generator(seeds_[k]).rand<T>(x.shape);
        x.cells = cells_of(r.node());
      };
      x.type == dtype::f32 ? draw(0.f) : draw(0.);
      inputs.push_back(std::move(x));
    } else {
      inputs.push_back(values_of(leaves_[k]));
    }
  }
  bounded want(form_.result, {});
  bool refused = false;
  try {
    want = form_.expected(inputs.data());
  } catch (empty_row const&) {
    refused = true;
  }
  part target;
  if (how_ == way::region) target = draw_target(want.shape);

  std::vector<node_ptr> memory = this->memory();
  std::vector<leaf_source> sources;
  for (std::size_t k = 0; k < leaves_.size(); ++k) {
    leaf_source source{{}, leaves_[k].shape, seeds_[k]};
    if (!form_.leaves[k].random)
      source.values = view_of(leaves_[k], memory[static_cast<std::size_t>(leaves_[k].base)]);
    sources.push_back(std::move(source));
  }
  destination to{how_, {}, {}};
  if (how_ == way::region) {
    to.array = memory[static_cast<std::size_t>(target.base)];
    target.stretched = false;
    to.region = view_of(target, to.array);
  } else if (how_ == way::over) {
    to.array = memory[static_cast<std::size_t>(over_)];
  }
  std::byte const* const before = to.array ? to.array->data() : nullptr;
  memory.clear();
  try {
    node_ptr const got = form_.evaluate(sources.data(), std::move(to));
    result.in_place = before != nullptr && got->data() == before;
    if (refused)
      result.problem = "nothing was thrown for a row without elements";
    else
      compare(got, want, how_ == way::region ? &target : nullptr, result);
  } catch (sloth::shape_error const& e) {
    if (!refused) result.problem = e.what();
  }
  if (!result.problem.empty()) result.problem += described();
  return result;
}

void situation::compare(node_ptr const& got, bounded const& want, part const* target,
                        outcome& result) const {
  std::vector<cell> const values = cells_of(got);
  std::vector<cell> expected = want.cells;
  if (target) {  // what the base held, but where it was written
    expected = bases_[static_cast<std::size_t>(target->base)].values;
    for (std::size_t i = 0; i < want.cells.size(); ++i)
      expected[static_cast<std::size_t>(element_of(*target, static_cast<int64_t>(i)))] =
          want.cells[i];
  } else if (got->shape != want.shape) {
    result.problem = "the shape is " + sloth::to_string(got->shape) + " instead of " +
                     sloth::to_string(want.shape);
    return;
  }
  result.checked = std::ssize(want.cells);
  bool const is_signed_zero = is_floating(want.type);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    cell const &g = values[i], &w = expected[i];
    if (!w.decided) {
      ++result.open;
      continue;
    }
    bool same = std::hypot(g.re - w.re, g.im - w.im) <= w.bound;
    if (w.is_exact()) {
      same = w.re != w.re ? g.re != g.re : g.re == w.re && g.im == w.im;
      if (is_signed_zero && w.re == 0) same = same && std::signbit(g.re) == std::signbit(w.re);
    }
    if (same || !result.problem.empty()) continue;
    std::ostringstream text;
    text.precision(12);
    text << "element " << i << " is " << g.re << (g.im != 0 ? " + i " : "");
    if (g.im != 0) text << g.im;
    text << " instead of " << w.re << (w.im != 0 ? " + i " : "");
    if (w.im != 0) text << w.im;
    text << " +- " << w.bound;
    result.problem = text.str();
  }
}

std::string situation::described() const {
  std::ostringstream text;
  for (std::size_t k = 0; k < leaves_.size(); ++k) {
    part const& p = leaves_[k];
    text << "; " << static_cast<char>('a' + k) << ": " << to_string(form_.leaves[k].type)
         << sloth::to_string(p.shape);
    if (p.base < 0) continue;
    base const& b = bases_[static_cast<std::size_t>(p.base)];
    text << " of array " << p.base << sloth::to_string(b.shape) << " [";
    for (range const& r : p.along)
      text << (&r == p.along.data() ? "" : ", ") << r.first << " + " << r.step << " i" << r.axis;
    text << "]" << (b.margin > 0 ? " misaligned" : "") << (p.stretched ? " stretched" : "");
  }
  return text.str();
}

}  // namespace forms
