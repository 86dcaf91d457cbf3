#include <kernels/cuda/stage.hpp>

#include <kernels/cuda/stream.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

constexpr std::int64_t shared_bytes = 220 << 10;  // of 228 KiB a multiprocessor; 1 KiB is a block's
constexpr int threads_a_multiprocessor = 1024;    // of 64 registers each
constexpr int gang_threads = 512, gang_blocks = threads_a_multiprocessor / gang_threads;

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
    if (!even && s.whole) continue;
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

void stage_nothing(stage_plan& s) {
  s.operands = 0;
  std::fill(std::begin(s.staged), std::end(s.staged), -1);
}

/// Several blocks share a row, a slice each, where one alone is too small or too few would run.
void form_gangs(stage_plan& s, std::int64_t rows, int pack) {
  std::int64_t const packs = s.longest / pack, capacity = gang_blocks * multiprocessors();
  std::int64_t const wanted = ceil_div(staged_bytes(s), shared_bytes / gang_blocks - (2 << 10));
  if (wanted > capacity) stage_nothing(s);
  std::int64_t const least = std::clamp<std::int64_t>(wanted, 1, capacity);
  std::int64_t const most = std::max(std::min(packs / gang_threads, capacity), least);
  s.gang = static_cast<int>(std::clamp(capacity / rows, least, most));
  s.slice = static_cast<int>(ceil_div(s.longest, s.gang * std::int64_t{16}) * 16);
  s.threads = s.team = gang_threads;
  s.blocks_a_multiprocessor = gang_blocks;
  for (int k = 0; k < s.operands; ++k)
    s.operand[k].pitch = s.operand[k].bytes / s.longest * s.slice;
}

}  // namespace

stage_plan make_stage_plan(fused_call const& call, walk const& w, leaf_walk const* leaves,
                           int pack) {
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
  std::int64_t const packs = ceil_div(s.longest, pack), rows = w.rows * w.outer_count;
  s.whole = one_length && s.longest % pack == 0 && s.longest < (1 << 30) &&
            (w.columns == 1 || w.out_vector);
  for (int k = 0; k < call.operand_count; ++k)
    s.whole = s.whole && (!call.operands[k].data || leaves[k].kind != inner_kind::gather);
  if (copies_in_bulk() && one_length && w.outer_axes == 0) choose_operands(s, call, w, leaves);

  if (s.whole && packs >= 4096 &&
      (staged_bytes(s) > shared_bytes || rows < std::int64_t{multiprocessors()} / 2)) {
    form_gangs(s, rows, pack);
  } else {
    if (staged_bytes(s) > shared_bytes) stage_nothing(s);
    if (packs <= 256) {  // a warp or part of it takes a short row: four packs a thread
      while (s.team > 4 && s.team / 2 * 4 >= packs) s.team /= 2;
    } else {
      s.threads =
          static_cast<int>(std::clamp<std::int64_t>(ceil_div(packs / 8, 32) * 32, 128, 1024));
      // Fewer and larger blocks where a row takes so much memory that none can be filled ahead.
      while (s.threads < threads_a_multiprocessor &&
             staged_bytes(s) * 2 * (threads_a_multiprocessor / s.threads) > shared_bytes)
        s.threads = std::min(2 * s.threads, threads_a_multiprocessor);
      s.team = s.threads;
    }
    s.blocks_a_multiprocessor = std::max(threads_a_multiprocessor / s.threads, 1);
  }
  int const teams = s.threads / s.team;
  s.tile_rows = teams;
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
  s.blocks_a_multiprocessor = static_cast<int>(
      std::clamp<std::int64_t>(shared_bytes / s.tile_bytes, 1, s.blocks_a_multiprocessor));
  s.stages = static_cast<int>(std::clamp<std::int64_t>(
      shared_bytes / s.blocks_a_multiprocessor / s.tile_bytes, 1, max_stages));
  return s;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
