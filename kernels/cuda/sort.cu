// Sorts of order-preserving unsigned keys: short rows by a bitonic network in shared memory, all else
// by CUB's radix sort. Its kernels are large: it has keys of 32 and 64 bits, alone and with indices
// of 32 bits, those of 32 with values of 64 too, and for one row numbers of 32 and 64 bits as they are;
// what the kernels here know of the type is an argument.
#include <dsl/scope.hpp>
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/sort_pairs.hpp>
#include <kernels/cuda/stream.hpp>

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_segmented_sort.cuh>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <string>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;
using std::uint32_t;
using std::uint64_t;

/// How values are ordered: their bits as unsigned numbers, but for the sign.
struct ordering {
  int bytes;  // of an element, or of a part of a complex one
  bool complex, floating;
  uint64_t ones, sign, infinity;  // no sign of unsigned integers

  [[nodiscard]] __host__ __device__ int element_bytes() const {
    return complex ? 2 * bytes : bytes;
  }
};

ordering ordering_of(dtype type) {
  ordering o{};
  visit(type, [&]<class T>() {
    if constexpr (is_complex<T>) {
      o = ordering_of(dtype_of<typename T::value_type>);
      o.complex = true;
    } else {
      o.bytes = sizeof(T);
      o.floating = is_floating<T>;
      o.ones = ~uint64_t{0} >> (64 - 8 * sizeof(T));
      if (is_floating<T> || std::is_signed_v<T>) o.sign = o.ones / 2 + 1;
      if constexpr (is_half<T>)
        o.infinity = std::numeric_limits<T>::infinity().bits;
      else if constexpr (is_floating<T>)
        o.infinity = std::bit_cast<std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>(
            std::numeric_limits<T>::infinity());
    }
  });
  return o;
}

__device__ uint64_t load(void const* from, int bytes, int64_t i) {
  switch (bytes) {
    case 1: return static_cast<std::uint8_t const*>(from)[i];
    case 2: return static_cast<std::uint16_t const*>(from)[i];
    case 4: return static_cast<uint32_t const*>(from)[i];
    default: return static_cast<uint64_t const*>(from)[i];
  }
}
__device__ void store(void* to, int bytes, int64_t i, uint64_t bits) {
  switch (bytes) {
    case 1: static_cast<std::uint8_t*>(to)[i] = static_cast<std::uint8_t>(bits); break;
    case 2: static_cast<std::uint16_t*>(to)[i] = static_cast<std::uint16_t>(bits); break;
    case 4: static_cast<uint32_t*>(to)[i] = static_cast<uint32_t>(bits); break;
    default: static_cast<uint64_t*>(to)[i] = bits;
  }
}

/// NaN is all ones. -0 comes before +0, and is one with it where zeros are one.
__device__ uint64_t real_key(ordering const& o, uint64_t bits, bool one_zero) {
  if (!o.floating) return bits ^ o.sign;
  uint64_t const magnitude = bits & ~o.sign;
  if (magnitude > o.infinity) return o.ones;
  if (magnitude == 0 && one_zero) return o.sign;
  return bits & o.sign ? ~bits & o.ones : bits | o.sign;
}
__device__ uint64_t real_of_key(ordering const& o, uint64_t key) {
  if (!o.floating) return key ^ o.sign;
  if (key == o.ones) return o.infinity | o.infinity / 2;
  return key & o.sign ? key ^ o.sign : ~key & o.ones;
}

/// A key of 128 bits: complex128's.
struct wide {
  uint64_t high, low;
  __device__ friend bool operator<(wide a, wide b) {
    return a.high < b.high || (a.high == b.high && a.low < b.low);
  }
  __device__ friend bool operator==(wide a, wide b) { return a.high == b.high && a.low == b.low; }
};

__device__ wide key_of(ordering const& o, void const* in, int64_t i, bool one_zero) {
  if (!o.complex) return {0, real_key(o, load(in, o.bytes, i), one_zero)};
  uint64_t high = real_key(o, load(in, o.bytes, 2 * i), true);
  uint64_t low = real_key(o, load(in, o.bytes, 2 * i + 1), true);
  // Of NaNs first those with a real part, by that: 1 + infinity's key is no other number's.
  if (low == o.ones && high != o.ones) {
    low = high;
    high = (o.infinity | o.sign) + 1;
  }
  if (o.bytes == 8) return {high, low};
  return {0, high << 32 | low};
}

// --- Short rows ----------------------------------------------------------------------------------

