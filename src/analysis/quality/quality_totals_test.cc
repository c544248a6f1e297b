// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/quality_totals.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

TEST(QualityTotals, CountFlowsThatEndByVerdict) {
  QualityTotals totals;
  Flow flow;
  flow.tuple.protocol = kProtoTcp;
  flow.forward.packets = flow.reverse.packets = 3;
  flow.tcp_forward.flags = flow.tcp_reverse.flags = kTcpSyn | kTcpAck | kTcpFin;
  flow.ending = FlowEnding::kSilent;
  totals.on_flow_end(flow);
  totals.on_flow_end(flow);
  flow.tuple.protocol = kProtoUdp;
  totals.on_flow_end(flow);
  flow.tuple.protocol = kProtoIcmp;
  totals.on_flow_end(flow);
  const auto at = [](const QualityReport::ByVerdict& counts, Verdict verdict) {
    return counts[static_cast<std::size_t>(verdict)];
  };
  EXPECT_EQ(at(totals.report().tcp, Verdict::kClosed), 2U);
  EXPECT_EQ(at(totals.report().udp, Verdict::kAnswered), 1U);
  std::uint64_t all = 0;
  for (const auto count : totals.report().tcp) all += count;
  for (const auto count : totals.report().udp) all += count;
  EXPECT_EQ(all, 3U);
}

TEST(QualityTotals, BoundsOfBucketsAreInclusive) {
  QualityTotals totals;
  totals.on_handshake(Role::kPod, kLatencyBounds[0]);
  totals.on_handshake(Role::kPod, kLatencyBounds[0] + 1);
  totals.on_handshake(Role::kPod, kLatencyBounds.back() + 1);
  const Histogram& histogram = totals.report().handshakes[static_cast<std::size_t>(Role::kPod)];
  EXPECT_EQ(histogram.counts[0], 1U);
  EXPECT_EQ(histogram.counts[1], 1U);
  EXPECT_EQ(histogram.counts.back(), 1U);
  EXPECT_EQ(histogram.sum, 2 * kLatencyBounds[0] + kLatencyBounds.back() + 2);
}

TEST(QualityTotals, KeepTheSidesApart) {
  QualityTotals totals;
  totals.on_tcp_trouble(true, {.retransmits = 1, .resets = 2});
  totals.on_tcp_trouble(true, {.retransmits = 1});
  totals.on_tcp_trouble(false, {.out_of_order = 3, .zero_windows = 4});
  EXPECT_EQ(totals.report().from_client, (TcpTrouble{.retransmits = 2, .resets = 2}));
  EXPECT_EQ(totals.report().from_server, (TcpTrouble{.out_of_order = 3, .zero_windows = 4}));
}

}  // namespace
}  // namespace netprobe
