// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "flow/flow_table.h"
#include "probes/flow/flow_replayer.h"
#include "support/packet_builder.h"

namespace netprobe::test {

/// Where and how a packet was captured.
struct Seen {
  std::uint32_t interface = 1;
  std::uint32_t wire_length = 0;  ///< 0: all was captured
  bool bare_ip = false;
  Nanos after = kMillisecond;  ///< since the packet before
};

/// The way of a packet from the BPF program to the flow table, in one object.
class Replay {
 public:
  explicit Replay(const FlowReplayer::Options& options = {});

  Replay& push(const Bytes& packet, const Seen& seen = {});
  Replay& push(const Packet& packet, const Seen& seen = {}) { return push(packet.bytes(), seen); }
  Replay& push(const std::vector<Bytes>& packets, const Seen& seen = {});

  /// All flows so far, in the order of their first packets.
  [[nodiscard]] std::vector<Flow> flows();
  /// Those at one depth: 0 the packets themselves, 1 inside a tunnel.
  [[nodiscard]] std::vector<Flow> flows_at(std::uint8_t depth);
  /// The one flow at a depth; fails the test where there is not exactly one.
  [[nodiscard]] Flow only(std::uint8_t depth = 0);
  [[nodiscard]] DeviceCounters counters();
  /// Where the programs count tunnels.
  [[nodiscard]] Result<TunnelMaps> tunnel_maps() const { return replayer_->tunnel_maps(); }
  [[nodiscard]] FlowTable& table() { return *table_; }
  [[nodiscard]] std::uint64_t pushed() const { return pushed_; }

  /// The invariants of exactness (design.md section 2): every packet is
  /// counted, and every one is in a flow or counted as unattributed by cause.
  void expect_exact();

 private:
  std::optional<FlowReplayer> replayer_;
  std::unique_ptr<PointNames> names_;
  std::unique_ptr<FlowTable> table_;
  Nanos now_ = 1'700'000'000 * kSecond;
  std::uint64_t pushed_ = 0;
  std::uint64_t wire_bytes_ = 0;
  std::uint32_t interfaces_ = 0;
};

/// Skips where programs cannot be loaded, with the reason.
class ProgTest : public testing::Test {
 protected:
  void SetUp() override;
};

/// One direction of a flow, to compare with.
[[nodiscard]] FlowTuple tuple(const Address& src, std::uint16_t src_port, const Address& dst,
                              std::uint16_t dst_port, std::uint8_t protocol);

}  // namespace netprobe::test

namespace netprobe {
/// For GoogleTest's messages.
void PrintTo(const FlowTuple& tuple, std::ostream* out);
void PrintTo(const Counters& counters, std::ostream* out);
}  // namespace netprobe
