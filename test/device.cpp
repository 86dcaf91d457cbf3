// What must hold on whatever device evaluates: the bits of IEEE's operations are the host's, uniform
// numbers are cuRAND's, an expression allocates its result alone, threads share arrays. Sizes are
// those of a GPU where there is one, and small on the host.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <bit>
#include <thread>

#if defined(SLOTH_TEST_CURAND) && defined(SLOTH_CUDA)
#include <cuda_runtime_api.h>
#include <curand.h>
#endif

using namespace sloth;

BOOST_AUTO_TEST_SUITE(devices)

namespace {

bool const on_gpu = current_device() == device::gpu;

/// Random bits of every exponent, with zeros, infinities, NaN, subnormals and powers of two among
/// them: quotients, sums and roots meet their hard cases.
template <class T>
array<T> any_values(std::int64_t n, std::uint64_t seed) {
  using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::vector<T> v(static_cast<std::size_t>(n));
  std::uint64_t state = seed;
  for (auto& x : v) {  // splitmix64 (Steele, Lea, Flood, OOPSLA 2014)
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    z ^= z >> 31;
    T const special[] = {T(0),
                         -T(0),
                         T(1),
                         -std::numeric_limits<T>::infinity(),
                         std::numeric_limits<T>::quiet_NaN(),
                         std::numeric_limits<T>::denorm_min(),
                         std::numeric_limits<T>::min(),
                         std::numeric_limits<T>::max()};
    x = z % 64 < 8   ? special[z % 8]
        : z % 2 == 0 ? std::bit_cast<T>(static_cast<bits>(z >> (64 - 8 * sizeof(T))))
                     : static_cast<T>(static_cast<double>(z >> 11) * 0x1p-50 - 4);
  }
  return array<T>(v);
}

/// Elements whose bits differ, a NaN being equal to any NaN.
template <class T>
std::int64_t differences(array<T> const& a, array<T> const& b) {
  T const *x = std::as_const(a).data(), *y = std::as_const(b).data();
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < a.size(); ++i)
    count += !(x[i] != x[i] && y[i] != y[i]) && std::memcmp(x + i, y + i, sizeof(T)) != 0;
  return count;
}

template <class T, class F>
void same_bits(const char* name, array<T> const& x, array<T> const& y, F f) {
  array<T> const here = f(x, y);
  device_scope const scope(host);
  array<T> const there = f(x, y);
  BOOST_TEST(differences(here, there) == 0, name << " differs from the host's");
}

template <class T>
void arithmetic_has_the_hosts_bits() {
  // 10^8 pairs of each width in all, over 5 rounds.
  std::int64_t const n = on_gpu ? 20'000'000 : 20'000;
  for (std::uint64_t round = 0; round < 5; ++round) {
    array<T> const x = any_values<T>(n, 2 * round), y = any_values<T>(n, 2 * round + 1);
    same_bits("x + y", x, y, [](auto const& a, auto const& b) { return a + b; });
    same_bits("x - y", x, y, [](auto const& a, auto const& b) { return a - b; });
    same_bits("x * y", x, y, [](auto const& a, auto const& b) { return a * b; });
    same_bits("x / y", x, y, [](auto const& a, auto const& b) { return a / b; });
    same_bits("sqrt(x)", x, y, [](auto const& a, auto const&) { return sqrt(a); });
    same_bits("x * y + x", x, y, [](auto const& a, auto const& b) { return a * b + a; });
  }
}

/// Ten operations of one operand.
template <class X>
auto ten_operations(X const& x) {
  return (x * 2.f + 1.f) * (x - 3.f) / (x + 4.f) - x * x * x + 5.f;
}

}  // namespace

BOOST_AUTO_TEST_CASE(f32_arithmetic_has_the_hosts_bits) { arithmetic_has_the_hosts_bits<float>(); }
BOOST_AUTO_TEST_CASE(f64_arithmetic_has_the_hosts_bits) { arithmetic_has_the_hosts_bits<double>(); }

