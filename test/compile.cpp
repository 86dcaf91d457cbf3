// compile(f): the values are f's own, whatever comes between; what a trace cannot know is refused.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <sstream>
#include <thread>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(compile_)

namespace {

bool const on_gpu = current_device() == device::gpu;

template <class T>
bool same(array<T> const& a, array<T> const& b) {
  return a.shape() == b.shape() && bool(all(a == b));
}

const char* const reads_an_argument =
    "a compiled function asks for the values of an argument while it is traced; it can build "
    "expressions of its arguments and return them";
const char* const evaluates =
    "a compiled function evaluates what depends on its arguments or on a draw while it is traced; "
    "it "
    "can build expressions with 'auto' or 'lazy' and return them";

}  // namespace

BOOST_AUTO_TEST_CASE(calls_have_the_functions_values) {
  int traced = 0;
  auto const f = [&](auto const& w, auto const& x) {
    ++traced;
    auto const e = exp(x - max(x, last_axis, keepdims));
    return w - 0.1 * (x.T() & (x & w)) +
           sum(e / sum(e, last_axis, keepdims), axis(0)).reshape(-1, 1);
  };
  auto const step = compile(f);
  generator random(1);
  for (std::int64_t n : {3, 40, 3}) {
    array<double> w = random.rand(n, 2), x = random.rand(5, n), plain = w;
    for (int i = 0; i < 5; ++i) {
      w = step(w, x);
      plain = f(plain, x);
      BOOST_TEST(same(w, plain));
    }
  }
  BOOST_TEST(traced == 15 + 2);  // once for each shape
}

BOOST_AUTO_TEST_CASE(types_and_scopes_have_programs_of_their_own) {
  auto const f = compile([](auto const& a, auto const& b) { return a & b & b; });
  array<double> const a = ones(4, 4);
  array<float> const b = ones<float>(4, 4);
  static_assert(std::is_same_v<decltype(f(a, a)), array<double>>);
  static_assert(std::is_same_v<decltype(f(b, b)), array<float>>);
  BOOST_TEST(f(a, a).item(1, 1) == 16);
  BOOST_TEST(f(b, b).item(1, 1) == 16);
  BOOST_TEST(f(a, b).item(1, 1) == 16);
  device_scope const here(host);
  BOOST_TEST(f(a, a).item(1, 1) == 16);
  strict_scope const as_written;
  BOOST_TEST(f(a, a).item(1, 1) == 16);
}

BOOST_AUTO_TEST_CASE(several_results_are_a_tuple) {
  auto const f = compile([](auto const& x) { return std::tuple(x + 1, sum(x), x.T()); });
  for (double start : {0., 10.}) {
    array<double> const x = start + arange<double>(6).reshape(2, 3);
    auto const [more, total, turned] = f(x);
    BOOST_TEST(same(more, array<double>(x + 1)));
    BOOST_TEST(total.item() == 15 + 6 * start);
    BOOST_TEST(same(turned, array<double>(x.T())));
  }
}

BOOST_AUTO_TEST_CASE(arguments_may_be_expressions_and_parts) {
  auto const f = compile([](auto const& x, auto const& y) { return 2 * x(slice(1, _), _) - y; });
  array<double> const x = arange<double>(12).reshape(4, 3);
  for (int i = 0; i < 2; ++i) {
    array<double> const part = x(slice(i, i + 3), _);  // begins inside x's memory
    array<double> const wanted = 2 * part(slice(1, _), _) - x(0, _) - i;
    BOOST_TEST(same(f(part, x(0, _) + i), wanted));
    BOOST_TEST(same(f(x(slice(i, i + 3), _), x(0, _) + i), wanted));
  }
  array<double> const square = x(slice(3), _);
  auto const twice = compile([](auto const& a, auto const& b) { return a + b.T(); });
  BOOST_TEST(same(twice(square, square), array<double>(square + square.T())));
}

