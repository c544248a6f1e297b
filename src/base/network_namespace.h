// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace netprobe {

/// Inode of the network namespace that this thread is in: how the kernel and
/// /proc name it. 0 where it cannot be told.
[[nodiscard]] std::uint64_t own_netns();

}  // namespace netprobe
