// What the planner has to know of cuBLAS and cuBLASLt, measured: prints dsl/library_support.inc.
//
// A column of an epilogue is true where cuBLASLt has it for every shape and layout tried here, computes
// it right (ReLU of NaN is NaN, GELU is as exact as its type) and takes no longer than a pass over the
// product. One triangle of x & x.T() is worth while from the numbers of rows and of terms on from which
// it takes at most 0.9 of the time of all of it, in every size tried here.
//
// usage: bench_library COMMIT > dsl/library_support.inc; the measurements go to the error output.
#include <dsl/model.hpp>
#include <dsl/rules.hpp>
#include <dsl/sloth.hpp>
#include <kernels/cuda/engine.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace sloth;

namespace {

void check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}
void check(cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS) throw std::runtime_error(cublasLtGetStatusString(status));
}

/// The calling thread's stream, Sloth's.
cudaStream_t stream() { return static_cast<cudaStream_t>(cuda_engine::stream_id()); }

/// What cuBLASLt is asked for.
struct epilogue {
  const char* name;
  cublasLtEpilogue_t call;
  bool adds_c, adds_bias;
  activation after;
};
constexpr epilogue epilogues[] = {
    {"alpha", CUBLASLT_EPILOGUE_DEFAULT, false, false, activation::none},
    {"c", CUBLASLT_EPILOGUE_DEFAULT, true, false, activation::none},
    {"bias", CUBLASLT_EPILOGUE_BIAS, false, true, activation::none},
    {"c and bias", CUBLASLT_EPILOGUE_BIAS, true, true, activation::none},
    {"relu", CUBLASLT_EPILOGUE_RELU, false, false, activation::relu},
    {"relu of bias", CUBLASLT_EPILOGUE_RELU_BIAS, false, true, activation::relu},
    {"gelu", CUBLASLT_EPILOGUE_GELU, false, false, activation::gelu_tanh},
    {"gelu of bias", CUBLASLT_EPILOGUE_GELU_BIAS, false, true, activation::gelu_tanh},
};
constexpr float alpha = 2, beta = 3;

/// The call for out = the epilogue of a & b, row-major by swapped operands. Keeps the arrays' addresses.
class library_call {
 public:
  library_call(epilogue const& e, node const& a, node const& b, node const& c, node const& bias,
               node const& out)
      : wide_(out.type == dtype::f64),
        type_(out.type == dtype::f16    ? CUDA_R_16F
              : out.type == dtype::bf16 ? CUDA_R_16BF
              : wide_                   ? CUDA_R_64F
                                        : CUDA_R_32F),
        a_(a.data_on(gpu)),
        b_(b.data_on(gpu)),
        c_((e.adds_c ? c : out).data_on(gpu)),
        out_(const_cast<std::byte*>(out.data_on(gpu))) {
    if (!e.adds_c) of_f64_[1] = of_f32_[1] = 0;
    check(cublasLtMatmulDescCreate(&product_, wide_ ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                                   wide_ ? CUDA_R_64F : CUDA_R_32F));
    set(CUBLASLT_MATMUL_DESC_TRANSA, is_transposed(b) ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, is_transposed(a) ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, e.call);
    void const* const bias_at = bias.data_on(gpu);
    if (e.adds_bias) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias_at);
    x_ = layout_of(b);
    y_ = layout_of(a);
    z_ = layout_of(out);
    cublasLtMatmulPreference_t wanted = nullptr;
    check(cublasLtMatmulPreferenceCreate(&wanted));
    check(cublasLtMatmulPreferenceSetAttribute(wanted, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                               &workspace_bytes, sizeof workspace_bytes));
    cublasLtMatmulHeuristicResult_t best{};
    int count = 0;
    auto const found = cublasLtMatmulAlgoGetHeuristic(handle(), product_, x_, y_, z_, z_, wanted, 1,
                                                      &best, &count);
    cublasLtMatmulPreferenceDestroy(wanted);
    if (found == CUBLAS_STATUS_SUCCESS && count > 0) algorithm_ = best.algo;
  }
  ~library_call() {
    for (auto const layout : {x_, y_, z_}) cublasLtMatrixLayoutDestroy(layout);
    cublasLtMatmulDescDestroy(product_);
  }
  library_call(library_call const&) = delete;
  library_call& operator=(library_call const&) = delete;

  /// False where cuBLASLt refuses.
  bool run() const {
    if (!algorithm_) return false;
    auto const factor = [&](int i) {
      return wide_ ? static_cast<void const*>(&of_f64_[i]) : &of_f32_[i];
    };
    static void* const workspace = [] {
      void* made = nullptr;
      check(cudaMalloc(&made, workspace_bytes));
      return made;
    }();
    check(cublasLtMatmul(handle(), product_, factor(0), b_, x_, a_, y_, factor(1), c_, z_, out_, z_,
                         &*algorithm_, workspace, workspace_bytes, stream()));
    return true;
  }

 private:
  static constexpr std::size_t workspace_bytes = 32 << 20;
  static cublasLtHandle_t handle() {
    static cublasLtHandle_t const made = [] {
      cublasLtHandle_t h = nullptr;
      check(cublasLtCreate(&h));
      return h;
    }();
    return made;
  }
  static bool is_transposed(node const& x) { return x.stride[1] != 1; }
  template <class V>
  void set(cublasLtMatmulDescAttributes_t what, V const& value) {
    check(cublasLtMatmulDescSetAttribute(product_, what, &value, sizeof value));
  }
  [[nodiscard]] cublasLtMatrixLayout_t layout_of(node const& x) const {
    bool const t = is_transposed(x);
    std::int64_t const rows = x.shape[t ? 0 : 1], columns = x.shape[t ? 1 : 0];
    cublasLtMatrixLayout_t made = nullptr;
    check(cublasLtMatrixLayoutCreate(&made, type_, static_cast<std::uint64_t>(rows),
                                     static_cast<std::uint64_t>(columns), rows));
    return made;
  }

  bool wide_;
  cudaDataType_t type_;
  void const *a_, *b_, *c_;
  void* out_;
  double of_f64_[2] = {alpha, beta};
  float of_f32_[2] = {alpha, beta};
  cublasLtMatmulDesc_t product_ = nullptr;
  cublasLtMatrixLayout_t x_ = nullptr, y_ = nullptr, z_ = nullptr;
  std::optional<cublasLtMatmulAlgo_t> algorithm_;
};

