// SPDX-License-Identifier: Apache-2.0
#include "analysis/workload/workload_totals.h"

#include <gtest/gtest.h>

#include <set>

#include "analysis/workload/testing/workload_totals_fixture.h"

namespace netprobe {
namespace {

class Workloads : public Totals {
 protected:
  explicit Workloads(WorkloadOptions options = {}) : Totals(std::move(options)) {
    hold("10.1.0.1", IdentityKind::kPod, "shop", "web-a-1", "web");
    hold("10.1.0.2", IdentityKind::kPod, "shop", "web-a-2", "web");
    hold("10.1.0.3", IdentityKind::kPod, "data", "db-0", "db");
    hold("10.96.0.1", IdentityKind::kService, "data", "sql");
    hold("192.168.0.1", IdentityKind::kNode, "", "node-1");
  }
};

TEST_F(Workloads, FlowsOfOnePairAreOneSum) {
  EXPECT_TRUE(grow(flow(1, "10.1.0.1", "10.1.0.3"), 3, true));
  EXPECT_TRUE(grow(flow(2, "10.1.0.2", "10.1.0.3"), 4, true));
  EXPECT_TRUE(grow(flow(1, "10.1.0.1", "10.1.0.3"), 5, false));
  const auto p = pair("web", "db");
  EXPECT_EQ(p.src, (WorkloadName{"shop", "Deployment", "web"}));
  EXPECT_EQ(p.dst, (WorkloadName{"data", "Deployment", "db"}));
  EXPECT_EQ(p.direction, "intra-node");
  EXPECT_EQ(p.flows, 2U);
  EXPECT_EQ(p.forward, (Counters{12, 1200}));
  EXPECT_EQ(p.reverse, (Counters{24, 2400}));
  EXPECT_EQ(named_, 2) << "a flow whose ends are known is named once";
  EXPECT_EQ(totals_.report().folded, 0U);
}

TEST_F(Workloads, HandshakesAndTroubles) {
  Flow f = flow(1, "10.1.0.1", "10.1.0.3");
  f.handshake_rtt = 3 * kMillisecond;
  totals_.on_growth({f, {1, 40}, {}, {.retransmits = 2}, {.resets = 1}, true, false, true});
  totals_.on_growth({f, {1, 40}, {}, {.retransmits = 1}, {.zero_windows = 4}, false, true, false});
  const auto p = pair("web", "db");
  EXPECT_EQ(p.connections, 1U);
  EXPECT_EQ(p.client_trouble, (TcpTrouble{.retransmits = 3}));
  EXPECT_EQ(p.server_trouble, (TcpTrouble{.zero_windows = 4, .resets = 1}));
  ASSERT_EQ(p.handshake.counts.size(), kLatencyBounds.size() + 1);
  EXPECT_EQ(p.handshake.counts[6], 1U) << "up to 5 ms";
  EXPECT_EQ(p.handshake.sum, 3 * kMillisecond);
  EXPECT_EQ(totals_.remembered_flows(), 0U);
}

TEST_F(Workloads, EachFlowIsCountedOnceByKind) {
  grow(flow(1, "10.1.0.1", "10.1.0.2"), 1, true);
  grow(flow(1, "10.1.0.1", "10.1.0.2"), 1, false);
  Flow tunnelled = flow(2, "10.1.0.1", "10.1.0.3", "inter-node");
  grow(tunnelled, 1, true);
  tunnelled.tunnel = Tunnel::kVxlan;  // seen in it a moment later
  grow(tunnelled, 1, false);
  grow(tunnelled, 1, false, true);
  grow(flow(3, "10.1.0.1", "203.0.113.9", "egress"), 1, true);
  grow(flow(4, "203.0.113.9", "10.1.0.1", "ingress"), 1, true);
  Flow service = flow(5, "10.1.0.1", "10.96.0.1");
  service.nat = true;
  service.translated = flow(0, "10.1.0.1", "10.1.0.3").tuple;
  grow(service, 1, true);
  const FlowKinds k = totals_.report().kinds;
  EXPECT_EQ(k.total, 5U);
  EXPECT_EQ(k.intra_node, 2U);
  EXPECT_EQ(k.inter_node, 1U);
  EXPECT_EQ(k.egress, 1U);
  EXPECT_EQ(k.ingress, 1U);
  EXPECT_EQ(k.pod_to_pod, 3U);
  EXPECT_EQ(k.service, 1U);
  EXPECT_EQ(k.external, 2U);
  EXPECT_EQ(k.vxlan, 1U);
  EXPECT_EQ(k.unnamed_ends, 0U);
}

TEST_F(Workloads, CountTheirFlows) {
  grow(flow(1, "10.1.0.1", "10.1.0.2"), 1, true);  // web to web: one flow of web
  grow(flow(2, "10.1.0.1", "10.1.0.3", "inter-node"), 1, true);
  grow(flow(3, "192.168.0.1", "10.1.0.3"), 1, true);
  grow(flow(4, "10.1.0.1", "203.0.113.9", "egress"), 1, true);
  Flow service = flow(5, "10.1.0.1", "10.96.0.1");
  service.nat = true;
  service.translated = flow(0, "10.1.0.1", "10.1.0.3").tuple;
  grow(service, 1, true);
  EXPECT_EQ(workload("web").pod_flows, 4U);
  EXPECT_EQ(workload("web").intra_node_flows, 2U);
  EXPECT_EQ(workload("web").inter_node_flows, 1U);
  EXPECT_EQ(workload("db").pod_flows, 3U);
  EXPECT_EQ(workload("db").intra_node_flows, 2U);
  EXPECT_EQ(workload("node-1").pod_flows, 0U);
  EXPECT_EQ(workload("node-1").intra_node_flows, 1U);
  EXPECT_EQ(workload("sql").service_flows, 1U);
  EXPECT_EQ(workload("sql").workload.kind, "Service");
  EXPECT_EQ(workload("world").pod_flows, 0U);
  EXPECT_EQ(pair("web", "world").src.kind, "Deployment");
}

TEST_F(Workloads, AFlowWaitsForTheNamesOfItsEnds) {
  const Flow f = flow(1, "10.1.0.1", "10.1.0.77");
  EXPECT_FALSE(grow(f, 3, true));
  EXPECT_TRUE(totals_.report().pairs.empty());
  EXPECT_EQ(totals_.report().kinds.total, 0U);
  clock_.advance(5 * kSecond);
  hold("10.1.0.77", IdentityKind::kPod, "shop", "cart-1", "cart");
  EXPECT_TRUE(grow(f, 4, true));
  EXPECT_EQ(pair("web", "cart").forward.packets, 4U);
  EXPECT_EQ(totals_.report().kinds.unnamed_ends, 0U);
}

TEST_F(Workloads, ButNotForLongAndNotPastItsEnd) {
  const Flow f = flow(1, "10.1.0.1", "10.1.0.77");
  EXPECT_FALSE(grow(f, 3, true));
  clock_.advance(10 * kSecond);
  EXPECT_TRUE(grow(f, 3, true));
  EXPECT_EQ(pair("web", "").forward.packets, 3U);
  EXPECT_TRUE(grow(flow(2, "10.1.0.78", "10.1.0.77"), 1, true, true));
  EXPECT_EQ(pair("", "").flows, 1U);
  EXPECT_EQ(workload("").intra_node_flows, 1U) << "so that no flow is missing";
  EXPECT_EQ(totals_.report().kinds.unnamed_ends, 3U);
  // A clock that was set back holds nothing back.
  Flow future = flow(3, "10.1.0.1", "10.1.0.77");
  future.first_seen += 3600 * kSecond;
  EXPECT_TRUE(grow(future, 1, true));
}

TEST_F(Workloads, WhatIsLearnedAfterThatCountsFromThen) {
  const Flow f = flow(1, "10.1.0.1", "10.1.0.77");
  clock_.advance(10 * kSecond);
  grow(f, 3, true);
  grow(f, 1, false);
  hold("10.1.0.77", IdentityKind::kPod, "shop", "cart-1", "cart");
  grow(f, 5, false);
  EXPECT_EQ(pair("web", "").forward.packets, 4U);
  EXPECT_EQ(pair("web", "cart").forward.packets, 5U);
  EXPECT_EQ(pair("web", "cart").flows, 0U);
  EXPECT_EQ(totals_.report().kinds.total, 1U);
}

TEST_F(Workloads, AServiceWaitsForItsBackend) {
  Flow f = flow(1, "10.1.0.1", "10.96.0.1");
  EXPECT_FALSE(grow(f, 3, true));
  f.nat = true;
  f.translated = flow(0, "10.1.0.1", "10.1.0.3").tuple;
  EXPECT_TRUE(grow(f, 3, true));
  EXPECT_EQ(pair("web", "db").flows, 1U);
  const Flow g = flow(2, "10.1.0.1", "10.96.0.1");
  clock_.advance(11 * kSecond);
  EXPECT_TRUE(grow(g, 1, true));
  EXPECT_EQ(pair("web", "sql").dst.kind, "Service");
}

TEST_F(Workloads, ExternalFlowsWaitForNothing) {
  EXPECT_TRUE(grow(flow(1, "10.1.0.1", "203.0.113.9", "egress"), 1, true));
  EXPECT_TRUE(grow(flow(2, "2001:db8::9", "10.1.0.1", "ingress"), 1, true));
  EXPECT_EQ(pair("web", "world").dst, (WorkloadName{"", "External", "world"}));
  EXPECT_EQ(pair("world", "web").direction, "ingress");
}

TEST_F(Workloads, AFlowThatIsAnotherIsForgotten) {
  Flow f = flow(1, "10.1.0.1", "10.1.0.3");
  grow(f, 3, true);
  EXPECT_EQ(totals_.remembered_flows(), 1U);
  f.merged_into = 2;
  totals_.on_growth({f, {}, {}, {}, {}, false, true, false});
  EXPECT_EQ(totals_.remembered_flows(), 1U) << "by the id of the other";
  grow(flow(2, "10.1.0.1", "10.1.0.3"), 2, false);  // the flow that it is: counted already
  EXPECT_EQ(pair("web", "db").flows, 1U);
  EXPECT_EQ(pair("web", "db").forward.packets, 5U);
  EXPECT_EQ(totals_.report().kinds.total, 1U);
  grow(flow(2, "10.1.0.1", "10.1.0.3"), 1, false, true);
  EXPECT_EQ(totals_.remembered_flows(), 0U);
}

TEST_F(Workloads, AFlowThatIsAnotherWasCountedAsWhatItWas) {
  // The other was not told before, or was, and is seen in the tunnel later.
  for (const bool told : {false, true}) {
    const std::uint64_t id = told ? 10 : 1;
    Flow from = flow(id, "10.1.0.1", "10.1.0.3", "inter-node");
    from.tunnel = Tunnel::kVxlan;
    Flow to = flow(id + 1, "10.1.0.1", "10.96.0.1", "inter-node");
    to.nat = true;
    to.translated = from.tuple;
    const std::uint64_t before = totals_.report().kinds.vxlan;
    grow(from, 3, true);
    if (told) grow(to, 1, true);
    from.merged_into = to.id;
    totals_.on_growth({from, {}, {}, {}, {}, false, true, false});
    to.tunnel = Tunnel::kVxlan;
    grow(to, 2, false);
    EXPECT_EQ(totals_.report().kinds.vxlan - before, 1U) << (told ? "told" : "not told");
  }
}

TEST_F(Workloads, TheOtherSideBeganIt) {
  grow(flow(1, "10.1.0.3", "10.1.0.1"), 2, true);
  grow(flow(1, "10.1.0.1", "10.1.0.3"), 3, false);
  EXPECT_EQ(pair("db", "web").forward.packets, 2U);
  EXPECT_EQ(pair("web", "db").forward.packets, 3U);
  EXPECT_EQ(pair("web", "db").flows, 0U);
}

TEST_F(Workloads, PairsWithoutGrowthGo) {
  grow(flow(1, "10.1.0.1", "10.1.0.3"), 7, true);
  grow(flow(2, "10.1.0.1", "203.0.113.9", "egress"), 1, true);
  clock_.advance(14 * 60 * kSecond);
  grow(flow(2, "10.1.0.1", "203.0.113.9", "egress"), 1, false);
  EXPECT_EQ(totals_.report().pairs.size(), 2U);
  clock_.advance(61 * kSecond);
  ASSERT_EQ(totals_.report().pairs.size(), 1U);
  EXPECT_EQ(totals_.report().pairs[0].dst.name, "world");
  grow(flow(2, "10.1.0.1", "203.0.113.9", "egress"), 1, false);
  EXPECT_EQ(workload("db").pod_flows, 0U) << "it has no pair";
  EXPECT_EQ(workload("web").pod_flows, 2U) << "it has one";
  // The flow was not over: it counts again, from 0, and is no new one.
  grow(flow(1, "10.1.0.1", "10.1.0.3"), 2, false);
  EXPECT_EQ(pair("web", "db").forward.packets, 2U);
  EXPECT_EQ(pair("web", "db").flows, 0U);
}

class Few : public Workloads {
 protected:
  Few() : Workloads({.max_pairs = 3}) {}
};

TEST_F(Few, HostileNamesFindNoRoomAndAreSummedUp) {
  grow(flow(1, "10.1.0.1", "10.1.0.3"), 7, true);
  std::uint64_t packets = 7;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const auto address = IpAddress::v4(0x0a640000 + i).to_string();
    hold(address, IdentityKind::kPod, "ns" + std::to_string(i % 100), "p",
         "evil\n\"" + std::to_string(i));
    grow(flow(10 + i, address, "10.1.0.3"), 2, true);
    packets += 2;
  }
  grow(flow(1, "10.1.0.1", "10.1.0.3"), 1, false);
  const auto report = totals_.report();
  EXPECT_EQ(report.pairs.size(), 4U);
  EXPECT_EQ(report.workloads.size(), 4U);
  std::uint64_t sum = 0;
  std::uint64_t flows = 0;
  for (const WorkloadPair& each : report.pairs) {
    sum += each.forward.packets;
    flows += each.flows;
  }
  EXPECT_EQ(sum, packets + 1);
  EXPECT_EQ(flows, 10'001U);
  EXPECT_EQ(report.folded, 9'998U);
  EXPECT_EQ(pair("~other", "~other").flows, 9'998U);
  EXPECT_EQ(pair("~other", "~other").src, (WorkloadName{"~other", "~other", "~other"}));
  EXPECT_EQ(pair("web", "db").forward.packets, 8U) << "who was there keeps the place";
  EXPECT_EQ(workload("~other").pod_flows, 9'999U);
}

TEST_F(Few, WhatWasFoldedStaysThereAndRoomIsForNewFlows) {
  for (const auto* address : {"10.1.0.3", "10.1.0.2", "192.168.0.1"})
    grow(flow(1, "10.1.0.1", address), 1, true, true);
  const Flow folded = flow(2, "10.1.0.3", "10.1.0.1");
  grow(folded, 5, true);
  EXPECT_EQ(pair("~other", "~other").forward.packets, 5U);
  clock_.advance(16 * 60 * kSecond);
  grow(folded, 5, false);
  EXPECT_EQ(pair("~other", "~other").forward.packets, 10U);
  grow(flow(3, "10.1.0.3", "10.1.0.1"), 1, true);
  EXPECT_EQ(pair("db", "web").forward.packets, 1U);
  EXPECT_EQ(totals_.report().folded, 1U);
}

TEST_F(Few, AFlowThatIsAnotherIsFoldedOnce) {
  for (const auto* address : {"10.1.0.3", "10.1.0.2", "192.168.0.1"})
    grow(flow(1, "10.1.0.1", address), 1, true, true);
  Flow from = flow(2, "10.1.0.3", "10.1.0.1");
  grow(from, 5, true);
  from.merged_into = 3;
  totals_.on_growth({from, {}, {}, {}, {}, false, true, false});
  grow(flow(3, "10.1.0.3", "10.1.0.1"), 2, false);
  EXPECT_EQ(totals_.report().folded, 1U);
  EXPECT_EQ(pair("~other", "~other").flows, 1U);
  EXPECT_EQ(pair("~other", "~other").forward.packets, 7U);
}

class ByNamespace : public Workloads {
 protected:
  ByNamespace() : Workloads({.by = WorkloadBy::kNamespace}) {}
};

TEST_F(ByNamespace, NamespacesAreTheNames) {
  grow(flow(1, "10.1.0.1", "10.1.0.3"), 1, true);
  EXPECT_EQ(pair("shop", "data").src.kind, "Namespace");
  EXPECT_EQ(workload("data").pod_flows, 1U);
  EXPECT_EQ(totals_.report().by, WorkloadBy::kNamespace);
}

}  // namespace
}  // namespace netprobe
