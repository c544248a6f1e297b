// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace netprobe::bench {

/// Counts the system calls that `work` makes: runs it in a forked child that
/// stops at each (ptrace). What it changes in private memory stays there. -1
/// where this cannot be done.
[[nodiscard]] int count_system_calls(const std::function<void()>& work);

}  // namespace netprobe::bench