BOOST_AUTO_TEST_CASE(draws_come_anew_in_the_functions_order) {
  generator first(7), second(8), plain_first(7), plain_second(8);
  auto const f = [](generator& a, generator& b) {
    return [&a, &b](auto const& x) {
      auto const noise = a.rand<float>(50);
      auto const other = b.normal<double>(0., 1., {50});
      return x * noise + a.rand<double>(50) - other / (other & other);
    };
  };
  auto const compiled = compile(f(first, second));
  auto const plain = f(plain_first, plain_second);
  array<double> const x = arange<double>(50);
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST(same(compiled(x), array<double>(plain(x))));
    BOOST_TEST(first.offset() == plain_first.offset());
  }
  BOOST_TEST(same(array<double>(first.rand(3)), array<double>(plain_first.rand(3))));
  auto const numbers = compile([] { return rand(4); });
  seed(3);
  array<double> const a = numbers(), b = numbers();
  seed(3);
  array<double> const c = rand(4), d = rand(4);
  BOOST_TEST(same(a, c));
  BOOST_TEST(same(b, d));
  seed(3);
  BOOST_TEST(same(numbers(), a));
}

BOOST_AUTO_TEST_CASE(equal_draws_of_two_generators_stay_two) {
  generator a(5), b(5);
  auto const f = compile([&](auto const& x) { return x + a.rand(3) - b.rand(3); });
  array<double> const x = ones(3);
  BOOST_TEST(same(f(x), x));
  (void)eval(a.rand(1));
  BOOST_TEST(!same(f(x), x));
}

BOOST_AUTO_TEST_CASE(a_generator_of_the_functions_own_starts_anew) {
  auto const f = [](auto const& x) {
    generator own(3);
    return x * own.rand(4);
  };
  auto const kept =
      compile([own = generator(3)](auto const& x) mutable { return x * own.rand(4); });
  auto const g = compile(f);
  array<double> const x = ones(4), once = f(x);
  BOOST_TEST(same(g(x), once));
  BOOST_TEST(same(g(x), once));
  BOOST_TEST(same(kept(x), once));
  BOOST_TEST(!same(kept(x), once));
}

BOOST_AUTO_TEST_CASE(what_is_captured_is_computed_once_and_keeps_its_values) {
  array<double> a = ones(3, 3);
  lazy<double> const product = a & a;
  auto const f = compile([&](auto const& x) { return (product + sum(a)) * x + a; });
  array<double> const x = 2 * ones(3, 3);
  BOOST_TEST(f(x).item(0, 0) == (3 + 9) * 2 + 1);
  BOOST_TEST(product.node()->done());
  a += 1;
  BOOST_TEST(f(x).item(0, 0) == (3 + 9) * 2 + 1);
  auto const constant = compile([&](auto const&) { return std::tuple(a + 1, a); });
  auto [computed, itself] = constant(x);
  computed += 1;
  itself += 1;
  BOOST_TEST(std::get<0>(constant(x)).item(0, 0) == 3);
  BOOST_TEST(std::get<1>(constant(x)).item(0, 0) == 2);
  BOOST_TEST(a.item(0, 0) == 2);
}

BOOST_AUTO_TEST_CASE(results_are_the_callers_own) {
  auto const f = compile([](auto const& x) { return std::tuple(x & x, x); });
  array<double> x = ones(4, 4), y = 2 * ones(4, 4);
  auto [a, itself] = f(x);
  auto [b, other] = f(y);
  BOOST_TEST(a.item(1, 2) == 4);
  BOOST_TEST(b.item(1, 2) == 16);
  itself += 5;
  BOOST_TEST(x.item(0, 0) == 1);
  BOOST_TEST(itself.item(0, 0) == 6);
  a += 1;
  BOOST_TEST(std::get<0>(f(x)).item(0, 0) == 4);
  BOOST_TEST(a.item(0, 0) == 5);
  x += 1;  // after the call nothing but x reaches its memory
  BOOST_TEST(other.item(0, 0) == 2);
}

BOOST_AUTO_TEST_CASE(arguments_are_written_in_place_after_a_call) {
  auto const f = compile([](auto const& x) { return sum(x); });
  array<double> x = ones(1000);
  BOOST_TEST(f(x).item() == 1000);
  std::size_t const before = memory().allocations;
  x += 1;
  BOOST_TEST(memory().allocations == before);
  BOOST_TEST(f(x).item() == 2000);
}