/// The same in Sloth.
template <class T, class A, class B>
lazy<T> in_sloth(epilogue const& e, A const& a, B const& b, array<T> const& c,
                 array<T> const& bias) {
  auto const z = [&]() -> lazy<T> {
    if (e.adds_c && e.adds_bias) return alpha * (a & b) + beta * c + bias;
    if (e.adds_c) return alpha * (a & b) + beta * c;
    if (e.adds_bias) return alpha * (a & b) + bias;
    return alpha * (a & b);
  };
  if (e.after == activation::relu) return relu(z());
  if (e.after == activation::gelu_tanh) return gelu_tanh(z());
  return z();
}

/// Multiples of 1/4 of at most 1/2, whose products and sums every type holds.
array<double> quarters(extents const& shape, std::uint64_t seed) {
  return (floor(generator(seed).uniform<double>(0., 5., shape)) - 2.) / 4.;
}

template <class T>
double epsilon() {
  if constexpr (std::is_same_v<T, f16>)
    return 0x1p-10;
  else if constexpr (std::is_same_v<T, bf16>)
    return 0x1p-7;
  else
    return static_cast<double>(std::numeric_limits<T>::epsilon());
}

/// Calls f(x or a view of the same values whose columns are contiguous).
template <class T, class F>
std::string in_layout(bool transposed, array<T> const& x, F const& f) {
  if (!transposed) return f(x);
  array<T> const turned = x.T();
  return f(turned.T());
}

/// (m x k)(k x n)
struct shape {
  std::int64_t m, n, k;
  [[nodiscard]] std::string text() const { return to_string(extents{m, n, k}); }
};
constexpr shape shapes[] = {
    {64, 64, 64},    {1000, 8, 32},    {128, 336, 64},   {1, 48, 8},        {512, 512, 256},
    {200, 1000, 24}, {1024, 256, 512}, {2048, 2048, 64}, {2048, 2048, 512}, {4096, 4096, 2048}};
constexpr const char* not_there = "not there";

