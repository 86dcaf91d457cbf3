#include <kernels/host/generate.hpp>

#include <dsl/distributions.hpp>
#include <dsl/promotion.hpp>
#include <kernels/host/copy.hpp>
#include <kernels/host/random.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

struct words {
  std::uint64_t first, second;
};
struct reals {
  double first, second;
};
struct integers {
  std::int64_t first, second;
};
struct end_point {
  double stop;
  std::int64_t last;
};

template <class T, class F>
void draw(T* to, std::int64_t first, std::int64_t count, F fill) {
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    fill(to, first, count);
  } else if constexpr (is_real_floating<T>) {  // halves are rounded floats
    float values[256];
    for (std::int64_t done = 0; done < count; done += 256) {
      std::int64_t const n = std::min<std::int64_t>(256, count - done);
      fill(values, first + done, n);
      for (std::int64_t i = 0; i < n; ++i) to[done + i] = convert<T>(values[i]);
    }
  }
}

template <class T>
void uniform(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  auto const key = g.params[0].as<words>();
  draw(to, first, count, [&](auto* out, std::int64_t from, std::int64_t n) {
    fill_uniform(out, key.first, key.second, from, n);
  });
}

template <class T>
void normal(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  auto const key = g.params[0].as<words>();
  auto const moments = g.params[1].as<reals>();
  draw(to, first, count, [&](auto* out, std::int64_t from, std::int64_t n) {
    using F = std::remove_pointer_t<decltype(out)>;
    fill_normal(out, key.first, key.second, from, n, static_cast<F>(moments.first),
                static_cast<F>(moments.second));
  });
}

template <class T>
void numpy(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  auto const place = g.params[0].as<words>();
  auto const key = g.params[1].as<philox64_key>();
  draw(to, first, count, [&](auto* out, std::int64_t from, std::int64_t n) {
    fill_numpy(out, key, place.first, place.second, from, n);
  });
}

/// Integers by the blocks that neighbours share, a batch of which is computed together; few need another.
template <class T>
void whole_numbers(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  auto const place = g.params[0].as<words>();
  auto const bounds = g.params[1].as<random_detail::two_words>();
  philox_keys const keys = place.first;
  random_detail::integer_words const of(bounds.b);
  std::uint64_t const start = place.second + static_cast<std::uint64_t>(first);
  std::uint64_t const end = start + static_cast<std::uint64_t>(count),
                      sharing = std::uint64_t{1} << of.shift();
  alignas(32) std::uint32_t word[4 * blocks_batch];
  std::uint64_t j = start;
  while (j != end) {
    std::uint64_t const group = j / sharing;
    fill_blocks(place.first, group, of.counter(), word);
    std::uint64_t const inside = j % sharing;
    std::uint64_t const n = std::min(end - j, blocks_batch * sharing - inside);
    auto const fill = [&](auto single) {
      for (std::uint64_t k = inside; k < inside + n; ++k, ++j) {
        std::uint64_t const bits =
            single ? word[k] : std::uint64_t{word[2 * k + 1]} << 32 | word[2 * k];
        *to++ = static_cast<T>(random_detail::draw_integer(keys, j, bounds.a, bounds.b, of, bits));
      }
    };
    of.single ? fill(std::true_type{}) : fill(std::false_type{});
  }
}

template <class T>
void distribution(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  auto const place = g.params[0].as<words>();
  philox_keys const keys = place.first;
  std::uint64_t const from = place.second + static_cast<std::uint64_t>(first);
  using enum generator_kind;
  auto const draw = [&]<generator_kind Kind>() {
    numbers_of<Kind> const numbers(g.params[1]);
    // The blocks that nearly every element reads are made many at a time.
    constexpr bool two = Kind == gamma || Kind == beta || Kind == negative_binomial;
    constexpr int most = two ? 2 : 1;
    int const made = count < blocks_batch / 4 ? 0 : most;
    alignas(32) philox_block blocks[most][blocks_batch];
    for (std::int64_t i = 0; i < count; ++i) {
      std::uint64_t const j = from + static_cast<std::uint64_t>(i);
      auto const k = static_cast<int>(i % blocks_batch);
      if (k == 0)
        for (int b = 0; b < made; ++b)
          fill_blocks(place.first, j, static_cast<std::uint32_t>(b), blocks[b][0].word);
      to[i] = static_cast<T>(
          numbers.of(random_detail::own_blocks(keys, j, &blocks[0][k], blocks_batch, made)));
    }
  };
  if constexpr (std::is_same_v<T, double>) {
    if (g.generator == gamma) return draw.template operator()<gamma>();
    draw.template operator()<beta>();
  } else if constexpr (is_integer<T>) {
    switch (g.generator) {
      case poisson: return draw.template operator()<poisson>();
      case binomial: return draw.template operator()<binomial>();
      case geometric: return draw.template operator()<geometric>();
      case negative_binomial: return draw.template operator()<negative_binomial>();
      default: break;
    }
    if (count >= blocks_batch) return whole_numbers(g, to, first, count);
    numbers_of<generator_kind::integers> const numbers(g.params[1]);
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = static_cast<T>(numbers(keys, from + static_cast<std::uint64_t>(i)));
  }
}

