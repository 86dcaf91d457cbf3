#include <dsl/function_trace.hpp>
#include <dsl/memory.hpp>
#include <dsl/rules.hpp>
#include <dsl/run.hpp>

#include <kernels/host/engine.hpp>
#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sloth::inline SLOTH_ABI {

bool tracing() {
  static bool const on = [] {
    const char* text = std::getenv("SLOTH_TRACE");
    return text && *text && *text != '0';
  }();
  return on;
}

void trace(std::string const& text) {
  if (tracing()) std::fprintf(stderr, "sloth: %s\n", text.c_str());
}

namespace {

/// Makes a leaf's strides those over a domain: 0 along axes that it lacks or stretches.
void align(strides& stride, extents const& shape, int domain_rank) {
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 1) stride[axis] = 0;
  while (stride.rank() < domain_rank) stride.insert(0, 0);
}

/// What profilers show while a kernel is launched; the host engine alone names nothing.
#if defined(SLOTH_CUDA)
struct range : cuda_engine::range {
  range(step_kind kind, location place) : cuda_engine::range(to_string(kind), place) {}
  range(fused_operation const& call, location place) : range(kind_of(call), place) {}
};
#else
struct range {
  range(auto const&, location) {}
};
#endif

/// Nodes' elements for kernels on a device, after other streams' writes. Copies that no buffer keeps
/// live as long as the reader.
class reader {
 public:
  reader(device where, location place) : where_(where), place_(place) {}
  std::byte* operator()(node const& n) {
    buffer* storage = n.storage.get();
    storage->require_values();
    if (storage->where() != where_)
      storage = copies_.emplace_back(storage->on(where_, place_)).get();
    storage->will_read();
    return storage->data() + n.offset * size_of(n.type);
  }

 private:
  device where_;
  location place_;  // of the expression
  std::vector<counted<buffer>> copies_;
};

/// `call` with its operands' addresses, as the engine takes it; `product` is that of the operand
/// with neither source nor generator.
class bound_call {
 public:
  bound_call(fused_operation const& call, int domain_rank, device where, location place,
             void const* product = nullptr)
      : call_(call), read_(where, place) {
    operands_.reserve(call.operands.size());
    for (auto const& from : call.operands) {
      operand& to = operands_.emplace_back();
      to.type = from.type;
      to.generator = from.generator;
      to.params[0] = from.params[0];
      to.params[1] = from.params[1];
      to.data = from.source ? read_(*from.source) : product;
      if (from.source)
        to.stride = from.source->stride;
      else
        to.stride = row_major(from.shape);
      align(to.stride, from.shape, domain_rank);
    }
  }
  [[nodiscard]] fused_call get() const {
    return {call_.form,       operands_.data(), static_cast<int>(operands_.size()),
            call_.slot,       call_.scalars,    call_.row_alias,
            call_.row_length, call_.part_shared};
  }

 private:
  fused_operation const& call_;
  reader read_;
  std::vector<operand> operands_;
};

void launch(fused_call const& call, extents const& shape, destination const& out,
            [[maybe_unused]] device where) {
#if defined(SLOTH_CUDA)
  if (where == device::gpu) {
    auto const kernels = call.form->device ? call.form->device : cuda_engine::copy_launch(out.type);
    return kernels(call, shape, out);
  }
#endif
  if (call.form->row_count > 0)
    host_engine::row(call, shape, out);
  else
    host_engine::elementwise(call, shape, out);
}

}  // namespace

void run_fused(fused_operation const& call, extents const& shape, destination const& out,
               device where, location place) {
  if (auto const* traced = function_trace::current()) traced->refuse_draws(call, place);
  range const named(call, place);
  launch(bound_call(call, shape.rank(), where, place).get(), shape, out, where);
}