/// "" where cuBLASLt computes it, right, in every layout of this shape; what is wrong otherwise.
template <class T>
std::string fault(epilogue const& e, shape const& of) {
  auto const [m, n, k] = of;
  array<double> left = quarters({m, k}, 1);
  array<double> const right = quarters({k, n}, 2), c = quarters({m, n}, 3), bias = quarters({n}, 4);
  auto const cast = [](array<double> const& x) { return array<T>(x.template astype<T>()); };
  for (bool const nan : {false, true}) {
    if (nan) left(0, 0) = std::numeric_limits<double>::quiet_NaN();
    array<double> const wanted = [&] {
      as_written_scope const plain;
      return array<double>(in_sloth<double>(e, left, right, c, bias));
    }();
    for (int layout = 0; layout < 4; ++layout) {
      std::string const wrong =
          in_layout(layout / 2 == 1, cast(left), [&](auto const& a) -> std::string {
            return in_layout(layout % 2 == 1, cast(right), [&](auto const& b) -> std::string {
              array<T> const out = zeros<T>(m, n);
              array<T> const addend = cast(c), row = cast(bias);
              if (!library_call(e, *a.node(), *b.node(), *addend.node(), *row.node(), *out.node())
                       .run())
                return not_there;
              array<double> const got = out.template astype<double>();
              if (!all(isnan(wanted) == isnan(got)).item()) return "loses NaN";
              if (nan) return "";
              double const off =
                  max(absolute(wanted - got) / (1. + absolute(wanted))).item() / epsilon<T>();
              return off > 8 ? "off by " + std::to_string(off) + " epsilon" : "";
            });
          });
      if (!wrong.empty()) return wrong;
    }
  }
  return "";
}

double seconds(std::function<void()> const& job, int repeat) {
  static cudaEvent_t const start = [] {
    cudaEvent_t made = nullptr;
    check(cudaEventCreate(&made));
    return made;
  }();
  static cudaEvent_t const stop = [] {
    cudaEvent_t made = nullptr;
    check(cudaEventCreate(&made));
    return made;
  }();
  check(cudaEventRecord(start, stream()));
  for (int i = 0; i < repeat; ++i) job();
  check(cudaEventRecord(stop, stream()));
  check(cudaEventSynchronize(stop));
  float ms = 0;
  check(cudaEventElapsedTime(&ms, start, stop));
  return static_cast<double>(ms) / 1e3 / repeat;
}

/// How many times longer `slow` takes than `fast`: the median of turns.
double gain(std::function<void()> const& slow, std::function<void()> const& fast) {
  int const repeat =
      std::clamp(static_cast<int>(2e-3 / std::max(seconds(slow, 2), seconds(slow, 2))), 1, 100);
  (void)seconds(fast, repeat);
  std::array<double, 9> ratio{};
  for (double& r : ratio) {
    double const before = seconds(slow, repeat);
    r = before / seconds(fast, repeat);
  }
  std::nth_element(ratio.begin(), ratio.begin() + 4, ratio.end());
  return ratio[4];
}

template <class T>
array<T> operand(extents const& shape, std::uint64_t seed) {
  return generator(seed).uniform<double>(-1., 1., shape).template astype<T>();
}

/// Further shapes, for values alone: kernels differ from shape to shape.
std::vector<shape> more_shapes() {
  std::mt19937_64 random(1);
  auto const extent = [&](double most) {
    double const power = std::log2(most) * static_cast<double>(random() >> 11) * 0x1p-53;
    return static_cast<std::int64_t>(std::exp2(power));
  };
  std::vector<shape> all;
  for (int i = 0; i < 150; ++i) all.push_back({extent(2048), extent(2048), extent(512)});
  return all;
}

/// Whether cuBLASLt has it for all shapes, right, and not slower than a product and a pass.
template <class T>
bool pays(epilogue const& e) {
  std::fprintf(stderr, "%-9s %-14s", to_string(dtype_of<T>), e.name);
  for (shape const& s : shapes)
    if (auto const wrong = fault<T>(e, s); !wrong.empty()) {
      std::fprintf(stderr, "%s in %s\n", wrong.c_str(), s.text().c_str());
      return false;
    }
  int refused = 0;
  for (shape const& s : more_shapes())
    if (auto const wrong = fault<T>(e, s); wrong == not_there) {
      ++refused;
    } else if (!wrong.empty()) {
      std::fprintf(stderr, "%s in %s\n", wrong.c_str(), s.text().c_str());
      return false;
    }
  std::fprintf(stderr, "refused in %d of 150, times faster:", refused);
  double least = std::numeric_limits<double>::infinity();
  for (auto const& [m, n, k] : shapes) {
    auto const a = operand<T>({m, k}, 1), b = operand<T>({k, n}, 2), c = operand<T>({m, n}, 3),
               bias = operand<T>({n}, 4), out = operand<T>({m, n}, 5);
    library_call const call(e, *a.node(), *b.node(), *c.node(), *bias.node(), *out.node());
    double const times = gain(
        [&] {
          as_written_scope const plain;
          array<T> const z = in_sloth<T>(e, a, b, c, bias);
        },
        [&] { (void)call.run(); });
    least = std::min(least, times);
    std::fprintf(stderr, " %.2f", times);
  }
  std::fprintf(stderr, "\n");
  return least >= 0.99;  // two runs of a large one differ by as much
}

