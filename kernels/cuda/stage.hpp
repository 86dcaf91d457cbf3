// How row kernels take their rows: teams of threads, gangs of blocks, and tiles of rows that bulk
// copies bring to shared memory while earlier ones are used. These copies need compute capability
// 9.0; older devices read rows where they are.
#pragma once

#include <kernels/cuda/geometry.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// An operand whose rows are copied to shared memory before they are used.
struct staged_operand {
  void const* data;
  std::int64_t stride, bytes;  // from row to row, of a row; stride 0: all have the same elements
  std::int64_t pitch;          // from row to row in a tile's buffer; of a gang: bytes of a slice
  bool even;                   // rows begin and end at multiples of 16 bytes
  bool splat = false;          // one element a row: repeated to 16 bytes in the buffer
  int rows = 1;                // in a tile's buffer
  unsigned offset = 0;         // of them there
};
inline constexpr int max_staged = 8, max_stages = 4;

struct stage_plan {
  int operands = 0;  // 0: rows are read where they are
  staged_operand operand[max_staged];
  int staged[max_leaves];                     // by operand of the call: which staged one, or -1
  std::int64_t longest = 1;                   // elements of a row
  unsigned tile_bytes = 0, shared_bytes = 0;  // of a buffer; of all that a block wants
  int kept_offset = -1, kept_pitch = 0;       // of the last reduction's argument; -1: not kept
  int stages = 1, tile_rows = 1;  // buffers of a block: all but one are filled while one is used
  int team = 32, threads = 256;   // threads a row; team == threads: the block
  int gang = 1;                   // blocks a row; each takes up to `slice` elements of it
  std::int64_t slice = 0;
  int blocks_a_multiprocessor = 1;
  bool whole = false;             // rows are whole packs, one stride apart, and all staged
  bool splats = false;            // some operands have one element a row
  std::byte* exchange = nullptr;  // of gangs (gang.hpp)
  // Tiles that blocks have drawn, each as it is done with one: equal shares end at unequal times.
  // nullptr: tiles in turn.
  unsigned* drawn = nullptr;
};

/// Decides it for the rows of `w`; `pack` elements are read at once, `step` by a thread before the
/// next ones. `kept_size`: bytes of an element of what is to be kept of a row where there is room; 0:
/// nothing.
[[nodiscard]] stage_plan make_stage_plan(fused_call const& call, walk const& w,
                                         leaf_walk const* leaves, int pack, int step,
                                         int kept_size);

/// An mbarrier in shared memory, for copies that some threads start and all wait for (PTX ISA, 9.7).
struct copy_barrier {
  std::uint64_t word;

#if defined(__CUDACC__)
  __device__ unsigned address() const {
    return static_cast<unsigned>(__cvta_generic_to_shared(this));
  }
  /// A phase ends with the copies that `threads` threads announced.
  __device__ void init(int threads) {
#if __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(address()), "r"(threads)
                 : "memory");
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
  }
  /// Announces `bytes` of copies in this phase.
  __device__ void expect(unsigned bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(address()),
                 "r"(bytes)
                 : "memory");
#endif
  }
  /// Starts a copy; addresses and size are multiples of 16 bytes.
  __device__ void copy(std::byte* to, void const* from, unsigned bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
            "r"(static_cast<unsigned>(__cvta_generic_to_shared(to))),
        "l"(from), "r"(bytes), "r"(address())
        : "memory");
#endif
  }
  /// Waits for the end of the phase of this parity.
  __device__ void wait(unsigned parity) {
#if __CUDA_ARCH__ >= 900
    unsigned done = 0;
    while (!done)
      asm volatile(
          "{.reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; "
          "selp.u32 %0, 1, 0, p;}"
          : "=r"(done)
          : "r"(address()), "r"(parity)
          : "memory");
#endif
  }
#endif
};

#if defined(__CUDACC__)
/// Where a copy of the row begins, and how many bytes it has.
struct row_copy {
  std::byte const* from;
  unsigned bytes;
};
__device__ inline row_copy copy_of_row(staged_operand const& o, std::int64_t row, int member) {
  auto const* from = static_cast<std::byte const*>(o.data) + row * o.stride;
  if (o.even) {
    std::int64_t const begin = member * o.pitch, left = o.bytes - begin;
    return {from + begin, left <= 0 ? 0u : static_cast<unsigned>(left < o.pitch ? left : o.pitch)};
  }
  auto const before = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(from) % 16);
  return {from - before, (before + static_cast<unsigned>(o.bytes) + 15) / 16 * 16};
}