namespace {

void run_reduce(reduce_operation const& call, node const& target, void* out, device where,
                [[maybe_unused]] void* mean = nullptr) {
  range const named(step_kind::reduce, target.where);
  int const rank = call.domain.rank();
  std::vector<char> reduced(call.reduced.begin(), call.reduced.end());
  static_assert(sizeof(bool) == 1);
  strides stride = extents::filled(rank, 0);
  std::int64_t step = 1;
  for (int axis = rank - 1; axis >= 0; --axis)
    if (!reduced[axis]) {
      stride[axis] = step;
      step *= call.domain[axis];
    }
  bound_call const bound(call.argument, rank, where, target.where);
#if defined(SLOTH_CUDA)
  if (where == device::gpu)
    return call.device(bound.get(), call.domain, reinterpret_cast<bool const*>(reduced.data()),
                       call.ddof, {out, target.type, std::move(stride)}, mean);
#endif
  host_engine::reduce(bound.get(), call.domain, reinterpret_cast<bool const*>(reduced.data()),
                      call.op, static_cast<host_engine::accumulator const*>(call.host), call.ddof,
                      {out, target.type, std::move(stride)});
}

void run_matmul(matmul_operation const& call, node const& target, void* out, device where) {
  range const named(step_kind::gemm, target.where);
  auto const e = matmul_shape(call.a->shape, call.b->shape, target.where);
  reader read(where, target.where);
  auto matrix_of = [&](node const& n, bool left) {
    int const rank = n.shape.rank();
    matrix_operand m;
    m.data = read(n);
    m.row_stride = rank >= 2 ? n.stride[rank - 2] : left ? 0 : n.stride[0];
    m.column_stride = rank >= 2 || left ? n.stride[rank - 1] : 0;
    extents const batch(n.shape.begin(), n.shape.end() - std::min(2, rank));
    m.batch_stride = strides(n.stride.begin(), n.stride.end() - std::min(2, rank));
    align(m.batch_stride, batch, e.batch.rank());
    return m;
  };
  matrix_operand const a = matrix_of(*call.a, true), b = matrix_of(*call.b, false);
#if defined(SLOTH_CUDA)
  auto const done_by_library = [&] {
    if (!in_library(call, target.type, model_of(where))) return false;
    product_epilogue const& p = *call.epilogue;
    auto const matrix = [&](int i) {
      return i < 0 ? matrix_operand{} : matrix_of(*p.written.operands[i].source, true);
    };
    bool const done =
        cuda_engine::gemm(target.type, e.batch, e.m, e.n, e.k, a, b, out, e.n, call.tf32,
                          {p.alpha, p.beta, matrix(p.c), matrix(p.bias), p.after});
    if (!done) trace("cuBLASLt has no such product: what surrounds it takes a pass of its own");
    return done;
  };
  if (where == device::gpu) {
    if (done_by_library()) return;
    if (call.symmetric)
      cuda_engine::symmetric_gemm(target.type, e.n, e.k, a, out, e.n);
    else
      cuda_engine::gemm(target.type, e.batch, e.m, e.n, e.k, a, b, out, e.n, call.tf32);
  }
#endif
  if (where == device::host) {
    if (call.symmetric)
      host_engine::symmetric_gemm(target.type, e.n, e.k, a, out, e.n);
    else
      host_engine::gemm(target.type, e.batch, e.m, e.n, e.k, a, b, out, e.n);
  }
  if (!call.epilogue) return;
  bound_call const around(call.epilogue->written, target.shape.rank(), where, target.where, out);
  launch(around.get(), target.shape, {out, target.type, target.stride}, where);
}

void run_concatenate(concatenate_operation const& call, node const& target, std::byte* out,
                     device where) {
  range const named(step_kind::concatenate, target.where);
  for (auto const& part : call.parts) {
    std::int64_t first = 0;
    for (int axis = 0; axis < target.stride.rank(); ++axis)
      first += part.origin[axis] * target.stride[axis];
    strides stride = target.stride;
    if (part.is_slice) stride.erase(call.axis);
    run_fused(part.values, part.shape,
              {out + first * size_of(target.type), target.type, std::move(stride)}, where,
              target.where);
  }
}

#if defined(SLOTH_CUDA)
#define SLOTH_ON(where, call) ((where) == device::gpu ? cuda_engine::call : host_engine::call)
#else
#define SLOTH_ON(where, call) host_engine::call
#endif

}  // namespace

gather gather_of(dtype type, extents const& shape, extents const& indices, int axis, bool along) {
  gather g{.element = size_of(type),
           .outer = 1,
           .extent = shape[axis],
           .inner = 1,
           .count = along ? indices[axis] : indices.size(),
           .index_outer = 0,
           .index_step = 1,
           .index_inner = along,
           .in = nullptr,
           .indices = nullptr,
           .out = nullptr};
  for (int a = 0; a < axis; ++a) g.outer *= shape[a];
  for (int a = axis + 1; a < shape.rank(); ++a) g.inner *= shape[a];
  if (along) g.index_outer = g.count * g.inner, g.index_step = g.inner;
  return g;
}

