#include <kernels/host/row_worker.hpp>

#include <kernels/host/copy.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

using std::int64_t;

namespace {

void fetch(std::byte const* data, int64_t bytes) {
  for (int64_t k = 0; k < bytes; k += 64) __builtin_prefetch(data + k);
}

}  // namespace

row_worker::row_worker(row_call const& of) : of_(of) {
  fused_form const& form = *of.call.form;
  domain const& d = of.d;
  int const rows = form.row_count;
  sources_ = frame_.take<source>(d.source_count);
  staged_ = frame_.take<staged_source>(d.source_count);
  offset_ = frame_.take<int64_t>(d.source_count);
  index_ = frame_.take<int64_t>(d.rank);
  leaf_ = frame_.take<void const*>(form.leaves);
  leaf_values_ = frame_.take<values>(form.leaves);
  results_ = frame_.take<scalar_bits>(of.block * rows);
  if (of.results != nullptr) std::copy_n(of.results, rows, results_);
  int64_t* stride = frame_.take<int64_t>(2 * d.source_count);
  for (int k = 0; k < d.source_count; ++k, stride += 2) {
    stride[0] = d.sources[k].stride[d.rank - 1];
    stride[1] = of.last_stride[k];
    sources_[k] = d.sources[k];
    sources_[k].stride = stride;
    bool const direct = sources_[k].data != nullptr && stride[1] == 1;
    staged_[k] = staged_source(sources_[k], direct,
                               direct ? nullptr : frame_.bytes(chunk_elements * sources_[k].size));
  }
  int parts = 1;
  for (int k = 0; k <= rows; ++k) parts = std::max(parts, of.stages[k].form->part_count);
  part_ = frame_.take<void const*>(parts);
  part_buffer_ = frame_.take<std::byte*>(parts);
  for (int k = 0; k < parts; ++k) part_buffer_[k] = frame_.bytes(chunk_elements * 16);
  buffer_ = frame_.bytes(chunk_elements * 16);
  kept_ = frame_.take<values>(rows);
  for (int k = 0; k < rows; ++k) {
    int64_t const pitch = of.stages[k].length * size_of(of.stages[k].form->type);
    if (k == of.kept_in_output)
      kept_[k] = {nullptr, d.out_stride[d.rank - 1] * d.out_size};
    else
      kept_[k] = {of.keep[k] ? frame_.bytes(of.block * pitch) : nullptr, pitch};
  }
  scratch_ = frame_.bytes(of.scratch * chunk_elements);
  seek(0);
}

void row_worker::seek(int64_t row) {
  domain const& d = of_.d;
  std::fill_n(offset_, d.source_count, int64_t{0});
  out_offset_ = 0;
  rows_ = 1;
  for (int k = d.rank - 1; k >= 0; --k) {
    index_[k] = row % d.extent[k];
    row /= d.extent[k];
    for (int s = 0; s < d.source_count; ++s) offset_[s] += index_[k] * d.sources[s].stride[k];
    out_offset_ += index_[k] * d.out_stride[k];
  }
}

// To the row behind the block.
void row_worker::next() {
  domain const& d = of_.d;
  int64_t steps = rows_;
  for (int k = d.rank - 1; k >= 0; --k) {
    index_[k] += steps;
    bool const carry = index_[k] == d.extent[k];
    if (carry) {
      index_[k] = 0;
      steps -= d.extent[k];
    }
    for (int s = 0; s < d.source_count; ++s) offset_[s] += steps * d.sources[s].stride[k];
    out_offset_ += steps * d.out_stride[k];
    if (!carry) return;
    steps = 1;
  }
}

row_worker::values row_worker::leaf(int slot, int64_t first, int64_t n) {
  int const k = of_.call.slot[slot];
  int64_t const* const stride = sources_[k].stride;
  int64_t const length[] = {rows_, n}, size = sources_[k].size;
  int const axis = of_.block == 1 ? 1 : 0;  // a single row may be a part of the one that is kept
  std::byte const* const data =
      staged_[k].load(offset_[k] + first * stride[1], length, axis, 2, rows_ * n);
  return {const_cast<std::byte*>(data), (staged_[k].in_place() ? stride[0] : n) * size};
}

void const* row_worker::part(bound_stage const& s, int index, int64_t row, int64_t first,
                             int64_t n) {
  stage_part const& p = s.form->parts[index];
  if (int const slot = s.kept[index]; slot >= 0)
    return kept_[slot].data + row * kept_[slot].pitch + first * size_of(p.type);
  if (p.run == nullptr) return leaf_[p.first_leaf];
  p.run({n, part_buffer_[index], leaf_, of_.call.scalars, results(row), nullptr, scratch_});
  return part_buffer_[index];
}