BOOST_AUTO_TEST_CASE(values_are_refused_in_a_trace) {
  array<double> const x = ones(3);
  array<double> total = zeros(3);
  REFUSES(trace_error, reads_an_argument, compile([](auto const& a) { return a * a.item(0); })(x));
  REFUSES(trace_error, reads_an_argument, compile([](auto const& a) { return a * *a.data(); })(x));
  REFUSES(trace_error, reads_an_argument,
          compile([](auto const& a) { return std::ostringstream() << a, a + 1; })(x));
  REFUSES(trace_error, reads_an_argument, compile([&](auto const& a) {
            total += a;
            return a + 1;
          })(x));
  REFUSES_HERE(trace_error, evaluates, compile([](auto const& a) {
                 array<double> const b = a + 1;
                 return b * 2;
               })(x));
  REFUSES_HERE(trace_error, evaluates, compile([](auto const& a) {
                 array<double> const noise = rand(3);
                 return a * noise;
               })(x));
  REFUSES_HERE(trace_error, evaluates, compile([](auto const& a) {
                 array<double> noise = zeros(3);
                 noise += rand(3);
                 return a * noise;
               })(x));
  REFUSES(trace_error, evaluates, compile([](auto const& a) {
            array<double> noise = zeros(3);
            noise = rand(3);
            return a * noise;
          })(x));
  REFUSES(trace_error, evaluates, compile([](auto const& a) {
            if (any(a > 0.)) return a + 1;
            return a + 2;
          })(x));
  auto const inner = compile([](auto const& a) { return a + 1; });
  REFUSES(
      trace_error,
      "a compiled function is called while another one is traced; call the function that it was "
      "made of",
      compile([&](auto const& a) { return inner(a) * 2; })(x));
  BOOST_TEST(total.item(0) == 0);
  BOOST_TEST(inner(x).item(0) == 2);  // and the thread is out of the trace
}

BOOST_AUTO_TEST_CASE(a_copy_of_an_argument_is_not_written_in_a_trace) {
  array<double> const x = ones(3);
  REFUSES_HERE(trace_error, evaluates, compile([](auto const& a) {
                 array<double> b = a;
                 b += 1;
                 return b * 2;
               })(x));
  BOOST_TEST(x.item(0) == 1);
}