void refuse_to_wait(device where, location place) {
  if (where == device::gpu)
    no_sync::refuse_copy(sizeof(std::int64_t), "from the GPU to the host", place);
}

void require_none(std::int64_t outside, node const& indices, const char* name, int axis,
                  std::int64_t extent, location place) {
  if (outside < 0) return;
  node element(dtype::i64, {}, place);
  element.storage = indices.storage;
  element.offset = indices.offset + outside;
  std::int64_t index = 0;
  read_element(element, &index, place);
  throw index_error(std::string(name) + ": index " + std::to_string(index) +
                        " is out of range for axis " + std::to_string(axis) + " of extent " +
                        std::to_string(extent),
                    place);
}

namespace {

/// Elements of `in` at an array of places along an axis.
void run_take(primitive_operation const& call, void const* in, void const* indices, void* out,
              device where, location place) {
  node const &x = *call.operands[0], &at = *call.operands[1];
  int const axis = static_cast<int>(call.option);
  gather g = gather_of(x.type, x.shape, at.shape, axis, call.is == primitive::take_along_axis);
  g.in = in;
  g.indices = static_cast<std::int64_t const*>(indices);
  g.out = out;
  if (!call.inside) refuse_to_wait(where, place);
  require_none(SLOTH_ON(where, take(g, call.inside)), at, to_string(call.is), axis, g.extent,
               place);
}

void run_linear_algebra(primitive_operation const& call, node const& target,
                        std::vector<void const*> const& in, void* out, device where) {
  node const& a = *call.operands[0];
  extents const batch(a.shape.begin(), a.shape.end() - 2);
  matrix_stack const all{a.type, batch.size(), a.shape.back(), in[0]};
  if (all.count == 0) return;
  if (call.is == primitive::det) return SLOTH_ON(where, det(all, out));
  if (call.is == primitive::slogdet) return SLOTH_ON(where, slogdet(all, out));
  if (all.n == 0) return;
  if (where == device::gpu)
    no_sync::refuse_copy(sizeof(std::int64_t), "from the GPU to the host", target.where);
  failed_factor const failed = [&] {
    switch (call.is) {
      case primitive::inv: return SLOTH_ON(where, inv(all, out));
      case primitive::cholesky: return SLOTH_ON(where, cholesky(all, out));
      case primitive::eigh: return SLOTH_ON(where, eigh(all, out));
      case primitive::eigvalsh: return SLOTH_ON(where, eigvalsh(all, out));
      default:
        return SLOTH_ON(where, solve(all, call.option != 0,
                                     target.shape.size() / (all.count * all.n), in[1], out));
    }
  }();
  if (failed.matrix < 0) return;
  std::string const which =
      batch.rank() == 0 ? "the matrix" : "matrix " + to_string(index_of(failed.matrix, batch));
  std::string const order = std::to_string(failed.order);
  std::string const what =
      call.is >= primitive::eigh ? "has eigenvalues that do not converge"
      : call.is == primitive::cholesky
          ? "is not positive definite: its leading minor of order " + order + " is not positive"
          : "is singular: pivot " + order + " of " + std::to_string(all.n) + " is 0";
  throw linalg_error(std::string(to_string(call.is)) + ": " + which + " of shape " +
                         to_string(a.shape) + " " + what,
                     target.where);
}

void run_primitive(primitive_operation const& call, step const& s, void* out, device where) {
  node const& target = *s.target;
  range const named(s.kind, target.where);
  reader read(where, target.where);
  std::vector<void const*> in;
  for (auto const& operand : call.operands) in.push_back(read(*operand));
  node const& x = *call.operands[0];
  std::int64_t const n = x.shape.rank() > 0 ? x.shape.back() : 1;
  std::int64_t const rows = n > 0 ? x.shape.size() / n : 0;
  switch (call.is) {
    case primitive::cumsum:
    case primitive::cumprod:
    case primitive::cummin:
    case primitive::cummax: {
      constexpr reduction by[] = {reduction::sum, reduction::prod, reduction::min, reduction::max};
      reduction const op = by[static_cast<int>(call.is)];
      int const axis = x.shape.rank() - 1 - static_cast<int>(call.option);
      std::int64_t outer = 1, inner = 1;
      for (int a = 0; a < axis; ++a) outer *= x.shape[a];
      for (int a = axis + 1; a < x.shape.rank(); ++a) inner *= x.shape[a];
      return SLOTH_ON(where, scan(op, x.type, outer, x.shape[axis], inner, in[0], out));
    }
    case primitive::sort: return SLOTH_ON(where, sort(x.type, rows, n, in[0], out));
    case primitive::argsort:
      return SLOTH_ON(where, argsort(x.type, rows, n, in[0], static_cast<std::int64_t*>(out)));
    case primitive::permutation: {
      auto const* const words = static_cast<std::uint64_t const*>(in[0]);
      auto* const places = static_cast<std::int64_t*>(out);
      return SLOTH_ON(where, permutation(n, words, target.shape.size(), places));
    }
    case primitive::partition:
      if (where == device::gpu) return SLOTH_ON(where, sort(x.type, rows, n, in[0], out));
      return host_engine::partition(x.type, rows, n, call.option, in[0], out);
    case primitive::argpartition: {
      auto* const places = static_cast<std::int64_t*>(out);
      if (where == device::gpu) return SLOTH_ON(where, argsort(x.type, rows, n, in[0], places));
      return host_engine::argpartition(x.type, rows, n, call.option, in[0], places);
    }
    case primitive::select: return SLOTH_ON(where, select(x.type, rows, n, call.ranks, in[0], out));
    case primitive::topk:
      return SLOTH_ON(where, topk(x.type, rows, n, target.shape.back(), in[0],
                                  static_cast<std::int64_t*>(out)));
    case primitive::take:
    case primitive::take_along_axis: return run_take(call, in[0], in[1], out, where, target.where);
    case primitive::count_flags:
      return SLOTH_ON(
          where, count_flags(n, static_cast<bool const*>(in[0]), static_cast<std::int64_t*>(out)));
    case primitive::compress:
      return SLOTH_ON(
          where, compress(size_of(target.type), x.shape.size(), in.size() > 2 ? in[0] : nullptr,
                          static_cast<bool const*>(in[in.size() - 2]),
                          static_cast<std::int64_t const*>(in.back()), out));
    case primitive::searchsorted:
      return SLOTH_ON(where, searchsorted(x.type, n, in[0], target.shape.size(), in[1],
                                          call.option != 0, static_cast<std::int64_t*>(out)));
    case primitive::isin:
      return SLOTH_ON(where, isin(x.type, x.shape.size(), in[0], target.shape.size(), in[1],
                                  static_cast<bool*>(out)));
    case primitive::bincount:
      return SLOTH_ON(where, bincount(x.type, x.shape.size(), in[0], target.shape[0] - 1,
                                      static_cast<std::int64_t*>(out)));
    case primitive::histogram:
      return SLOTH_ON(where, histogram(x.type, x.shape.size(), in[0], target.shape[0], in[1],
                                       call.option != 0, static_cast<std::int64_t*>(out)));
    case primitive::solve:
    case primitive::inv:
    case primitive::det:
    case primitive::slogdet:
    case primitive::cholesky:
    case primitive::eigh:
    case primitive::eigvalsh: return run_linear_algebra(call, target, in, out, where);
  }
}
#undef SLOTH_ON

}  // namespace

