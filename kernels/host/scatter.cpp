// Values written to, or added to, the elements that indices tell.
#include <kernels/host/copy.hpp>
#include <kernels/host/engine.hpp>

#include <dsl/promotion.hpp>

#include <algorithm>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;

/// Calls store(to, value) for the elements of block o whose row is in [low, high), in order.
template <class T, class U, class F>
void store_rows(scatter const& s, U* out, int64_t o, int64_t low, int64_t high, F const& store) {
  gather const& g = s.at;
  auto const* const in = static_cast<T const*>(g.in);
  U* const block = out + o * g.extent * g.inner;
  int64_t value = o * g.count * g.inner % s.period;  // of this place's first element
  auto const next = [&](int64_t step) {
    value += step;
    if (value >= s.period) value %= s.period;
  };
  if (g.inner == 1) {  // no branch, which would be wrong each second time
    U elsewhere{};
    auto const rows = static_cast<std::uint64_t>(high - low);
    for (int64_t j = 0; j < g.count; ++j, next(1)) {
      int64_t const index = g.indices[o * g.index_outer + j * g.index_step];
      int64_t const row = index < 0 ? index + g.extent : index;
      bool const own = static_cast<std::uint64_t>(row - low) < rows;
      store(own ? block[row] : elsewhere, in[value]);
    }
    return;
  }
  for (int64_t j = 0; j < g.count; ++j) {
    int64_t const* const index = g.indices + o * g.index_outer + j * g.index_step;
    if (g.index_inner == 0) {
      int64_t const row = *index < 0 ? *index + g.extent : *index;
      if (row < low || row >= high) {
        next(g.inner);
        continue;
      }
      for (int64_t i = 0; i < g.inner; ++i, next(1)) store(block[row * g.inner + i], in[value]);
    } else {
      for (int64_t i = 0; i < g.inner; ++i, next(1)) {
        int64_t const row = index[i] < 0 ? index[i] + g.extent : index[i];
        if (row >= low && row < high) store(block[row * g.inner + i], in[value]);
      }
    }
  }
}

/// All of them. Each thread has rows of its own, whose values it meets in order.
template <class T, class U, class F>
void store_all(scatter const& s, U* out, F const& store) {
  struct job {
    scatter const& s;
    U* out;
    F const& store;
    int64_t parts;
  };
  gather const& g = s.at;
  int64_t const wanted = g.outer < threads() ? (threads() + g.outer - 1) / g.outer : 1;
  job all{s, out, store, std::clamp<int64_t>(wanted, 1, std::max<int64_t>(g.extent, 1))};
  parallel_for(
      g.outer * all.parts, g.outer * g.count * g.inner,
      [](void* of, int64_t i) {
        auto const& [s, out, store, parts] = *static_cast<job const*>(of);
        int64_t const p = i % parts, extent = s.at.extent;
        store_rows<T>(s, out, i / parts, extent * p / parts, extent * (p + 1) / parts, store);
      },
      &all);
}

}  // namespace

int64_t put(scatter const& s) {
  int64_t const outside = first_outside(s.at.indices, s.at.index_count(), s.at.extent);
  if (outside >= 0 || s.period == 0) return outside;
  with_word(s.at.element, [&]<class U>(U) {
    store_all<U>(s, static_cast<U*>(s.at.out), [](U& to, U value) { to = value; });
  });
  return -1;
}

int64_t add_at(scatter const& s) {
  int64_t const outside = first_outside(s.at.indices, s.at.index_count(), s.at.extent);
  if (outside >= 0 || s.period == 0) return outside;
  visit(s.type, [&]<class T>() {
    auto* const out = static_cast<T*>(s.at.out);
    if constexpr (std::is_same_v<T, bool>) {
      store_all<T>(s, out, [](T& to, T value) { to = to || value; });
    } else if constexpr (std::is_integral_v<T>) {
      using wrapping = std::make_unsigned_t<T>;
      store_all<T>(s, out, [](T& to, T value) {
        to = static_cast<T>(static_cast<wrapping>(to) + static_cast<wrapping>(value));
      });
    } else if constexpr (is_half<T>) {
      int64_t const n = s.at.outer * s.at.extent * s.at.inner;
      std::vector<float> sums(out, out + n);
      store_all<T>(s, sums.data(), [](float& to, T value) { to += static_cast<float>(value); });
      std::transform(sums.begin(), sums.end(), out, [](float sum) { return T(sum); });
    } else {
      store_all<T>(s, out, [](T& to, T value) { to = to + value; });
    }
  });
  return -1;
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
