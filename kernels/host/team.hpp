// How many threads Eigen takes.
#pragma once

#include <omp.h>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// Threads of Eigen's products in this scope. Eigen asks OpenMP, whose setting is per thread;
/// Eigen::setNbThreads would write a global without synchronisation.
class team {
 public:
  explicit team(int n) : before_(omp_get_max_threads()) { omp_set_num_threads(n); }
  team(team const&) = delete;
  team& operator=(team const&) = delete;
  ~team() { omp_set_num_threads(before_); }

 private:
  int before_;
};

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
