// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace netprobe {

/// Definitions are in docs/detectors.md. Counts are of connections that are open now.
struct ExhaustionOptions {
  /// Slow requests or slow reads by one source, at one service. slowhttptest makes 50 when
  /// it is not told; a client that is slow by itself has a handful.
  std::uint32_t slow_of_source = 40;
  std::uint32_t slow_of_service = 200;  ///< of all sources together
  /// Connections that nothing is done with. Pools that were never used are smaller.
  std::uint32_t hoarded_of_source = 300;
  std::uint32_t hoarded_of_service = 2'000;
  /// An answer is not late before, nor a connection unused that has said nothing.
  std::uint32_t silent_seconds = 10;
  /// … nor one that asked something: who polls may wait that long.
  std::uint32_t waiting_seconds = 90;
  /// A client that sends no more than this in a second only keeps its request alive.
  std::uint32_t drip_bytes = 128;
  /// Such seconds that make a slow request; one is enough where nothing was ever answered.
  std::uint32_t drips = 3;
  /// A reader with a closed window that takes less is slow.
  std::uint32_t slow_read_bytes_per_second = 1'024;
  /// Over when below half of the number for so many seconds.
  std::uint32_t over_seconds = 10;
  std::size_t max_connections = 32'768;
  std::size_t max_groups = 2'048;  ///< services, and sources at them, with slow connections
};

}  // namespace netprobe