constexpr int longest_short_row = 2048, slots_of_thread = 4, least_slots = 256;

template <class K>
__device__ K short_key(wide key) {
  if constexpr (std::is_same_v<K, wide>)
    return key;
  else
    return static_cast<K>(key.low);
}
template <class K>
__device__ K last_key() {
  if constexpr (std::is_same_v<K, wide>)
    return {~uint64_t{0}, ~uint64_t{0}};
  else
    return static_cast<K>(~K{0});
}

struct short_rows {
  ordering order;
  void const* in;
  void* out;
  bool indices;  // wanted, not values
  int64_t rows;
  int n, log_slots;  // of a row's slots, a power of two
};

/// Rows of keys with their indices, whose order makes the network stable. What pads a row is behind
/// its NaNs.
template <class K>
__global__ void sort_short_rows(short_rows const all) {
  extern __shared__ __align__(16) unsigned char block_memory[];
  int const threads = static_cast<int>(blockDim.x), slots = slots_of_thread * threads;
  K* const keys = reinterpret_cast<K*>(block_memory);
  auto* const columns = reinterpret_cast<std::uint16_t*>(keys + slots);
  int const n = all.n, mask = (1 << all.log_slots) - 1;
  int64_t const first_row = int64_t{blockIdx.x} * (slots >> all.log_slots);
  auto const row = [&](int slot) { return first_row + (slot >> all.log_slots); };
  auto const exists = [&](int slot) { return (slot & mask) < n && row(slot) < all.rows; };

  for (int s = static_cast<int>(threadIdx.x); s < slots; s += threads) {
    keys[s] = exists(s) ? short_key<K>(key_of(all.order, all.in, row(s) * n + (s & mask), true))
                        : last_key<K>();
    columns[s] = static_cast<std::uint16_t>(s & mask);
  }
  __syncthreads();
  for (int size = 2; size <= mask + 1; size *= 2)
    for (int distance = size / 2; distance > 0; distance /= 2) {
      for (int t = static_cast<int>(threadIdx.x); t < slots / 2; t += threads) {
        int const a = 2 * t - (t & (distance - 1)), b = a + distance;
        K const key_a = keys[a], key_b = keys[b];
        auto const column_a = columns[a], column_b = columns[b];
        bool const wrong = key_b < key_a || (key_b == key_a && column_b < column_a);
        if (wrong == ((a & mask & size) == 0)) {
          keys[a] = key_b, keys[b] = key_a;
          columns[a] = column_b, columns[b] = column_a;
        }
      }
      // A warp's pairs lie in 64 slots of its own, as long as they are not further apart than 32.
      if (distance > 32 || (distance == 1 && size > 32))
        __syncthreads();
      else
        __syncwarp();
    }
  __syncthreads();

  uint64_t values[slots_of_thread][2];  // all are read before any is written: out may be `in`
  int const parts = all.order.complex ? 2 : 1;
#pragma unroll
  for (int u = 0; u < slots_of_thread; ++u) {
    int const s = static_cast<int>(threadIdx.x) + u * threads;
    if (all.indices || !exists(s)) continue;
#pragma unroll
    for (int p = 0; p < 2; ++p)
      if (p < parts)
        values[u][p] = load(all.in, all.order.bytes, (row(s) * n + columns[s]) * parts + p);
  }
  __syncthreads();
#pragma unroll
  for (int u = 0; u < slots_of_thread; ++u) {
    int const s = static_cast<int>(threadIdx.x) + u * threads;
    if (!exists(s)) continue;
    int64_t const to = row(s) * n + (s & mask);
    if (all.indices) static_cast<int64_t*>(all.out)[to] = columns[s];
#pragma unroll
    for (int p = 0; p < 2; ++p)
      if (p < parts && !all.indices) store(all.out, all.order.bytes, to * parts + p, values[u][p]);
  }
}

template <class K>
void sort_short_by(short_rows const& all) {
  int const slots = std::max(1 << all.log_slots, least_slots);
  int64_t const block_rows = slots >> all.log_slots;
  launch_shared(&sort_short_rows<K>, (all.rows + block_rows - 1) / block_rows,
                slots / slots_of_thread,
                static_cast<unsigned>(slots) * (sizeof(K) + sizeof(std::uint16_t)), all);
}
void sort_short(ordering const& o, int64_t rows, int64_t n, void const* in, void* out,
                bool indices) {
  short_rows const all{o,
                       in,
                       out,
                       indices,
                       rows,
                       static_cast<int>(n),
                       static_cast<int>(std::bit_width(static_cast<uint64_t>(n - 1)))};
  if (o.element_bytes() <= 4) return sort_short_by<uint32_t>(all);
  if (o.element_bytes() == 8) return sort_short_by<uint64_t>(all);
  sort_short_by<wide>(all);
}

