// Threads that share lazies, operands and the default generator. Built with ThreadSanitizer too.
#include <dsl/sloth.hpp>

#include <boost/test/unit_test.hpp>

#include <barrier>
#include <set>
#include <thread>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(threads)

namespace {

constexpr int thread_count = 16;

/// Runs f(thread) in all threads at once. Boost.Test's assertions stay outside: they are not
/// thread-safe.
template <class F>
void at_once(F f) {
  std::barrier<> start(thread_count);
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i)
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      f(i);
    });
  for (auto& t : threads) t.join();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_shared_lazy_is_computed_once) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    array<double> const x = ones(64, 64);
    lazy<double> const y = (x & x) + x;
    double const* seen[thread_count];
    at_once([&](int i) {
      array<double> const mine = y;
      seen[i] = mine.data();
    });
    for (double const* data : seen) BOOST_TEST(data == seen[0]);
    BOOST_TEST(array<double>(y).item(3, 3) == 65);
  }
}

BOOST_AUTO_TEST_CASE(threads_share_parts_of_their_graphs) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    array<double> const x = ones(32, 32);
    lazy<double> const a = x + 1, b = a * a, c = a & b, d = c.T() - b;
    double results[thread_count];
    at_once([&](int i) {
      lazy<double> const part = i % 4 == 0 ? a : i % 4 == 1 ? b : i % 4 == 2 ? c : d;
      results[i] = i % 2 ? sum(part + d * i).item() : (part + part.T())(0, 0).item() + i;
    });
    double const of_d = 252. * 1024;
    double const part[] = {2, 4, 256, 252};
    for (int i = 0; i < thread_count; ++i)
      BOOST_TEST(results[i] == (i % 2 ? part[i % 4] * 1024 + of_d * i : 2 * part[i % 4] + i));
  }
}

BOOST_AUTO_TEST_CASE(products_of_a_lazy_that_another_thread_computes) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    lazy<double> const x = ones(16, 16) * 2;
    double results[thread_count];
    at_once([&](int i) { results[i] = i % 2 ? sum(x).item() : (x & x).item(0, 0); });
    for (int i = 0; i < thread_count; ++i) BOOST_TEST(results[i] == (i % 2 ? 512 : 64));
  }
}

BOOST_AUTO_TEST_CASE(an_exception_in_one_thread_is_that_threads) {
  array<double> const x = zeros(1000);
  lazy<double> const shared = exp(x) + 1;
  bool refused[thread_count] = {};
  double results[thread_count] = {};
  at_once([&](int i) {
    try {
      if (i % 3 == 0) {
        array<double> const y = shared + zeros(7);
      }
      results[i] = shared.item(i);
    } catch (shape_error const&) {
      refused[i] = true;
      results[i] = shared.item(i);
    }
  });
  for (int i = 0; i < thread_count; ++i) {
    BOOST_TEST(refused[i] == (i % 3 == 0));
    BOOST_TEST(results[i] == 2);
  }
}

BOOST_AUTO_TEST_CASE(nodes_that_a_thread_gives_back_are_computed_by_another) {
  for (int repeat = 0; repeat < 10; ++repeat) {
    array<double> const x = ones(1 << 15);
    lazy<double> const first = x + 1, second = first * 2, third = second + first;
    trim_memory();
    memory_limit(memory().in_use + (1 << 18) + (1 << 17));  // not enough for all at once
    bool failed[thread_count] = {};
    at_once([&](int i) {
      try {
        evaluate(i % 2 ? third.node() : second.node());
      } catch (out_of_memory const&) {
        failed[i] = true;
      }
    });
    memory_limit(SIZE_MAX);
    for (int i = 1; i < thread_count; i += 2) BOOST_TEST(failed[i]);
    BOOST_TEST(third.item(5) == 6);
  }
}

BOOST_AUTO_TEST_CASE(copies_are_written_apart) {
  array<double> const x = arange<double>(5000);
  array<double> copies[thread_count];
  for (auto& copy : copies) copy = x;
  lazy<double> const pending = x * 2;
  at_once([&](int i) {
    for (int k = 0; k < 10; ++k) {
      copies[i] += i;
      copies[i](slice(1, _)) = copies[i](slice(_, -1));
      copies[i](0) = 0;
    }
    if (i == 3) evaluate(pending.node());
  });
  for (int i = 0; i < thread_count; ++i) BOOST_TEST(copies[i].item(4999) == 4989 + 10 * i);
  BOOST_TEST(x.item(4999) == 4999);
  BOOST_TEST(pending.item(4999) == 9998);
}

BOOST_AUTO_TEST_CASE(draws_of_the_default_generator_are_distinct) {
  std::vector<double> drawn[thread_count];
  at_once([&](int i) {
    for (int k = 0; k < 20; ++k) {
      auto const v = rand(9).to_vector();
      drawn[i].insert(drawn[i].end(), v.begin(), v.end());
    }
  });
  std::set<double> all;
  for (auto const& v : drawn) all.insert(v.begin(), v.end());
  BOOST_TEST(all.size() == std::size_t{thread_count} * 20 * 9);  // 53 bits: no two are equal
}

BOOST_AUTO_TEST_CASE(plans_may_be_explained_while_others_run) {
  array<double> const x = ones(100, 100);
  lazy<double> const y = exp(x) & x;
  at_once([&](int i) {
    if (i % 2)
      (void)explain(y + i);
    else
      (void)(y + i).to_vector();
  });
  BOOST_TEST(explain(y) == "");
}

BOOST_AUTO_TEST_SUITE_END()