/// The end of a row that is the last one: what follows it may be nobody's, so that its last bytes come
/// one by one. By how much its copy is shorter then.
__device__ inline unsigned copy_end(staged_operand const& o, std::int64_t row, row_copy const& c,
                                    std::byte* to) {
  auto const end = reinterpret_cast<std::uintptr_t>(o.data) + row * o.stride + o.bytes;
  auto const tail = static_cast<unsigned>(end % 16);
  if (tail == 0) return 0;
  for (unsigned i = c.bytes - 16; i < c.bytes - 16 + tail; ++i) to[i] = c.from[i];
#if __CUDA_ARCH__ >= 900
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");  // before this thread's next copies
#endif
  return 16;
}

/// Copies the tile's rows of staged operand k to `buffer`, of a gang's the member's slice; nothing
/// where there is no such tile. `fresh`: nothing has been copied there yet. Without `Uneven` all rows
/// begin and end at multiples of 16 bytes.
template <bool Uneven>
__device__ void start_copy(stage_plan const& s, int k, std::int64_t tile, std::int64_t rows,
                           int member, bool fresh, std::byte* buffer, copy_barrier& ready) {
  staged_operand const& o = s.operand[k];
  std::int64_t const first = tile * s.tile_rows;
  if (o.splat || first >= rows) return ready.expect(0);
  int const count = o.stride == 0 ? fresh : static_cast<int>(smaller(rows - first, o.rows));
  row_copy const c = copy_of_row(o, first, member);
  std::byte* const to = buffer + o.offset;
  if (o.even && (count <= 1 || o.stride == o.pitch)) {
    ready.expect(static_cast<unsigned>(count) * c.bytes);
    if (count > 0 && c.bytes > 0) ready.copy(to, c.from, static_cast<unsigned>(count) * c.bytes);
    return;
  }
  unsigned all = 0, cut = 0;
  for (int r = 0; r < count; ++r) all += copy_of_row(o, first + r, member).bytes;
  if constexpr (Uneven)
    if (!o.even && first + count == rows)
      cut = copy_end(o, rows - 1, copy_of_row(o, rows - 1, member), to + (count - 1) * o.pitch);
  ready.expect(all - cut);
  for (int r = 0; r < count; ++r) {
    row_copy const next = copy_of_row(o, first + r, member);
    if (unsigned const bytes = next.bytes - (r == count - 1 ? cut : 0); bytes > 0)
      ready.copy(to + r * o.pitch, next.from, bytes);
  }
}

/// The copies of an operand of which a whole tile is one.
struct tile_copy {
  std::byte const* from;
  std::int64_t stride;  // bytes from tile to tile
  unsigned bytes, to;
  int whole_tiles = 0;  // the first ones, without a shorter last one

  tile_copy() = default;
  __device__ tile_copy(stage_plan const& s, int k, std::int64_t rows, int member) {
    staged_operand const& o = s.operand[k];
    if (!o.even || o.splat || o.stride == 0 || (s.tile_rows > 1 && o.stride != o.pitch)) return;
    row_copy const first = copy_of_row(o, 0, member);
    if (first.bytes == 0) return;
    from = first.from;
    stride = s.tile_rows * o.stride;
    bytes = static_cast<unsigned>(s.tile_rows) * first.bytes;
    to = o.offset;
    whole_tiles = static_cast<int>(smaller(rows / s.tile_rows, 1 << 30));
  }
  __device__ void start(std::int64_t tile, std::byte* buffer, copy_barrier& ready) const {
    ready.expect(bytes);
    ready.copy(buffer + to, from + tile * stride, bytes);
  }
};

/// Writes the elements of operands that have one a row, for `count` rows.
__device__ inline void fill_splats(stage_plan const& s, std::int64_t first, int count,
                                   std::byte* buffer) {
  for (int k = 0; k < s.operands; ++k) {
    staged_operand const& o = s.operand[k];
    if (!o.splat) continue;
    auto const* const from = static_cast<std::byte const*>(o.data) + first * o.stride;
    for (int i = static_cast<int>(threadIdx.x); i < 16 * smaller(count, o.rows);
         i += static_cast<int>(blockDim.x))
      buffer[o.offset + i] = from[i / 16 * o.stride + i % o.bytes];
  }
}
#endif

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