// --- Long rows -----------------------------------------------------------------------------------

constexpr int64_t most_elements = std::numeric_limits<uint32_t>::max();
// Rows from here on keep the device busy each by itself.
constexpr int64_t least_alone = int64_t{1} << 21;

/// Rows that are sorted together: by their keys, then by their numbers, which is one sort where both
/// fit a word.
struct long_rows {
  ordering order;
  void const* in;
  uint32_t size, n;  // elements of all and of a row

  [[nodiscard]] int row_bits() const { return static_cast<int>(std::bit_width(size / n - 1)); }
  [[nodiscard]] int key_bits() const { return 8 * order.element_bytes(); }
  [[nodiscard]] bool one_word() const { return key_bits() + row_bits() <= 64; }
};

// Values of rows from here on CUB sorts side by side, two to four times as fast as what is here.
// Longer ones, a block's work each, it does if they are many.
constexpr int64_t least_segment = 16, longest_segment = 1 << 14, most_keys = 1 << 28;

constexpr int block = 256;
template <class... Arguments>
void launch_for(uint32_t size, void (*kernel)(Arguments...),
                std::type_identity_t<Arguments> const&... arguments) {
  launch(kernel, (int64_t{size} + block - 1) / block, block, arguments...);
}
__device__ int64_t thread_index() { return int64_t{blockIdx.x} * block + threadIdx.x; }

enum class word { key, high_key, key_and_row, row };

/// Of the elements index[i], or of all in their order, whose indices become those.
template <class K>
__global__ void make_keys(long_rows const all, word which, bool one_zero, bool in_order, K* keys,
                          uint32_t* index) {
  int64_t const i = thread_index();
  if (i >= all.size) return;
  uint32_t const e = in_order ? static_cast<uint32_t>(i) : index[i];
  if (in_order && index) index[i] = e;
  if (which == word::row) {
    keys[i] = e / all.n;
    return;
  }
  wide const key = key_of(all.order, all.in, e, one_zero);
  uint64_t bits = which == word::high_key ? key.high : key.low;
  if (which == word::key_and_row) bits |= uint64_t{e / all.n} << (8 * all.order.element_bytes());
  keys[i] = static_cast<K>(bits);
}
template <class K>
__global__ void store_values(ordering const o, uint32_t size, K const* keys, void* out) {
  if (int64_t const i = thread_index(); i < size)
    store(out, o.bytes, i, real_of_key(o, keys[i] & o.ones));
}
__global__ void store_indices(uint32_t size, uint32_t n, uint32_t const* index, int64_t* out) {
  if (int64_t const i = thread_index(); i < size) out[i] = index[i] % n;
}
__global__ void gather(ordering const o, uint32_t size, void const* in, uint32_t const* index,
                       void* out) {
  int64_t const i = thread_index();
  if (i >= size) return;
  int const parts = o.complex ? 2 : 1;
  for (int p = 0; p < parts; ++p)
    store(out, o.bytes, i * parts + p, load(in, o.bytes, int64_t{index[i]} * parts + p));
}

/// Calls CUB for the size of its memory, then with it.
template <class F>
void with_memory(F f) {
  std::size_t bytes = 0;
  check_launch(f(nullptr, bytes));
  workspace const memory(bytes);
  check_launch(f(memory.data(), bytes));
}

/// Arrays of size elements that CUB's passes go to and fro between.
template <class T>
class two_arrays {
 public:
  explicit two_arrays(uint32_t size) : a_(bytes(size)), b_(bytes(size)) {}
  template <class U = T>
  [[nodiscard]] cub::DoubleBuffer<U> buffers() const {
    return {reinterpret_cast<U*>(a_.data()), reinterpret_cast<U*>(b_.data())};
  }

 private:
  static std::size_t bytes(uint32_t size) { return std::size_t{size} * sizeof(T); }
  workspace a_, b_;
};

/// Values without indices, where a key gives its value back.
template <class K>
void sort_values(long_rows const& all, void* out) {
  two_arrays<K> const arrays(all.size);
  auto keys = arrays.buffers();
  launch_for(all.size, &make_keys<K>, all, all.row_bits() ? word::key_and_row : word::key, false,
             true, keys.Current(), nullptr);
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(memory, bytes, keys, all.size, 0,
                                          all.key_bits() + all.row_bits(), stream());
  });
  launch_for(all.size, &store_values<K>, all.order, all.size, keys.Current(), out);
}