BOOST_AUTO_TEST_CASE(errors_of_the_function_are_its_own_and_leave_it_usable) {
  auto const f = compile([](auto const& a, auto const& b) { return a & b; });
  array<double> const a = ones(2, 3), b = ones(3, 2);
  REFUSES_HERE(shape_error, "matmul: inner extents differ: (2, 3) & (2, 3)", f(a, a));
  BOOST_TEST(f(a, b).item(0, 0) == 3);
  auto const grow = compile([](auto const& x) {
    lazy<double> const y = x & x;
    return y + exp(y);
  });
  array<double> const x = zeros(300, 300);
  BOOST_TEST(grow(x).item(0, 0) == 1);
  memory_limit(memory().in_use + 800'000);  // one of two matrices
  BOOST_CHECK_THROW((void)grow(x), out_of_memory);
  memory_limit(SIZE_MAX);
  BOOST_TEST(grow(x).item(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(a_call_that_runs_out_of_memory_gives_back_what_it_had) {
  auto const f = compile([](auto const& x) {
    lazy<double> const y = x & x, z = y & y;
    return z + exp(y) + exp(z);
  });
  array<double> const x = zeros(300, 300);
  BOOST_TEST(f(x).item(1, 1) == 2);
  std::size_t const before = memory().in_use;
  memory_limit(before + 1'500'000);  // two of three matrices; on a GPU while kernels are recorded
  BOOST_CHECK_THROW((void)f(x), out_of_memory);
  BOOST_TEST(memory().in_use == before);
  memory_limit(SIZE_MAX);
  for (int i = 0; i < 4; ++i) BOOST_TEST(f(x).item(1, 1) == 2);
}

BOOST_AUTO_TEST_CASE(temporaries_end_at_their_last_use) {
  auto const f = compile([](auto const& x) {
    lazy<double> y = x + 1;
    for (int i = 0; i < 20; ++i) y = lazy<double>(y * 0.5);
    return y;
  });
  array<double> const x = ones(1 << 16);
  array<double> y = f(x);
  y = f(x);
  y = array<double>(zeros(1));
  trim_memory();
  reset_memory_statistics();
  std::size_t const before = memory().in_use;
  y = f(x);
  BOOST_TEST(memory().peak - before <= std::size_t{3} << 19);
  BOOST_TEST(y.item(77) == 2. / (1 << 20));
}

BOOST_AUTO_TEST_CASE(small_kernels_are_replayed) {
  auto const f = [](auto const& x, auto const& w) {
    lazy<float> y = x;
    for (int i = 0; i < 30; ++i) y = lazy<float>(y * w - 1);
    lazy<float> const norm = sqrt(sum(y * y));
    return std::tuple(y / norm, (w & y.reshape(-1, 1)).reshape(-1), sum(y, axis(0)));
  };
  auto const compiled = compile(f);
  for (int i = 0; i < 8; ++i) {
    array<float> const x = rand<float>(256), w = rand<float>(256);
    auto const [a, b, c] = compiled(x, w);
    auto const [p, q, r] = [&](auto const& all) {
      return eval(std::get<0>(all), std::get<1>(all), std::get<2>(all));
    }(f(x, w));
    BOOST_TEST(same(a, p));
    BOOST_TEST(same(b, q));
    BOOST_TEST(same(c, r));
  }
  array<float> x = rand<float>(256), w = rand<float>(256), y = x, plain = x;
  auto const step = compile([](auto const& v, auto const& m) { return v * m + sum(v * m); });
  for (int i = 0; i < 20; ++i) {
    y = step(y, w);
    plain = plain * w + sum(plain * w);
    BOOST_TEST(same(y, plain));
  }
  synchronize();
  reset_memory_statistics();
  for (int i = 0; i < 10; ++i) y = step(y, w);
  // A replay allocates its result alone; step by step there is a sum too.
  BOOST_TEST(memory().allocations == (on_gpu ? 10u : 20u));
}

BOOST_AUTO_TEST_CASE(what_a_plan_needs_no_more_gives_its_memory_back) {
  auto const deviation = [](auto const& x) { return sum(square(x - mean(x))); };
  auto const f = compile([&](auto const& x) {
    auto const product = (x & x) & x;
    return std::tuple(exp(x) * deviation(x) + sin(x) * deviation(x), product + ((x & x) & x));
  });
  array<double> const x = rand(16, 16);
  auto const [wanted, product] = f(x);
  for (int i = 0; i < 6; ++i) {
    auto const [y, z] = f(x);
    std::vector<array<double>> others;  // in whatever memory is free
    for (int k = 0; k < 8; ++k) others.emplace_back(full(extents{}, double(k)));
    auto const [again, and_again] = f(x);
    for (int k = 0; k < 8; ++k) BOOST_TEST(others[k].item() == k);
    BOOST_TEST(same(y, wanted));
    BOOST_TEST(same(again, wanted));
    BOOST_TEST(same(z, product));
  }
}

BOOST_AUTO_TEST_CASE(threads_share_a_compiled_function) {
  auto const f = compile([](auto const& x, auto const& y) { return (x & y) + x; });
  array<double> const x = rand(50, 50);
  constexpr int thread_count = 8;
  double wrong[thread_count] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t)
    threads.emplace_back([&, t] {
      array<double> const y = x + t;
      for (int i = 0; i < 20; ++i) {
        array<double> const wanted = (x & y) + x;
        wrong[t] += same(f(x, y), wanted) ? 0 : 1;
      }
    });
  for (auto& t : threads) t.join();
  for (double w : wrong) BOOST_TEST(w == 0);
}

BOOST_AUTO_TEST_CASE(a_program_outlives_its_thread) {
  auto f = compile([](auto const& x) { return (x & x) + sum(x); });
  array<double> const x = ones(20, 20);
  std::thread([&] {
    for (int i = 0; i < 4; ++i) (void)f(x);
  }).join();
  for (int i = 0; i < 4; ++i) BOOST_TEST(f(x).item(0, 0) == 420);
  std::thread([g = std::move(f), &x] {
    for (int i = 0; i < 4; ++i) (void)g(x);
  }).join();
}

BOOST_AUTO_TEST_SUITE_END()