struct triangle {
  std::int64_t rows, terms;
};
constexpr std::int64_t rows[] = {256, 512, 1024, 2048, 4096, 8192},
                       terms[] = {64, 128, 256, 512, 1024, 4096};

/// From where on one triangle takes at most `worth_while` of the time of all.
template <class T>
triangle crossover() {
  device_model always = h200;
  product_support const wherever{dtype_of<T>, false, false, false, false, false, false, 0, 0};
  always.products = std::span(&wherever, 1);
  bool faster[std::size(rows)][std::size(terms)];
  std::fprintf(stderr, "%-10s x & x.T() over one triangle; terms:", to_string(dtype_of<T>));
  for (std::int64_t const k : terms) std::fprintf(stderr, " %5d", static_cast<int>(k));
  std::fprintf(stderr, "\n");
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    std::fprintf(stderr, "%38d rows:", static_cast<int>(rows[i]));
    for (std::size_t j = 0; j < std::size(terms); ++j) {
      auto const x = operand<T>({rows[i], terms[j]}, 1);
      double const times = gain(
          [&] {
            strict_scope const plain;
            array<T> const z = x & x.T();
          },
          [&] {
            model_scope const triangles(always);
            array<T> const z = x & x.T();
          });
      faster[i][j] = worth_while * times >= 1;
      std::fprintf(stderr, " %5.2f", times);
    }
    std::fprintf(stderr, "\n");
  }
  triangle best{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()};
  std::size_t most = 0;
  for (std::size_t i = 0; i < std::size(rows); ++i)
    for (std::size_t j = 0; j < std::size(terms); ++j) {
      bool all_faster = true;
      for (std::size_t r = i; r < std::size(rows); ++r)
        for (std::size_t t = j; t < std::size(terms); ++t) all_faster = all_faster && faster[r][t];
      std::size_t const cells = (std::size(rows) - i) * (std::size(terms) - j);
      if (all_faster && cells > most) most = cells, best = {rows[i], terms[j]};
    }
  return best;
}

template <class T>
void print_row(const char* type) {
  std::string line = std::string("{dtype::") + type;
  if constexpr (is_real_floating<T>) {
    bool of[std::size(epilogues)];
    for (std::size_t i = 0; i < std::size(epilogues); ++i) of[i] = pays<T>(epilogues[i]);
    for (bool const has : {of[0], of[1], of[2], of[3], of[4] && of[5], of[6] && of[7]})
      line += has ? ", true" : ", false";
  } else {
    line += ", false, false, false, false, false, false";
  }
  if constexpr (is_wide_floating(dtype_of<T>)) {
    auto const from = crossover<T>();
    line += ", " + std::to_string(from.rows) + ", " + std::to_string(from.terms);
  } else {
    line += ", never, never";
  }
  std::printf("%s},\n", line.c_str());
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_library COMMIT > dsl/library_support.inc\n");
    return 2;
  }
  device_scope const here(gpu);
  cudaDeviceProp device{};
  check(cudaGetDeviceProperties(&device, 0));
  int runtime = 0;
  check(cudaRuntimeGetVersion(&runtime));
  std::size_t const blas = cublasLtGetVersion();
  std::printf(
      "// Written by bench_library on %s, CUDA %d.%d, cuBLASLt %zu.%zu.%zu, commit %s; do not "
      "edit.\n"
      "// type; whether an epilogue pays: alpha, c, bias, c and bias, relu, gelu_tanh; one "
      "triangle from "
      "rows, terms\n",
      device.name, runtime / 1000, runtime % 1000 / 10, blas / 10000, blas / 100 % 100, blas % 100,
      argv[1]);
  print_row<f16>("f16");
  print_row<bf16>("bf16");
  print_row<float>("f32");
  print_row<double>("f64");
  print_row<complex64>("complex64");
  print_row<complex128>("complex128");
} catch (std::exception const& e) {
  std::fprintf(stderr, "bench_library: %s\n", e.what());
  return 1;
}
