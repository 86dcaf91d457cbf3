// The running program once more, in processes of their own.
#pragma once

#include <functional>
#include <string>
#include <vector>

/// Starts this program once for each list of options, all at the same time, and calls `report` with
/// every line that one of them prints, when it comes; returns when all have exited. Throws
/// std::system_error or, when a process fails, std::runtime_error. Not a mere fork: neither CUDA nor
/// OpenMP survives one.
void run_again(std::vector<std::vector<std::string>> options,
               std::function<void(std::string const&)> const& report);