/// How many NaNs with a sign an ascending array begins with: CUB's order is that of the bits.
template <class T>
__global__ void count_leading_nans(T const* sorted, uint32_t size, uint32_t* count) {
  auto const leads = [&](uint32_t i) { return sorted[i] != sorted[i] && signbit(sorted[i]); };
  uint32_t first = 0, left = leads(0) ? size : 0;
  while (left > 0) {
    uint32_t const half = left / 2;
    if (leads(first + half)) {
      first += half + 1;
      left -= half + 1;
    } else {
      left = half;
    }
  }
  *count = first;
}
/// to[i] = from[i + by], around the end; nothing is done where `by` is 0.
template <class T>
__global__ void rotate(T const* from, uint32_t size, uint32_t const* by, bool around, T* to) {
  uint32_t const k = *by;
  if (k == 0) return;
  for (int64_t i = thread_index(); i < size; i += int64_t{gridDim.x} * block) {
    int64_t const at = around ? i + k : i;
    to[i] = from[at < size ? at : at - size];
  }
}

/// One row of numbers that CUB reads as they are: two passes over memory less than through keys.
template <class T>
void sort_as_they_are(T const* in, uint32_t size, T* out) {
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(memory, bytes, in, out, size, 0, int{8 * sizeof(T)},
                                          stream());
  });
  if constexpr (std::is_floating_point_v<T>) {
    workspace const leading(sizeof(uint32_t)), copy(std::size_t{size} * sizeof(T));
    auto* const count = reinterpret_cast<uint32_t*>(leading.data());
    auto* const other = reinterpret_cast<T*>(copy.data());
    int64_t const blocks = std::min<int64_t>((int64_t{size} + block - 1) / block, 4096);
    launch(count_leading_nans<T>, 1, 1, static_cast<T const*>(out), size, count);
    launch(rotate<T>, blocks, block, static_cast<T const*>(out), size,
           static_cast<uint32_t const*>(count), false, other);
    launch(rotate<T>, blocks, block, static_cast<T const*>(other), size,
           static_cast<uint32_t const*>(count), true, out);
  }
}

struct start_of_row {
  int64_t n;
  __host__ __device__ int64_t operator()(int64_t row) const { return row * n; }
};
/// out[i] = f(in[i]), 16 bytes at a time where both lie at them; in may be out.
template <class K, class F>
__device__ void map_words(int64_t size, K const* in, K* out, F const& f) {
  constexpr int N = 16 / sizeof(K);
  bool const packed =
      (reinterpret_cast<std::uintptr_t>(in) | reinterpret_cast<std::uintptr_t>(out)) % 16 == 0;
  int64_t const packs = packed ? size / N : 0, step = int64_t{gridDim.x} * block;
  for (int64_t p = thread_index(); p < packs; p += step) {
    uint4 bits = reinterpret_cast<uint4 const*>(in)[p];
    K v[N];
    __builtin_memcpy(v, &bits, 16);
#pragma unroll
    for (int e = 0; e < N; ++e) v[e] = f(v[e]);
    __builtin_memcpy(&bits, v, 16);
    reinterpret_cast<uint4*>(out)[p] = bits;
  }
  for (int64_t i = packs * N + thread_index(); i < size; i += step) out[i] = f(in[i]);
}
template <class K>
__global__ void keys_of(const __grid_constant__ ordering o, int64_t size, void const* in, K* keys) {
  if (o.bytes == sizeof(K))
    return map_words(size, static_cast<K const*>(in), keys,
                     [&](K bits) { return static_cast<K>(real_key(o, bits, false)); });
  for (int64_t i = thread_index(); i < size; i += int64_t{gridDim.x} * block)
    keys[i] = static_cast<K>(key_of(o, in, i, false).low);
}
/// `out` may be the keys.
template <class K>
__global__ void values_of(const __grid_constant__ ordering o, int64_t size, K const* keys,
                          void* out) {
  if (o.bytes == sizeof(K))
    return map_words(size, keys, static_cast<K*>(out),
                     [&](K key) { return static_cast<K>(real_of_key(o, key)); });
  for (int64_t i = thread_index(); i < size; i += int64_t{gridDim.x} * block)
    store(out, o.bytes, i, real_of_key(o, keys[i]));
}
/// CUB's sort of rows waits for what the stream was given before.
bool may_wait() {
  cudaStreamCaptureStatus capture{};
  check_launch(cudaStreamIsCapturing(stream(), &capture));
  return capture == cudaStreamCaptureStatusNone && !is_recording() && !no_sync::current();
}
/// Rows of real numbers side by side. CUB compares the keys of short rows, as floats in no order with NaN.
template <class K>
void sort_rows_together(ordering const& o, int64_t rows, int64_t n, void const* in, void* out) {
  int64_t const size = rows * n;
  std::size_t const bytes = static_cast<std::size_t>(size) * sizeof(K);
  workspace const unsorted(bytes);
  std::optional<workspace> narrow;
  auto* const keys = reinterpret_cast<K*>(unsorted.data());
  auto* const sorted = static_cast<K*>(
      o.bytes == sizeof(K) ? out : static_cast<void*>(narrow.emplace(bytes).data()));
  int64_t const blocks =
      std::min<int64_t>((size + block - 1) / block, int64_t{64} * multiprocessors());
  launch(keys_of<K>, blocks, block, o, size, in, keys);
  auto const starts =
      thrust::make_transform_iterator(thrust::counting_iterator<int64_t>(0), start_of_row{n});
  with_memory([&](void* memory, std::size_t& memory_bytes) {
    return cub::DeviceSegmentedSort::SortKeys(memory, memory_bytes, static_cast<K const*>(keys),
                                              sorted, size, rows, starts, starts + 1, stream());
  });
  launch(values_of<K>, blocks, block, o, size, static_cast<K const*>(sorted), out);
}

