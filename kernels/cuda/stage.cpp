#include <kernels/cuda/stage.hpp>

#include <kernels/cuda/stream.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

constexpr std::int64_t shared_bytes = 220 << 10;  // of 228 KiB a multiprocessor; 1 KiB is a block's
constexpr int threads_a_multiprocessor = 1024;    // of 64 registers each
constexpr std::int64_t block_packs = 4096;        // of a row, 64 KiB: longer ones take several
constexpr std::int64_t slice_packs = 6656;        // blocks, 104 KiB each, two on a multiprocessor

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Takes the operands whose rows can be copied in bulk. Copies begin and end at multiples of 16
/// bytes: where a row does not, the bytes around it come along (memory comes in blocks of 256).
void choose_operands(stage_plan& s, fused_call const& call, walk const& w,
                     leaf_walk const* leaves) {
  for (int k = 0; k < call.operand_count && s.operands < max_staged; ++k) {
    operand const& o = call.operands[k];
    std::int64_t const size = size_of(o.type), bytes = s.longest * size;
    std::int64_t const stride = w.rows == 1 ? bytes : leaves[k].row * size;
    if (!o.data || leaves[k].column != 1 || stride <= 0) continue;
    bool const even =
        bytes % 16 == 0 && stride % 16 == 0 && reinterpret_cast<std::uintptr_t>(o.data) % 16 == 0;
    if (!even && (s.whole || s.gang > 1)) continue;
    s.staged[k] = s.operands;
    s.operand[s.operands++] = {o.data, stride, bytes, even ? bytes : ceil_div(bytes, 16) * 16 + 16,
                               0,      even};
  }
}

std::int64_t staged_bytes(stage_plan const& s) {
  std::int64_t bytes = 0;
  for (int k = 0; k < s.operands; ++k) bytes += s.operand[k].pitch;
  return bytes;
}

/// Threads and blocks of a row: the number of its packs alone decides, and so the order in which
/// they are combined, whatever the operands' layout and however many rows there are.
void choose_team(stage_plan& s, std::int64_t packs) {
  if (packs <= 256) {  // a warp or part of it: four packs a thread
    while (s.team > 4 && s.team / 2 * 4 >= packs) s.team /= 2;
    return;
  }
  if (packs > block_packs) {
    s.threads = threads_a_multiprocessor / 2;
    s.gang = static_cast<int>(
        std::min<std::int64_t>(ceil_div(packs, slice_packs), 2 * multiprocessors()));
    s.slice = ceil_div(s.longest, s.gang * std::int64_t{16}) * 16;
  } else {
    s.threads = static_cast<int>(std::clamp<std::int64_t>(ceil_div(packs, 8 * 32) * 32, 128, 1024));
    // Larger and fewer blocks where rows are so long that none could be copied ahead.
    while (s.threads < threads_a_multiprocessor &&
           packs * 16 * 2 * (threads_a_multiprocessor / s.threads) > shared_bytes)
      s.threads = std::min(2 * s.threads, threads_a_multiprocessor);
  }
  s.team = s.threads;
}

}  // namespace

stage_plan make_stage_plan(fused_call const& call, walk const& w, leaf_walk const* leaves, int pack,
                           int kept_size) {
  stage_plan s;
  std::fill(std::begin(s.staged), std::end(s.staged), -1);
  // Rows are staged where all of them have one length, the root's or that of its reductions.
  s.longest = w.columns;
  bool one_length = true;
  for (int r = 0; r < call.form->row_count; ++r) {
    std::int64_t const n = call.row_length[r];
    one_length = one_length && (s.longest == 1 || n == s.longest);
    s.longest = std::max(s.longest, n);
  }
  std::int64_t const packs = ceil_div(s.longest, pack);
  s.whole = one_length && s.longest % pack == 0 && s.longest < (1 << 30) && w.outer_axes == 0 &&
            (w.columns == 1 || w.out_vector);
  for (int k = 0; k < call.operand_count; ++k)
    s.whole = s.whole && (!call.operands[k].data || leaves[k].kind != inner_kind::gather);
  choose_team(s, packs);
  int const teams = s.threads / s.team;
  s.tile_rows = teams;
  s.blocks_a_multiprocessor = std::max(threads_a_multiprocessor / s.threads, 1);
  if (copies_in_bulk() && one_length && w.outer_axes == 0) choose_operands(s, call, w, leaves);
  // A gang's blocks run at the same time, two on a multiprocessor.
  if (staged_bytes(s) > (s.gang > 1 ? shared_bytes / 2 : shared_bytes)) {
    s.operands = 0;
    std::fill(std::begin(s.staged), std::end(s.staged), -1);
  }
  if (s.operands == 0) return s;
  // Tiles of about 8 KiB or more, a row or more for each team.
  std::int64_t const row_bytes = staged_bytes(s);
  if (teams > 1)
    s.tile_rows *=
        static_cast<int>(std::clamp<std::int64_t>((8 << 10) / (row_bytes * teams), 1, 16));
  s.tile_bytes = static_cast<unsigned>(row_bytes * s.tile_rows);
  for (int k = 1; k < s.operands; ++k)
    s.operand[k].offset =
        s.operand[k - 1].offset + static_cast<unsigned>(s.operand[k - 1].pitch * s.tile_rows);
  // What is kept must leave room for two buffers.
  std::int64_t kept = s.longest * kept_size * s.tile_rows;
  if (!s.whole || s.gang > 1 || 2 * s.tile_bytes + kept > shared_bytes) kept = 0;
  s.blocks_a_multiprocessor = static_cast<int>(
      std::clamp<std::int64_t>(shared_bytes / (s.tile_bytes + kept), 1, s.blocks_a_multiprocessor));
  std::int64_t const room = shared_bytes / s.blocks_a_multiprocessor - kept;
  s.stages = static_cast<int>(std::clamp<std::int64_t>(room / s.tile_bytes, 1, max_stages));
  s.shared_bytes = s.tile_bytes * static_cast<unsigned>(s.stages) + static_cast<unsigned>(kept);
  if (kept > 0) {
    s.kept_offset = static_cast<int>(s.tile_bytes) * s.stages;
    s.kept_pitch = static_cast<int>(s.longest) * kept_size;
  }
  return s;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
