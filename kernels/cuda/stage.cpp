#include <kernels/cuda/stage.hpp>

#include <kernels/cuda/stream.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

constexpr std::int64_t shared_bytes = 220 << 10;  // of 228 KiB a multiprocessor; 1 KiB is a block's
constexpr int threads_a_multiprocessor = 1024;    // of 64 registers each
constexpr std::int64_t thread_packs = 4;          // of a row that a thread takes
constexpr int block_threads = 512;                // of a gang's blocks, two on a multiprocessor
constexpr std::int64_t gang_bytes =
    shared_bytes / 2 - 16 * max_staged;  // of rows; the rest of splats

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Takes the operands whose rows can be copied in bulk. Copies begin and end at multiples of 16
/// bytes: where a row does not, the bytes around it come along (memory comes in blocks of 256).
/// False when one was not taken.
bool choose_operands(stage_plan& s, fused_call const& call, walk const& w,
                     leaf_walk const* leaves) {
  bool all = true;
  for (int k = 0; k < call.operand_count; ++k) {
    operand const& o = call.operands[k];
    bool const splat = leaves[k].kind == inner_kind::splat;
    if (!o.data || (splat && !s.whole)) continue;
    std::int64_t const size = size_of(o.type), bytes = splat ? size : s.longest * size;
    std::int64_t const stride = w.rows == 1 ? (splat ? 0 : bytes) : leaves[k].row * size;
    bool const even = splat || (bytes % 16 == 0 && stride % 16 == 0 &&
                                reinterpret_cast<std::uintptr_t>(o.data) % 16 == 0);
    if ((!splat && (leaves[k].column != 1 || stride < 0)) ||
        (!even && (s.whole || s.gang > 1 || stride == 0)) || s.operands == max_staged) {
      all = false;
      continue;
    }
    if (splat) s.splats = true;
    s.staged[k] = s.operands;
    s.operand[s.operands++] = {
        o.data,
        stride,
        bytes,
        splat ? 16 : s.gang > 1 ? s.slice * size : even ? bytes : ceil_div(bytes, 16) * 16 + 16,
        even,
        splat};
  }
  return all;
}

/// Gives the operands their rows of a tile's buffer; its bytes.
std::int64_t lay_out(stage_plan& s) {
  std::int64_t bytes = 0;
  for (int k = 0; k < s.operands; ++k) {
    staged_operand& o = s.operand[k];
    o.rows = o.stride == 0 ? 1 : s.tile_rows;
    o.offset = static_cast<unsigned>(bytes);
    bytes += o.pitch * o.rows;
  }
  return bytes;
}

void stage_nothing(stage_plan& s) {
  s.operands = 0;
  s.splats = false;
  std::fill(std::begin(s.staged), std::end(s.staged), -1);
}

/// Elements of a slice, and of the whole steps that a block's threads take through it.
struct slice_of {
  std::int64_t elements, steps;
  slice_of(std::int64_t longest, int gang, std::int64_t step)
      : elements(gang > 1 ? ceil_div(longest, gang * std::int64_t{16}) * 16 : longest),
        steps(ceil_div(elements, step) * step) {}
};

/// Bytes of a row's elements, of all operands that have more than one there.
std::int64_t row_element_bytes(fused_call const& call, leaf_walk const* leaves) {
  std::int64_t bytes = 0;
  for (int k = 0; k < call.operand_count; ++k)
    if (call.operands[k].data && leaves[k].kind != inner_kind::splat)
      bytes += size_of(call.operands[k].type);
  return bytes;
}