// Indices as doubles: a 64-bit integer has no vector conversion below AVX-512, a 32-bit one has.
template <class T>
void line_of_reals(double start, double step, T* to, std::int64_t first, std::int64_t count) {
  constexpr std::int64_t exact = std::int64_t{1} << 52;
  if (first + count < exact && count < (std::int64_t{1} << 30)) {
    double const base = static_cast<double>(first);
    for (int i = 0; i < static_cast<int>(count); ++i)
      to[i] = convert<T>(start + (base + static_cast<double>(i)) * step);
  } else {
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = convert<T>(start + static_cast<double>(first + i) * step);
  }
}

template <class T>
void arange(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  if constexpr (std::is_integral_v<T>) {
    auto const p = g.params[0].as<integers>();
    auto const start = static_cast<std::uint64_t>(p.first);
    auto const step = static_cast<std::uint64_t>(p.second);
    for (std::int64_t i = 0; i < count; ++i)
      to[i] = convert<T>(
          static_cast<std::int64_t>(start + static_cast<std::uint64_t>(first + i) * step));
  } else {
    auto const p = g.params[0].as<reals>();
    line_of_reals(p.first, p.second, to, first, count);
  }
}

template <class T>
void linspace(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  auto const p = g.params[0].as<reals>();
  auto const end = g.params[1].as<end_point>();
  line_of_reals(p.first, p.second, to, first, count);
  if (end.last >= first && end.last < first + count) to[end.last - first] = convert<T>(end.stop);
}

template <class T>
void eye(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  auto const p = g.params[0].as<integers>();
  std::int64_t const columns = p.first, diagonal = p.second;
  std::fill(to, to + count, convert<T>(false));
  if (columns <= 0) return;
  for (std::int64_t row = first / columns; row * columns < first + count; ++row) {
    std::int64_t const column = row + diagonal, index = row * columns + column;
    if (column >= 0 && column < columns && index >= first && index < first + count)
      to[index - first] = convert<T>(true);
  }
}

template <class T>
void generate_as(operand const& g, T* to, std::int64_t first, std::int64_t count) {
  switch (g.generator) {
    case generator_kind::uniform: return uniform(g, to, first, count);
    case generator_kind::normal: return normal(g, to, first, count);
    case generator_kind::arange: return arange(g, to, first, count);
    case generator_kind::linspace: return linspace(g, to, first, count);
    case generator_kind::eye: return eye(g, to, first, count);
    case generator_kind::full: std::fill(to, to + count, g.params[0].as<T>()); return;
    case generator_kind::numpy: return numpy(g, to, first, count);
    case generator_kind::none: return;
    default: return distribution(g, to, first, count);
  }
}

// A run along `axis`, where the generator's index moves by one, scattered by `to_stride`.
void generate_runs(operand const& g, std::byte* to, std::int64_t to_stride, std::int64_t index,
                   std::int64_t count, std::int64_t size) {
  if (to_stride == 1) return generate(g, to, index, count);
  alignas(64) std::byte run[256 * 16];
  std::int64_t const one = 1;
  for (std::int64_t done = 0; done < count; done += 256) {
    std::int64_t const n = std::min<std::int64_t>(256, count - done);
    generate(g, run, index + done, n);
    copy_block({to + done * to_stride * size, &to_stride}, {run, &one}, &n, 1, size);
  }
}

struct block {
  operand const& g;
  std::int64_t const *stride, *length;
  int rank, run;  // run: the axis that is drawn in runs
  std::int64_t size;

  std::int64_t pitch(int axis) const {
    std::int64_t n = 1;
    for (int k = axis + 1; k < rank; ++k) n *= length[k];
    return n;
  }

  void fill(std::byte* to, std::int64_t index, int axis) const {
    if (axis == run) ++axis;
    if (axis >= rank) {
      if (run < 0) return generate(g, to, index, 1);
      return generate_runs(g, to, pitch(run), index, length[run], size);
    }
    std::int64_t const step = pitch(axis) * size;
    fill(to, index, axis + 1);
    for (std::int64_t i = 1; i < length[axis]; ++i) {
      if (stride[axis] == 0 && (run < 0 || run > axis))  // what is inside is complete: repeat it
        std::copy(to, to + step, to + i * step);
      else
        fill(to + i * step, index + i * stride[axis], axis + 1);
    }
  }
};

}  // namespace

void generate(operand const& g, std::byte* to, std::int64_t first, std::int64_t count) {
  visit(g.type, [&]<class T>() { generate_as(g, reinterpret_cast<T*>(to), first, count); });
}

void generate_block(operand const& g, std::byte* to, std::int64_t index, std::int64_t const* stride,
                    std::int64_t const* length, int rank) {
  std::int64_t count = 1;
  for (int k = 0; k < rank; ++k) count *= length[k];
  if (g.generator == generator_kind::full) return generate(g, to, index, count);
  int run = -1;
  std::int64_t packed = 1;  // consecutive indices over all of the block?
  bool consecutive = true;
  for (int k = rank - 1; k >= 0; --k) {
    if (length[k] == 1) continue;
    if (stride[k] == 1 && run < 0) run = k;
    consecutive = consecutive && stride[k] == packed;
    packed *= length[k];
  }
  if (consecutive) return generate(g, to, index, count);
  block{g, stride, length, rank, run, size_of(g.type)}.fill(to, index, 0);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
