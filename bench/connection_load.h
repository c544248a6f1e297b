// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "support/netns.h"

namespace netprobe::bench {

struct LoadOptions {
  double rate = 0;  ///< connections a second; 0: as many as can be made
  double seconds = 1;
};

struct LoadResult {
  std::uint64_t connected = 0;  ///< connect() succeeded
  std::uint64_t accepted = 0;   ///< and accept() gave the other side
  std::uint64_t failed = 0;
  std::uint64_t sent = 0;      ///< payload bytes, client to server
  std::uint64_t received = 0;  ///< of these, what the servers read
  double seconds = 0;
  double cpu_seconds = 0;
};

/// Real TCP connections over loopback, made, used once and reset, by one thread
/// a core that is both client and server: a handshake on loopback is done when
/// connect() returns, so nobody waits for anybody and no core wakes another.
/// That leaves the cores to what is measured.
[[nodiscard]] LoadResult load_connections(const test::NetNamespace& ns, const LoadOptions& options);

}  // namespace netprobe::bench