counted<buffer> allocate(dtype type, extents const& shape, location where, device on) {
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(checked_size(shape, where), size_of(type), &bytes))
    throw out_of_memory(SIZE_MAX, memory().limit, where);
  return buffer::allocate(static_cast<std::size_t>(bytes), where, on);
}

counted<buffer> memory_of(step const& s, device where) {
  node const& target = *s.target;
  if (auto* call = std::get_if<view_operation>(&target.op)) return call->base->storage;
  return allocate(target.type, target.shape, target.where, where);
}

namespace {

void run_one(step const& s, device where) {
  node const& target = *s.target;
  counted<buffer> const& storage = s.memory;
  if (auto* call = std::get_if<fused_operation>(&target.op))
    run_fused(*call, target.shape, {storage->data(), target.type, target.stride}, where,
              target.where);
  else if (auto* call = std::get_if<reduce_operation>(&target.op))
    run_reduce(*call, target, storage->data(), where);
  else if (auto* call = std::get_if<matmul_operation>(&target.op))
    run_matmul(*call, target, storage->data(), where);
  else if (auto* call = std::get_if<concatenate_operation>(&target.op))
    run_concatenate(*call, target, storage->data(), where);
  else if (auto* call = std::get_if<primitive_operation>(&target.op))
    run_primitive(*call, s, storage->data(), where);
}

#if defined(SLOTH_CUDA)
/// Products of matrices of one shape, as they lie. Tensor cores read whole packs: kernels for a batch are
/// chosen without a look at its addresses, so that one at any other takes calls of its own.
void run_batch(std::span<step const> products) {
  location const place = products.front().target->where;
  range const named(step_kind::gemm, place);
  reader read(device::gpu, place);
  auto const matrix_of = [&](node const& n) {
    return matrix_operand{read(n), n.stride[0], n.stride[1], {}};
  };
  std::vector<product_operands> all;
  all.reserve(products.size());
  for (step const& s : products) {
    auto const& op = std::get<matmul_operation>(s.target->op);
    all.push_back({matrix_of(*op.a), matrix_of(*op.b), s.memory->data()});
  }
  node const& first = *products.front().target;
  auto const& op = std::get<matmul_operation>(first.op);
  auto const in_packs = [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; };
  bool const any_address = !op.tf32 && first.type != dtype::f16 && first.type != dtype::bf16;
  if (!any_address && !std::all_of(all.begin(), all.end(), [&](product_operands const& p) {
        return in_packs(p.a.data) && in_packs(p.b.data) && in_packs(p.c);
      })) {
    for (step const& s : products) run_one(s, device::gpu);
    return;
  }
  cuda_engine::gemm(first.type, first.shape[0], first.shape[1], op.a->shape[1], all, op.tf32);
}

/// Expressions that eval was given together.
void run_outputs(std::span<step const> outputs) {
  std::vector<bound_call> bound;
  std::vector<fused_call> calls;
  std::vector<destination> to;
  bound.reserve(outputs.size());
  for (step const& s : outputs) {
    auto const& op = std::get<fused_operation>(s.target->op);
    bound.emplace_back(op, s.target->shape.rank(), device::gpu, s.target->where);
    calls.push_back(bound.back().get());
    to.push_back({s.memory->data(), s.target->type, s.target->stride});
  }
  node const& first = *outputs.front().target;
  auto const& op = std::get<fused_operation>(first.op);
  range const named(op, first.where);
  op.outputs.launch(calls.data(), first.shape, to.data());
}
#endif

}  // namespace