BOOST_AUTO_TEST_CASE(a_long_expression_allocates_its_result_alone) {
  std::int64_t const n = std::int64_t{1} << (on_gpu ? 28 : 20);
  array<float> const x = rand<float>(n);
  reset_memory_statistics();
  std::size_t const before = memory().in_use;
  array<float> const y = ten_operations(x);
  BOOST_TEST(memory().allocations == 1u);
  BOOST_TEST(memory().peak - before == n * sizeof(float));
  BOOST_TEST(memory().in_use - before == n * sizeof(float));
  BOOST_TEST(y.item(7) == ten_operations(array<float>(x(7))).item());
}

BOOST_AUTO_TEST_CASE(threads_share_write_and_free_arrays) {
  int const rounds = on_gpu ? 100'000 : 2'000;
  std::int64_t const n = 4096;
  array<double> shared = arange<double>(n);
  std::mutex mutex;  // of the handle `shared`; its memory is Sloth's to keep apart
  int wrong[2] = {};
  auto const work = [&](int me) {
    for (int round = 0; round < rounds; ++round) {
      array<double> mine;
      {
        std::lock_guard const lock(mutex);
        mine = shared;
      }
      mine += me + 1;  // a copy: the other thread reads the shared one
      array<double> const sum = mine + mine(slice(_, _, -1));
      if (round % 100 == 0 && sum.item(5) != sum.item(n - 6)) ++wrong[me];
      if (round % 3 == me) {
        std::lock_guard const lock(mutex);
        shared = mine - (me + 1);  // frees what the other thread may be reading
      }
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  BOOST_TEST(wrong[0] + wrong[1] == 0);
  BOOST_TEST(bool(all(shared == arange<double>(n))));
}

BOOST_AUTO_TEST_CASE(users_streams_and_device_memory_serve) {
#if defined(SLOTH_CUDA)
  if (!on_gpu) return;
  cudaStream_t stream = nullptr;
  BOOST_REQUIRE(cudaStreamCreate(&stream) == cudaSuccess);
  array<double> const x = arange<double>(1000);
  array<double> const m = x.reshape(25, 40), product = m & m.T();  // on the thread's own stream
  {
    stream_scope const here(stream);
    array<double> const changed = m + 1, there = changed & changed.T();
    BOOST_TEST(bool(all(there == product + sum(m, axis(1), keepdims) + sum(m, axis(1)) +
                                     40.)));  // whole numbers: exact
    array<double> const y = x * 2;
    BOOST_TEST(y.item(999) == 1998);
    double* memory = nullptr;
    BOOST_REQUIRE(cudaMalloc(reinterpret_cast<void**>(&memory), 8000) == cudaSuccess);
    auto adopted = array<double>::adopt(
        memory, {1000}, std::shared_ptr<void>(memory, [](void* p) { cudaFree(p); }), gpu);
    adopted(ellipsis) = x + 1;
    BOOST_TEST(bool(all(adopted == x + 1)));
    BOOST_TEST((adopted.node()->data() == reinterpret_cast<std::byte*>(memory)));
  }
  array<double> const z = x + 1;
  BOOST_TEST(z.item(0) == 1);
  synchronize();
  BOOST_REQUIRE(cudaStreamDestroy(stream) == cudaSuccess);
#endif
}

BOOST_AUTO_TEST_CASE(uniform_numbers_are_curands_own) {
#if defined(SLOTH_TEST_CURAND) && defined(SLOTH_CUDA)
  if (!on_gpu) return;  // test/random.cpp compares with the host generator
  std::int64_t const n = std::int64_t{1} << 28;
  auto const compare = [&]<class T>(T, auto generate) {
    T* theirs = nullptr;
    BOOST_REQUIRE(cudaMalloc(reinterpret_cast<void**>(&theirs), n * sizeof(T)) == cudaSuccess);
    curandGenerator_t curand = nullptr;
    BOOST_REQUIRE(curandCreateGenerator(&curand, CURAND_RNG_PSEUDO_PHILOX4_32_10) ==
                  CURAND_STATUS_SUCCESS);
    BOOST_REQUIRE(curandSetPseudoRandomGeneratorSeed(curand, 42) == CURAND_STATUS_SUCCESS);
    BOOST_REQUIRE(generate(curand, theirs, static_cast<std::size_t>(n)) == CURAND_STATUS_SUCCESS);
    BOOST_REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
    auto const adopted = array<T>::adopt(
        theirs, {n}, std::shared_ptr<void>(theirs, [](void* p) { cudaFree(p); }), gpu);
    generator rng(42);
    BOOST_TEST(count_nonzero(rng.rand<T>(n) != adopted).item() == 0);
    BOOST_REQUIRE(curandDestroyGenerator(curand) == CURAND_STATUS_SUCCESS);
  };
  compare(float{}, curandGenerateUniform);
  compare(double{}, curandGenerateUniformDouble);
#endif
}

BOOST_AUTO_TEST_CASE(no_sync_refuses_a_copy_on_write) {
  using values = std::vector<double>;
  std::string const copied =
      "no_sync: 24 bytes would be copied on write, since another handle reaches them";
  array<double> x = arange<double>(3);
  array<double> const y = x, z = x + 10;
  {
    no_sync const here;
    { no_sync const nested; }
    BOOST_TEST(no_sync::current());
    REFUSES_HERE(device_error, copied, x += 1);
    REFUSES_HERE(device_error, copied, x(0) = 7);
    REFUSES(device_error, copied, x.data());
    x = x + z;  // takes new memory, and leaves the shared one to y
    x *= 2;     // in place
    bool elsewhere = true;
    std::thread([&] { elsewhere = no_sync::current(); }).join();
    BOOST_TEST(!elsewhere);
  }
  BOOST_TEST(!no_sync::current());
  BOOST_TEST((y.to_vector() == values{0, 1, 2}));
  BOOST_TEST((x.to_vector() == values{20, 24, 28}));
  array<double> const w = x;
  x += 1;
  BOOST_TEST((w.to_vector() == values{20, 24, 28}));
  BOOST_TEST((x.to_vector() == values{21, 25, 29}));
}

BOOST_AUTO_TEST_CASE(no_sync_refuses_operands_from_elsewhere) {
  if (!on_gpu) return;
  using values = std::vector<double>;
  std::string const up = "no_sync: 16 bytes would be copied from the host to the GPU";
  std::string const down = "no_sync: 16 bytes would be copied from the GPU to the host";
  array<double> const there(values{1, 2});  // in the host's memory
  array<double> x = arange<double>(2);
  auto product = compile([](auto const& a, auto const& b) { return a * b; });
  {
    no_sync const here;
    REFUSES_HERE(device_error, up, array<double>(there + 1));
    REFUSES_HERE(device_error, up, array<double>(x & there));
    REFUSES(device_error, up, array<double>(sum(there)));
    REFUSES_HERE(device_error, up, x += there);
    REFUSES_HERE(device_error, up, x(slice(1)) = there(slice(1)));
    REFUSES(device_error, up, product(x, there));
    x += 1;  // in place: what was refused holds nothing
    device_scope const on_host(host);
    REFUSES_HERE(device_error, down, array<double>(x + 1));
  }
  BOOST_TEST((x.to_vector() == values{1, 2}));
  BOOST_TEST((there.to_vector() == values{1, 2}));
  array<double> const y = product(x, there);
  no_sync const here;
  array<double> const z = y + there;  // its copy is there
}

BOOST_AUTO_TEST_CASE(no_sync_refuses_the_hosts_reads) {
  if (!on_gpu) return;
  using values = std::vector<double>;
  auto const down = [](int bytes) {
    return "no_sync: " + std::to_string(bytes) + " bytes would be copied from the GPU to the host";
  };
  array<double> x = arange<double>(2);
  {
    no_sync const here;
    REFUSES_HERE(device_error, down(8), sum(x).item());
    REFUSES(device_error, down(1), bool(any(x > 0.)));
    REFUSES_HERE(device_error, down(16), x.to_vector());
    REFUSES(device_error, down(16), to_string(x));
    REFUSES(device_error, down(16), std::as_const(x).data());
    REFUSES(device_error, down(16), x.data());
    REFUSES_HERE(device_error, "no_sync: synchronize() would wait for the GPU", synchronize());
  }
  BOOST_TEST((x.to_vector() == values{0, 1}));
  no_sync const here;
  BOOST_TEST((x.to_vector() == values{0, 1}));  // the copy is there
}

BOOST_AUTO_TEST_SUITE_END()