/// Sorts indices by one word of the keys, of which the first comes with indices in order.
template <class K>
void sort_by(long_rows const& all, word which, bool first, cub::DoubleBuffer<K> keys,
             cub::DoubleBuffer<uint32_t>& index, int bits) {
  launch_for(all.size, &make_keys<K>, all, which, true, first, keys.Current(), index.Current());
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(memory, bytes, keys, index, all.size, 0, bits, stream());
  });
}
template <class K>
void sort_indices(long_rows const& all, cub::DoubleBuffer<uint32_t>& index) {
  two_arrays<K> const keys(all.size);
  if (all.one_word())
    return sort_by(all, all.row_bits() ? word::key_and_row : word::key, true, keys.buffers(), index,
                   all.key_bits() + all.row_bits());
  sort_by(all, word::key, true, keys.buffers(), index, 64);
  if (all.key_bits() > 64) sort_by(all, word::high_key, false, keys.buffers(), index, 64);
  if (all.row_bits())
    sort_by(all, word::row, false, keys.template buffers<uint32_t>(), index, all.row_bits());
}

/// The values, or the indices as int64.
void sort_long(long_rows const& all, void* out, bool indices) {
  ordering const& o = all.order;
  if (!indices && !o.complex && o.bytes >= 4 && all.size == all.n && all.in != out) {
    auto const sort = [&]<class T>(T) {
      sort_as_they_are(static_cast<T const*>(all.in), all.size, static_cast<T*>(out));
    };
    bool const wide = o.bytes == 8;
    if (o.floating) return wide ? sort(double{}) : sort(float{});
    if (o.sign != 0) return wide ? sort(int64_t{}) : sort(std::int32_t{});
    return wide ? sort(uint64_t{}) : sort(uint32_t{});
  }
  bool const narrow = all.key_bits() + all.row_bits() <= 32;
  if (!indices && !all.order.complex && all.one_word())
    return narrow ? sort_values<uint32_t>(all, out) : sort_values<uint64_t>(all, out);
  two_arrays<uint32_t> const arrays(all.size);
  auto index = arrays.buffers();
  narrow ? sort_indices<uint32_t>(all, index) : sort_indices<uint64_t>(all, index);
  if (indices)
    return launch_for(all.size, &store_indices, all.size, all.n, index.Current(),
                      static_cast<int64_t*>(out));
  std::optional<workspace> copy;
  void const* from = all.in;
  if (from == out) {
    std::size_t const bytes = std::size_t{all.size} * all.order.element_bytes();
    from = copy.emplace(bytes).data();
    copy_on_device(copy->data(), all.in, static_cast<int64_t>(bytes));
  }
  launch_for(all.size, &gather, all.order, all.size, from, index.Current(), out);
}

void require_countable(int64_t n) {
  if (n > most_elements)
    throw shape_error("sort: rows of " + std::to_string(n) +
                      " elements; on a GPU they have less than 2^32");
}