/// Threads and blocks of a row: its length and its elements' sizes alone decide, and so the order in
/// which they are combined, whatever the operands' layout and however many rows there are.
/// `bytes`: of all operands' elements at one place.
void choose_team(stage_plan& s, int pack, std::int64_t bytes, std::int64_t step) {
  std::int64_t const packs = ceil_div(s.longest, pack);
  if (packs <= 2 * 32 * thread_packs) {  // a warp or part of it
    while (s.team > 4 && s.team / 2 * thread_packs >= packs) s.team /= 2;
    return;
  }
  if (packs <= 2 * block_threads * thread_packs) {
    s.threads = static_cast<int>(
        ceil_div(packs, 32 * (packs > block_threads * thread_packs ? 2 : 1) * thread_packs) * 32);
  } else {
    // Blocks wait for each other: the fewer share a row, the better, and two on a multiprocessor, of
    // which one may work meanwhile. Then as many gangs as there is room for, and all blocks in them.
    int const blocks = 2 * multiprocessors();
    s.threads = block_threads;
    s.gang = 1;
    auto const fits = [&] {
      slice_of const slice(s.longest, s.gang, s.threads * step);
      return slice.elements * bytes + (slice.steps - slice.elements) * 16 / pack <= gang_bytes;
    };
    while (s.gang < blocks && !fits()) ++s.gang;
    s.gang = blocks / (blocks / s.gang);
  }
  s.team = s.threads;
}

}  // namespace

stage_plan make_stage_plan(fused_call const& call, walk const& w, leaf_walk const* leaves, int pack,
                           int step, int kept_size) {
  stage_plan s;
  stage_nothing(s);
  // Rows are staged where all of them have one length, the root's or that of its reductions.
  s.longest = w.columns;
  bool one_length = true;
  for (int r = 0; r < call.form->row_count; ++r) {
    std::int64_t const n = call.row_length[r];
    one_length = one_length && (s.longest == 1 || n == s.longest);
    s.longest = std::max(s.longest, n);
  }
  choose_team(s, pack, row_element_bytes(call, leaves), step);
  slice_of const slice(s.longest, s.gang, std::int64_t{s.team} * step);
  s.slice = slice.elements;
  int const teams = s.threads / s.team;
  s.tile_rows = teams;
  s.blocks_a_multiprocessor = std::max(threads_a_multiprocessor / s.threads, 1);
  if (!copies_in_bulk() || !one_length || w.outer_axes > 0) return s;
  std::int64_t const most = s.gang > 1 ? shared_bytes / 2 : shared_bytes;
  // Threads read whole steps, also behind the end of a row: a buffer ends with room for that, since
  // the next one may be being filled.
  std::int64_t const behind = (slice.steps - slice.elements) * 16 / pack;
  s.whole = s.longest % pack == 0 && s.longest < (1 << 30) && w.rows < (1 << 30) &&
            (w.columns == 1 || w.out_vector);
  if (!choose_operands(s, call, w, leaves) || s.operands == 0 || lay_out(s) + behind > most) {
    s.whole = false;
    stage_nothing(s);
    choose_operands(s, call, w, leaves);
    if (lay_out(s) > most) stage_nothing(s);
  }
  if (s.operands == 0) return s;
  // Tiles of about 8 KiB or more, a row or more for each team.
  if (teams > 1)
    s.tile_rows *= static_cast<int>(std::clamp<std::int64_t>((8 << 10) / lay_out(s), 1, 16));
  s.tile_bytes = static_cast<unsigned>(lay_out(s) + (s.whole ? behind : 0));
  // What is kept must leave room for two buffers.
  std::int64_t kept = s.whole ? slice.steps * kept_size * s.tile_rows : 0;
  if (2 * s.tile_bytes + kept > most) kept = 0;
  s.blocks_a_multiprocessor = static_cast<int>(
      std::clamp<std::int64_t>(shared_bytes / (s.tile_bytes + kept), 1, s.blocks_a_multiprocessor));
  std::int64_t const room = shared_bytes / s.blocks_a_multiprocessor - kept;
  s.stages = static_cast<int>(std::clamp<std::int64_t>(room / s.tile_bytes, 1, max_stages));
  s.shared_bytes = s.tile_bytes * static_cast<unsigned>(s.stages) + static_cast<unsigned>(kept);
  if (kept > 0) {
    s.kept_offset = static_cast<int>(s.tile_bytes) * s.stages;
    s.kept_pitch = static_cast<int>(slice.steps) * kept_size;
  }
  return s;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