void run(std::span<step const> call, device where) {
#if defined(SLOTH_CUDA)
  if (call.size() > 1 && where == device::gpu) {
    step const& first = call.front();
    if (std::holds_alternative<fused_operation>(first.target->op)) return run_outputs(call);
    auto const* variance = std::get_if<reduce_operation>(&first.target->op);
    if (!variance) return run_batch(call);
    return run_reduce(*variance, *first.target, first.memory->data(), where,
                      call.back().memory->data());
  }
#endif
  for (step const& s : call) run_one(s, where);
}

namespace {

// A strided copy has no arithmetic: its form is the leaf itself, one for each element type.
fused_form const& copy_form(dtype type) {
  static auto const& forms = *[] {  // never destroyed: arrays of static duration may be copied late
    auto& all = *new std::vector<fused_form>(dtype_count);
    for (int i = 0; i < dtype_count; ++i) {
      all[i] = {};
      all[i].root.type = static_cast<dtype>(i);
      all[i].root.leaf_count = 1;
      all[i].leaves = 1;
      all[i].print = [](std::string const* leaf, scalar_bits const*) { return leaf[0]; };
    }
    return &all;
  }();
  return forms[static_cast<int>(type)];
}

}  // namespace

fused_operation operation_of(fused_form const& form, node_ptr const& n) {
  fused_operation call(form);
  graph_operand operand;
  operand.source = n;
  operand.type = n->type;
  operand.shape = n->shape;
  call.operands.push_back(std::move(operand));
  call.slot[0] = 0;
  return call;
}

fused_operation copy_of(node_ptr const& n) { return operation_of(copy_form(n->type), n); }

}  // namespace sloth::inline SLOTH_ABI