void sort_rows(dtype type, int64_t rows, int64_t n, void const* in, void* out, bool indices) {
  if (rows == 0 || n == 0) return;
  ordering const o = ordering_of(type);
  if (!indices && !o.complex && n >= least_segment && n < least_alone &&
      rows >= (n <= longest_segment ? 2 : 2 * multiprocessors()) && may_wait()) {
    int64_t const most = std::max<int64_t>(1, most_keys / n);  // for a bounded scratch
    for (int64_t r = 0; r < rows; r += most) {
      int64_t const some = std::min(most, rows - r), first = r * n * o.bytes;
      auto const* const from = static_cast<std::byte const*>(in) + first;
      auto* const to = static_cast<std::byte*>(out) + first;
      if (o.bytes == 8)
        sort_rows_together<uint64_t>(o, some, n, from, to);
      else
        sort_rows_together<uint32_t>(o, some, n, from, to);
    }
    return;
  }
  if (n <= longest_short_row) return sort_short(o, rows, n, in, out, indices);
  require_countable(n);
  int64_t const together = n >= least_alone ? 1 : std::min(rows, most_elements / n);
  int64_t const in_bytes = n * o.element_bytes(), out_bytes = indices ? n * 8 : in_bytes;
  for (int64_t r = 0; r < rows; r += together) {
    auto const size = static_cast<uint32_t>(std::min(together, rows - r) * n);
    sort_long({o, static_cast<std::byte const*>(in) + r * in_bytes, size, static_cast<uint32_t>(n)},
              static_cast<std::byte*>(out) + r * out_bytes, indices);
  }
}

// --- Random words --------------------------------------------------------------------------------

__global__ void upper_halves(uint32_t size, uint64_t const* words, uint32_t* upper,
                             uint32_t* index) {
  int64_t const i = thread_index();
  if (i >= size) return;
  upper[i] = static_cast<uint32_t>(words[i] >> 32);
  index[i] = static_cast<uint32_t>(i);
}
/// The first indices in order of their words, from that of the upper halves: the first thread of those with
/// an equal one inserts each where its word belongs.
__global__ void store_in_order(uint32_t size, uint64_t const* words, uint32_t const* upper,
                               uint32_t* index, int64_t count, int64_t* out) {
  int64_t const i = thread_index();
  if (i >= size || i >= count || (i > 0 && upper[i - 1] == upper[i])) return;
  int64_t end = i + 1;
  for (; end < size && upper[end] == upper[i]; ++end) {
    uint32_t const own = index[end];
    int64_t to = end;
    for (; to > i && words[index[to - 1]] > words[own]; --to) index[to] = index[to - 1];
    index[to] = own;
  }
  for (int64_t k = i; k < end && k < count; ++k) out[k] = index[k];
}

}  // namespace

template <class K, class V>
void sortable_pairs<K, V>::sort(int bits, int low) {
  cub::DoubleBuffer<K> keys(reinterpret_cast<K*>(memory_[0].data()),
                            reinterpret_cast<K*>(memory_[1].data()));
  cub::DoubleBuffer<V> values(reinterpret_cast<V*>(memory_[2].data()),
                              reinterpret_cast<V*>(memory_[3].data()));
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(memory, bytes, keys, values, n_, low, bits, stream());
  });
  now_keys_ = keys.selector;
  now_values_ = values.selector;
}
template void sortable_pairs<uint32_t, uint32_t>::sort(int, int);
template void sortable_pairs<uint32_t, uint64_t>::sort(int, int);
template void sortable_pairs<uint64_t, uint32_t>::sort(int, int);

void sort(dtype type, int64_t rows, int64_t n, void const* in, void* out) {
  sort_rows(type, rows, n, in, out, false);
}
void argsort(dtype type, int64_t rows, int64_t n, void const* in, int64_t* out) {
  sort_rows(type, rows, n, in, out, true);
}
void permutation(int64_t n, uint64_t const* words, int64_t count, int64_t* out) {
  if (count == n && n <= longest_short_row) return argsort(dtype::u64, 1, n, words, out);
  require_countable(n);
  sortable_pairs<uint32_t, uint32_t> pairs(n);
  auto const size = static_cast<uint32_t>(n);
  launch_for(size, &upper_halves, size, words, pairs.keys(), pairs.values());
  pairs.sort(32);
  launch_for(size, &store_in_order, size, words, static_cast<uint32_t const*>(pairs.keys()),
             pairs.values(), count, out);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
