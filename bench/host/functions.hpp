// NumPy's functions that are no chains of operations, against NumPy alone.
#pragma once

#include <bench/harness.hpp>
#include <bench/peer.hpp>

/// The tests hold their results against NumPy's; here they are timed.
void measure_functions(bench::session& to, bench::peer* numpy);
