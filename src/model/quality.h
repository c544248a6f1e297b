// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "model/connection.h"
#include "model/flow.h"
#include "model/verdict.h"

namespace netprobe {

/// Segments that tell of trouble, sent by one side.
struct TcpTrouble {
  std::uint64_t retransmits = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t zero_windows = 0;
  std::uint64_t resets = 0;

  [[nodiscard]] bool any() const {
    return (retransmits | out_of_order | zero_windows | resets) != 0;
  }
  bool operator==(const TcpTrouble&) const = default;
};

/// Hears of flows what cannot be asked for later. Called on the data thread
/// only; must not block.
class FlowObserver {
 public:
  virtual ~FlowObserver() = default;
  /// A flow leaves the table, which happens to each once. `flow.ending` says
  /// why; it comes without its observations.
  virtual void on_flow_end(const Flow& flow) = 0;
  /// The handshake of a TCP connection was seen, which is told once: SYN to
  /// the ACK that completes it, at the point nearest the pod edge.
  virtual void on_handshake(Role role, Nanos time) = 0;
  /// More of this since the last call, at the point nearest the pod edge.
  virtual void on_tcp_trouble(bool from_client, const TcpTrouble& more) = 0;
};

/// Sums of connection quality since the start, as packets told.
struct QualityReport {
  using ByVerdict = std::array<std::uint64_t,
                               static_cast<std::size_t>(Verdict::kCount)>;  ///< index: enum Verdict
  ByVerdict tcp{};  ///< flows that have ended, each once
  ByVerdict udp{};
  TcpTrouble from_client;
  TcpTrouble from_server;
  std::array<Histogram, 6> handshakes;  ///< by enum Role; bounds: kLatencyBounds
};

}  // namespace netprobe
