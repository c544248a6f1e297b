// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace netprobe {

/// When failed or odd attempts are a scan. Seconds.
struct ScanOptions {
  /// Ports of one target, of one source, within `window`.
  std::uint32_t vertical_ports = 20;
  /// Targets on one port, or by ICMP echo, of one source within `window`.
  std::uint32_t outside_targets = 25;
  std::uint32_t inside_targets = 50;  ///< the source is a pod, a node, a private address
  /// Pairs of target and port, of one source within `window`.
  std::uint32_t block_pairs = 60;
  std::uint32_t window = 300;
  /// The same over `slow_window`, where they come further apart.
  std::uint32_t slow_ports = 30;
  std::uint32_t slow_targets = 60;
  std::uint32_t slow_window = 24 * 3600;
  /// It is slow if its probes are so far apart on average.
  std::uint32_t slow_interval = 5;
  /// Ports of one target, by so many sources, none of which had more than half of them.
  std::uint32_t distributed_ports = 50;
  std::uint32_t distributed_sources = 5;
  std::uint32_t distributed_window = 600;
  /// An attempt without an answer for so long has failed.
  std::uint32_t patience = 2;
  /// As long as it goes on it is told again so often.
  std::uint32_t repeat = 5;
  std::size_t max_findings = 128;  ///< in one look

  /// Sources with one to three probes; with more; and targets. Powers of two.
  std::size_t newcomers = 8192;
  std::size_t suspects = 1024;
  std::size_t targets = 256;
};

}  // namespace netprobe
