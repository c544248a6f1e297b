// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace netprobe {

/// How an agent's link to its cluster's servers stands.
struct LinkCounts {
  struct Calls {
    std::string_view kind;      ///< "query", "stream", "page", "sums" or "hello"
    std::uint64_t taken = 0;    ///< since the start
    std::uint64_t refused = 0;  ///< there were too many of the kind at once
    std::size_t now = 0;        ///< at work
  };
  std::vector<Calls> calls;
  std::uint64_t unreadable = 0;  ///< requests that are none
  std::uint64_t stalled = 0;     ///< answers that nobody took in time
  std::size_t live_bytes = 0;    ///< kept for callers of live streams
};

}  // namespace netprobe
