// SPDX-License-Identifier: Apache-2.0
#include "prog/replay.h"

#include <unistd.h>

#include <algorithm>
#include <ostream>

namespace netprobe {

void PrintTo(const FlowTuple& tuple, std::ostream* out) {
  *out << protocol_name(tuple.protocol) << ' ' << tuple.src.to_string() << ' ' << tuple.src_port
       << " > " << tuple.dst.to_string() << ' ' << tuple.dst_port;
}

void PrintTo(const Counters& counters, std::ostream* out) {
  *out << counters.packets << " packets, " << counters.bytes << " bytes";
}

}  // namespace netprobe

namespace netprobe::test {
namespace {

class CaptureNames final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "capture"; }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kHost; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

}  // namespace

Replay::Replay(const FlowReplayer::Options& options)
    : names_(std::make_unique<CaptureNames>()),
      table_(std::make_unique<FlowTable>(FlowTableOptions{.keep_forever = true}, *names_)) {
  auto made = FlowReplayer::make(options);
  if (!made) {
    ADD_FAILURE() << made.error().message;
    return;
  }
  replayer_.emplace(std::move(*made));
}

Replay& Replay::push(const Bytes& packet, const Seen& seen) {
  if (!replayer_) return *this;
  now_ += seen.after;
  const auto wire = std::max(seen.wire_length, static_cast<std::uint32_t>(packet.size()));
  const auto pushed = replayer_->packet(packet, wire, now_, seen.interface, seen.bare_ip);
  EXPECT_TRUE(pushed) << (pushed ? "" : pushed.error().message) << ", " << packet.size()
                      << " bytes";
  ++pushed_;
  wire_bytes_ += wire;
  interfaces_ = std::max(interfaces_, seen.interface);
  if (pushed_ % 1'000 == 0) replayer_->drain(*table_);
  return *this;
}

Replay& Replay::push(const std::vector<Bytes>& packets, const Seen& seen) {
  for (const auto& packet : packets) push(packet, seen);
  return *this;
}

std::vector<Flow> Replay::flows() {
  if (replayer_) replayer_->drain(*table_);
  auto flows = table_->flows();
  std::ranges::sort(flows, {},
                    [](const Flow& flow) { return std::pair(flow.first_seen, flow.id); });
  return flows;
}

std::vector<Flow> Replay::flows_at(std::uint8_t depth) {
  auto found = flows();
  std::erase_if(found, [depth](const Flow& flow) {
    return flow.observations.empty() || flow.observations.front().depth != depth;
  });
  return found;
}

Flow Replay::only(std::uint8_t depth) {
  auto found = flows_at(depth);
  EXPECT_EQ(found.size(), 1U) << "flows at depth " << int{depth};
  return found.empty() ? Flow{} : found.front();
}

DeviceCounters Replay::counters() { return replayer_ ? replayer_->counters() : DeviceCounters{}; }

void Replay::expect_exact() {
  const auto all = flows();
  const auto counted = counters();
  EXPECT_EQ(counted.packets, pushed_);
  EXPECT_EQ(counted.bytes, wire_bytes_);
  std::uint64_t attributed = 0;
  std::uint64_t inner = 0;
  for (std::uint32_t i = 1; i <= interfaces_; ++i)
    for (const auto direction : {Direction::kIngress, Direction::kEgress}) {
      attributed += table_->attributed(i, direction);
      inner += table_->attributed_inner(i, direction);
    }
  EXPECT_EQ(attributed + counted.unattributed_total(), pushed_);
  EXPECT_EQ(inner + counted.inner_unattributed, counted.inner_packets);
  // The table's own sums could hide a flow that it lost: add up the flows too.
  std::uint64_t outermost = 0;
  std::uint64_t inside = 0;
  for (const auto& flow : all)
    for (const auto& point : flow.observations)
      (point.depth == 0 ? outermost : inside) += point.forward.packets + point.reverse.packets;
  EXPECT_EQ(outermost, attributed);
  EXPECT_EQ(inside, inner);
}

void ProgTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root (CAP_BPF, CAP_NET_ADMIN) to load programs";
}

FlowTuple tuple(const Address& src, std::uint16_t src_port, const Address& dst,
                std::uint16_t dst_port, std::uint8_t protocol) {
  return {src.value, dst.value, src_port, dst_port, protocol};
}

}  // namespace netprobe::test
