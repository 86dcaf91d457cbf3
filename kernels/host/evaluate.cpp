#include <kernels/host/evaluate.hpp>

#include <kernels/host/copy.hpp>
#include <kernels/host/generate.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

void set_packed(std::int64_t const* length, std::int64_t* stride, int first, int rank) {
  std::int64_t step = 1;
  for (int k = rank - 1; k >= first; --k) {
    stride[k] = step;
    step *= length[k];
  }
}

}  // namespace

void staged_source::fill(std::int64_t offset, std::int64_t const* length, int first, int rank,
                         std::int64_t count) {
  std::int64_t const* const stride = from_->stride + first;
  if (from_->data == nullptr) {
    generate_block(*from_->leaf, buffer_, from_->index + offset, stride, length + first,
                   rank - first);
  } else {
    arena_frame frame;
    std::int64_t* const packed = frame.take<std::int64_t>(rank);
    set_packed(length, packed, first, rank);
    copy_block({buffer_, packed + first}, {from_->data + offset * from_->size, stride},
               length + first, rank - first, from_->size);
  }
  kept_offset_ = offset;
  kept_count_ = count;
  kept_row_ = length[rank - 1];
}

tile_evaluator::tile_evaluator(arena_frame& frame, fused_call const& call, domain const& d,
                               tiling const& t)
    : frame_(frame),
      call_(call),
      domain_(d),
      tiling_(t),
      root_(call.form->root),
      staged_(frame.take<staged_source>(d.source_count)),
      leaf_(frame.take<void const*>(call.form->leaves)),
      leaf_pitch_(frame.take<std::int64_t>(call.form->leaves)),
      packed_(frame.take<std::int64_t>(d.rank)),
      scratch_(frame.bytes(std::int64_t{root_.scratch} * chunk_elements)),
      value_size_(size_of(root_.type)) {
  auto const in_place = [&](std::int64_t const* stride) {
    return t.by_rows ? stride[d.rank - 1] == 1 : is_packed(d, t, stride);
  };
  for (int s = 0; s < d.source_count; ++s) {
    source const& from = d.sources[s];
    bool const direct = from.data != nullptr && in_place(from.stride);
    bool const copied = root_.run == nullptr;  // a plain leaf goes to its place at once
    staged_[s] = staged_source(from, direct,
                               direct || copied ? nullptr : frame.bytes(t.largest * from.size));
  }
  out_in_place_ = in_place(d.out_stride);
}

void tile_evaluator::copy_leaf(tile_cursor const& at, std::byte* to, std::int64_t const* stride) {
  source const& from = staged_[call_.slot[root_.first_leaf]].from();
  int const first = tiling_.first, axes = domain_.rank - first;
  std::int64_t const offset = at.offset(from.stride);
  if (from.data != nullptr) {
    copy_block({to, stride + first}, {from.data + offset * from.size, from.stride + first},
               at.length + first, axes, from.size);
    return;
  }
  packed_strides(at);
  bool const packed = std::equal(packed_ + first, packed_ + domain_.rank, stride + first);
  std::byte* const values = packed ? to : buffer();
  generate_block(*from.leaf, values, from.index + offset, from.stride + first, at.length + first,
                 axes);
  if (!packed)
    copy_block({to, stride + first}, {values, packed_ + first}, at.length + first, axes, from.size);
}

void tile_evaluator::packed_strides(tile_cursor const& at) {
  set_packed(at.length, packed_, tiling_.first, domain_.rank);
}

std::byte* tile_evaluator::buffer() {
  if (buffer_ == nullptr) buffer_ = frame_.bytes(tiling_.largest * value_size_);
  return buffer_;
}

void tile_evaluator::evaluate(tile_cursor const& at, std::byte* to, std::int64_t row_pitch) {
  int const last = domain_.rank - 1;
  std::int64_t const count = at.size();
  std::int64_t const row = at.length[last];
  for (int i = 0; i < root_.leaf_count; ++i) {
    int const slot = root_.first_leaf + i;
    staged_source& staged = staged_[call_.slot[slot]];
    source const& from = staged.from();
    // One buffered row serves all rows where they are the same.
    bool const same = tiling_.by_rows && !staged.in_place() && from.stride[last - 1] == 0;
    leaf_[slot] = staged.load(at.offset(from.stride), at.length, same ? last : tiling_.first,
                              domain_.rank, same ? row : count);
    if (tiling_.by_rows)
      leaf_pitch_[slot] = same ? 0 : (staged.in_place() ? from.stride[last - 1] : row) * from.size;
  }
  chunk c{count, to, leaf_, call_.scalars, nullptr, nullptr, scratch_};
  if (!tiling_.by_rows) return root_.run(c);
  c.n = row;
  // In registers: the compiler does not know what `run` writes.
  chunk_function const run = root_.run;
  void const** const leaf = leaf_ + root_.first_leaf;
  std::int64_t const* const pitch = leaf_pitch_ + root_.first_leaf;
  int const leaves = root_.leaf_count;
  for (std::int64_t left = at.length[last - 1];;) {
    run(c);
    if (--left == 0) return;
    c.out = static_cast<std::byte*>(c.out) + row_pitch;
    for (int k = 0; k < leaves; ++k) leaf[k] = static_cast<std::byte const*>(leaf[k]) + pitch[k];
  }
}

std::byte const* tile_evaluator::values(tile_cursor const& at) {
  if (root_.run != nullptr) {
    evaluate(at, buffer(), at.length[domain_.rank - 1] * value_size_);
    return buffer_;
  }
  staged_source& staged = staged_[call_.slot[root_.first_leaf]];
  source const& from = staged.from();
  if (staged.in_place() && (!tiling_.by_rows || at.length[domain_.rank - 2] == 1))
    return from.data + at.offset(from.stride) * from.size;
  packed_strides(at);
  copy_leaf(at, buffer(), packed_);
  return buffer_;
}

void tile_evaluator::store(tile_cursor const& at) {
  std::byte* const out = domain_.out + at.offset(domain_.out_stride) * domain_.out_size;
  if (root_.run == nullptr) return copy_leaf(at, out, domain_.out_stride);
  if (out_in_place_) {
    std::int64_t const pitch =
        tiling_.by_rows ? domain_.out_stride[domain_.rank - 2] * domain_.out_size : 0;
    return evaluate(at, out, pitch);
  }
  evaluate(at, buffer(), at.length[domain_.rank - 1] * value_size_);
  packed_strides(at);
  int const first = tiling_.first;
  copy_block({out, domain_.out_stride + first}, {buffer_, packed_ + first}, at.length + first,
             domain_.rank - first, domain_.out_size);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