// The stage's values over [first, first + n), in `to` or, for a plain leaf, where they are. While
// they are computed, the operands' next rows come into the cache.
row_worker::values row_worker::evaluate(bound_stage const& s, int64_t first, int64_t n, values to) {
  for (int i = 0; i < s.slot_count; ++i) leaf_values_[s.slots[i]] = leaf(s.slots[i], first, n);
  if (s.form->run == nullptr) return leaf_values_[s.form->first_leaf];
  for (int64_t row = 0; row < rows_; ++row) {
    for (int i = 0; i < s.slot_count; ++i) {
      int const slot = s.slots[i];
      values const& from = leaf_values_[slot];
      leaf_[slot] = from.data + row * from.pitch;
      staged_source const& staged = staged_[of_.call.slot[slot]];
      if (row < following_ && staged.in_place() && from.pitch != 0)
        fetch(from.data + (row + rows_) * from.pitch, n * staged.from().size);
    }
    for (int i = 0; i < s.form->part_count; ++i) part_[i] = part(s, i, row, first, n);
    s.form->run(
        {n, to.data + row * to.pitch, leaf_, of_.call.scalars, results(row), part_, scratch_});
  }
  return to;
}

reduction_state row_worker::reduce(int slot, int64_t first, int64_t last) {
  bound_stage const& s = of_.stages[slot];
  accumulator const& with = *of_.with[slot];
  auto const reduce_chunk = [&](int64_t at) {
    int64_t const n = std::min(chunk_elements, last - at);
    std::byte* const to =
        kept_[slot].data != nullptr ? kept_[slot].data + at * with.value_size : buffer_;
    reduction_state state;
    with.init(state);
    if (n > 0) with.accumulate(state, evaluate(s, at, n, {to, 0}).data, n, at);
    return state;
  };
  if (last - first <= chunk_elements) return reduce_chunk(first);
  reduction_tree tree(with);
  for (int64_t at = first; at < last; at += part_of_row) {  // as the parts of a shared row
    reduction_tree part(with);
    int64_t const stop = std::min(at + part_of_row, last);
    for (int64_t chunk = at; chunk < stop; chunk += chunk_elements) part.push(reduce_chunk(chunk));
    tree.push(part.total());
  }
  return tree.total();
}

void row_worker::reduce(int slot) {
  if (int const first = of_.call.row_alias[slot]; first != slot) {
    for (int64_t row = 0; row < rows_; ++row) results(row)[slot] = results(row)[first];
    return;
  }
  bound_stage const& s = of_.stages[slot];
  accumulator const& with = *of_.with[slot];
  if (s.length > chunk_elements) return of_.finish(slot, reduce(slot, 0, s.length), results_[slot]);
  values from = kept_[slot].data != nullptr ? kept_[slot] : values{buffer_, kept_[slot].pitch};
  if (s.length > 0) from = evaluate(s, 0, s.length, from);
  with.rows(from.data, from.pitch, rows_, s.length, of_.ddof(slot), results_ + slot,
            of_.row_count() * static_cast<int64_t>(sizeof(scalar_bits)));
}

void row_worker::store(int64_t first, int64_t last) {
  domain const& d = of_.d;
  int64_t const size = d.out_size, stride[] = {d.out_stride[d.rank - 1], of_.out_last_stride};
  for (int64_t at = first; at < last; at += chunk_elements) {
    int64_t const n = std::min(chunk_elements, last - at);
    std::byte* const out = d.out + (out_offset_ + at * stride[1]) * size;
    bool const direct = stride[1] == 1 || n == 1;
    values const to = direct ? values{out, stride[0] * size} : values{buffer_, n * size};
    values const from = evaluate(of_.root(), at, n, to);
    int64_t const length[] = {rows_, n}, from_stride[] = {from.pitch / size, 1};
    if (from.data != out) copy_block({out, stride}, {from.data, from_stride}, length, 2, size);
  }
}

void row_worker::run(int64_t first, int64_t last) {
  seek(first);
  for (int64_t row = first; row < last; row += rows_, next()) {
    int64_t const axis_end = of_.d.extent[of_.d.rank - 1] - index_[of_.d.rank - 1];
    rows_ = std::min({of_.block, last - row, axis_end});
    if (of_.root().length <= part_of_row) following_ = std::min(of_.block, axis_end - rows_);
    if (int const slot = of_.kept_in_output; slot >= 0)
      kept_[slot].data = of_.d.out + out_offset_ * of_.d.out_size;
    for (int slot = 0; slot < of_.row_count(); ++slot) reduce(slot);
    store(0, of_.root().length);
  }
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
