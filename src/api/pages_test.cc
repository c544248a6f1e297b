// SPDX-License-Identifier: Apache-2.0
#include "api/pages.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "api/api.h"
#include "api/testing/snapshots.h"
#include "api/tunnels_page.h"
#include "base/duration.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::kStart;
using testing::make_flow;
using testing::make_snapshot;

json::object page(const Snapshot& snapshot, const FlowsQuery& query) {
  return json::parse(flow_page(snapshot, query)).as_object();
}

FlowsQuery query_of(std::string_view text) {
  return parse_flows_query(parse_query(text).value(), kStart + 3600 * kSecond).value();
}

std::vector<std::int64_t> ids(const json::object& answer) {
  std::vector<std::int64_t> ids;
  for (const auto& flow : answer.at("flows").as_array())
    ids.push_back(flow.at("id").to_number<std::int64_t>());
  return ids;
}

using Ids = std::vector<std::int64_t>;

TEST(FlowPage, FiltersAndCounts) {
  const auto snapshot = make_snapshot(20);
  const auto answer = page(*snapshot, query_of("src_ip=10.0.0.4/30&limit=2"));
  EXPECT_EQ(ids(answer), (Ids{4, 5}));
  EXPECT_EQ(answer.at("total").to_number<int>(), 4);
  EXPECT_TRUE(answer.at("next_cursor").is_string());
  EXPECT_TRUE(page(*snapshot, query_of("port=80")).at("next_cursor").is_null());
}

TEST(FlowPage, KnowsItsNode) {
  const auto snapshot = make_snapshot(3);
  EXPECT_EQ(ids(page(*snapshot, query_of("node=node-a"))).size(), 3U);
  EXPECT_EQ(page(*snapshot, query_of("node=node-b")).at("total").to_number<int>(), 0);
  EXPECT_TRUE(ids(page(*snapshot, query_of("namespace=default"))).empty());
}

TEST(FlowPage, SortsMostFirst) {
  const auto snapshot = make_snapshot(4);
  EXPECT_EQ(ids(page(*snapshot, query_of("sort=bytes"))), (Ids{4, 3, 2, 1}));
  EXPECT_EQ(ids(page(*snapshot, query_of("sort=rate"))), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(ids(page(*snapshot, query_of("sort=last_seen"))), (Ids{4, 3, 2, 1}));
  for (auto& flow : snapshot->flows) flow.forward.packets = 9;
  EXPECT_EQ(ids(page(*snapshot, query_of("sort=packets"))), (Ids{1, 2, 3, 4}));
}

TEST(FlowPage, TakesWhatOverlapsTheRange) {
  const auto snapshot = make_snapshot(60);  // flow n lives from n to n + 10 s
  const auto at = [](int seconds) { return format_rfc3339(kStart + seconds * kSecond); };
  const auto answer = page(*snapshot, query_of("since=" + at(30) + "&until=" + at(32)));
  EXPECT_EQ(ids(answer).front(), 20);
  EXPECT_EQ(ids(answer).back(), 32);
  EXPECT_EQ(answer.at("completeness").at("since").as_string(), at(30));
  EXPECT_EQ(answer.at("completeness").at("until").as_string(), at(32));
  EXPECT_TRUE(answer.at("completeness").at("complete").as_bool());
}

/// Follows cursors to the end, changing the flows between pages.
Ids walk(
    Snapshot& snapshot, const std::string& text,
    const std::function<void(Snapshot&)>& change = [](Snapshot&) {}) {
  Ids all;
  std::string cursor;
  for (int pages = 0; pages < 100; ++pages) {
    const auto answer =
        page(snapshot, query_of(text + (cursor.empty() ? "" : "&cursor=" + cursor)));
    for (const auto id : ids(answer)) all.push_back(id);
    if (answer.at("next_cursor").is_null()) return all;
    cursor = answer.at("next_cursor").as_string().c_str();
    change(snapshot);
  }
  ADD_FAILURE() << "the pages do not end";
  return all;
}

TEST(FlowPage, PagesHoldEachFlowOnceInEveryOrder) {
  const auto snapshot = make_snapshot(25);
  for (auto& flow : snapshot->flows) flow.forward.packets = flow.id % 3;  // many equals
  for (const char* order : {"id", "bytes", "packets", "rate", "last_seen"}) {
    const auto all = walk(*snapshot, std::string("limit=4&sort=") + order);
    EXPECT_EQ(all.size(), 25U) << order;
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), 25U) << order;
  }
}

TEST(FlowPage, PagesByIdStandChange) {
  const auto snapshot = make_snapshot(25);
  std::uint64_t next = 26;
  const auto all = walk(*snapshot, "limit=4", [&](Snapshot& s) {
    if (next <= 28) s.flows.push_back(make_flow(next++));  // begun
    s.flows.erase(s.flows.begin());                        // ended, and already told of
    for (auto& flow : s.flows) flow.forward.bytes += 1000;
  });
  Ids expected;
  for (std::int64_t id = 1; id <= 28; ++id) expected.push_back(id);
  EXPECT_EQ(all, expected);
}

TEST(Completeness, TellsWhatWasLost) {
  const auto snapshot = make_snapshot(2);
  snapshot->losses = {{"flow_ring", "full", 3}, {"flow_ring", "other", 0}};
  snapshot->probes[0].lost = {{"flow_ring", "full", 3}, {"probe", "alone", 2}};
  snapshot->table.evicted_flows = 4;
  snapshot->interfaces[0].rx.unattributed = {100, 0, 6, 0};
  snapshot->retired_tx.unattributed = {0, 0, 1, 0};
  const auto told = page(*snapshot, query_of("")).at("completeness").as_object();
  EXPECT_FALSE(told.at("complete").as_bool());
  EXPECT_EQ(told.at("lost"), (json::value{{"flow_ring.full", 3},
                                          {"flow_table.evicted", 4},
                                          {"probe.alone", 2},
                                          {"unattributed_packets.cache_full", 7}}));
}

TEST(Completeness, DoesNotBlameAnswersForASlowStreamClient) {
  const auto snapshot = make_snapshot(2);
  snapshot->losses = stream_losses({.stream_events_lost = 9});
  EXPECT_EQ(snapshot->losses.at(0).count, 9U);
  EXPECT_TRUE(page(*snapshot, query_of("")).at("completeness").at("complete").as_bool());
}

TEST(Completeness, KnowsThatEndedFlowsAreGone) {
  const auto snapshot = make_snapshot(2);
  snapshot->table.total_flows = 10;
  EXPECT_TRUE(page(*snapshot, query_of("")).at("completeness").at("complete").as_bool());
  const auto told = page(*snapshot, query_of("since=10m")).at("completeness").as_object();
  EXPECT_EQ(told.at("lost"), (json::value{{"flow_table.ended", 8}}));
  EXPECT_FALSE(told.at("complete").as_bool());
}

TEST(Completeness, CoversNothingBeforeTheStart) {
  const auto snapshot = make_snapshot(2);
  const auto told = page(*snapshot, query_of("since=2h")).at("completeness").as_object();
  EXPECT_EQ(told.at("since").as_string(), format_rfc3339(kStart));
  EXPECT_FALSE(told.at("complete").as_bool());
}

TEST(TopPage, RanksAndFilters) {
  const auto snapshot = make_snapshot(9);
  auto query = parse_top_query({{"by", "bytes"}, {"limit", "3"}}).value();
  auto answer = json::parse(top_page(*snapshot, query)).as_object();
  EXPECT_EQ(ids(answer), (Ids{9, 8, 7}));
  EXPECT_EQ(answer.at("by").as_string(), "bytes");
  query = parse_top_query({{"src_port", "40002"}}).value();
  EXPECT_EQ(ids(json::parse(top_page(*snapshot, query)).as_object()), (Ids{2}));
}

TEST(StatsPage, CountsFlowsByKind) {
  const auto snapshot = make_snapshot(6);
  auto& flows = snapshot->flows;
  flows[0].direction = "intra-node";
  flows[0].observations[0].role = Role::kPod;
  flows[0].observations.push_back(flows[0].observations[0]);
  flows[0].observations[1].ifindex = 3;
  flows[1].direction = "inter-node";
  flows[1].tunnel = Tunnel::kVxlan;
  flows[2].direction = "ingress";
  flows[2].tuple.protocol = kProtoUdp;
  flows[2].tuple.dst_port = 53;
  flows[3].tuple.protocol = kProtoIcmp;
  const auto stats = json::parse(stats_page(*snapshot)).as_object();
  const auto number = [&](const char* name) { return stats.at(name).to_number<int>(); };
  EXPECT_EQ(number("total_flows"), 6);
  EXPECT_EQ(number("intra_node_flows"), 1);
  EXPECT_EQ(number("inter_node_flows"), 1);
  EXPECT_EQ(number("external_flows"), 4);
  EXPECT_EQ(number("pod_to_pod_flows"), 1);
  EXPECT_EQ(number("vxlan_flows"), 1);
  EXPECT_EQ(number("service_flows"), 0);
  EXPECT_EQ(stats.at("protocol_distribution"), (json::value{{"icmp", 1}, {"tcp", 4}, {"udp", 1}}));
  EXPECT_EQ(stats.at("port_distribution"), (json::value{{"443", 4}, {"53", 1}}));
  // Flow n sends n × 100 bytes and gets 50.
  EXPECT_EQ(stats.at("node_traffic_matrix"),
            (json::value{{"node-a", {{"node-a", 150}, {"other-node", 200}, {"external", 1550}}},
                         {"other-node", {{"node-a", 50}}},
                         {"external", {{"node-a", 450}}}}));
  EXPECT_EQ(stats.at("last_updated").as_string(), format_rfc3339(snapshot->taken_at));
}

TEST(StatsPage, BoundsThePorts) {
  const auto snapshot = make_snapshot(300);
  for (auto& flow : snapshot->flows) flow.tuple.dst_port = static_cast<std::uint16_t>(flow.id);
  const auto ports = json::parse(stats_page(*snapshot)).at("port_distribution").as_object();
  EXPECT_EQ(ports.size(), 101U);
  EXPECT_EQ(ports.at("~other").to_number<int>(), 200);
}

TEST(StatsPage, AccountsForEveryPacket) {
  const auto snapshot = make_snapshot(1);
  snapshot->interfaces[0].rx.flow_packets -= 2;
  const auto accounting = json::parse(stats_page(*snapshot)).at("accounting").as_object();
  const auto& total = accounting.at("total");
  EXPECT_EQ(total.at("packets").to_number<int>(), 117);
  EXPECT_EQ(total.at("flow_packets").to_number<int>(), 110);
  EXPECT_EQ(total.at("unattributed").at("non_ip").to_number<int>(), 5);
  EXPECT_EQ(total.at("difference").to_number<int>(), 2);
  const auto& points = accounting.at("interfaces").as_array();
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].at("interface").as_string(), "eth0");
  EXPECT_EQ(points[0].at("direction").as_string(), "ingress");
  EXPECT_EQ(points[0].at("difference").to_number<int>(), 2);
  EXPECT_EQ(points[1].at("difference").to_number<int>(), 0);
}

TEST(InterfacesPage, TellsHooksAndReasons) {
  const auto answer = json::parse(interfaces_page(*make_snapshot(0))).as_object();
  const auto& eth0 = answer.at("interfaces").at(0);
  EXPECT_EQ(eth0.at("name").as_string(), "eth0");
  EXPECT_EQ(eth0.at("role").as_string(), "uplink");
  EXPECT_EQ(eth0.at("hooks").as_array().size(), 2U);
  EXPECT_EQ(eth0.at("hooks").at(0).at("hook").as_string(), "tcx/ingress");
  EXPECT_EQ(eth0.at("rx").at("kernel_packets").to_number<int>(), 90);
  EXPECT_EQ(eth0.at("rx").at("unattributed").at("non_ip").to_number<int>(), 5);
  EXPECT_EQ(eth0.at("rx").at("packets_per_second").to_number<double>(), 1.5);
  const auto& eth1 = answer.at("interfaces").at(1);
  EXPECT_TRUE(eth1.at("hooks").as_array().empty());
  EXPECT_EQ(eth1.at("reason").as_string(), "it is down");
  EXPECT_EQ(answer.at("retired").at("rx").at("packets").to_number<int>(), 7);
}

TEST(ProbesPage, TellsRungAndRuns) {
  const auto answer = json::parse(probes_page(*make_snapshot(0))).as_object();
  const auto& probe = answer.at("probes").at(0);
  EXPECT_EQ(probe.at("name").as_string(), "flow");
  EXPECT_EQ(probe.at("state").as_string(), "on");
  EXPECT_EQ(probe.at("rung").as_string(), "tcx");
  EXPECT_EQ(probe.at("runs").to_number<int>(), 100);
  EXPECT_EQ(probe.at("run_time_ns").to_number<int>(), 5000);
}

TEST(InterfacesPage, TellsWhereXdpIsAndWhyNotElsewhere) {
  const auto snapshot = make_snapshot(0);
  auto signals = std::make_shared<Signals>();
  signals->xdp.push_back({.ifindex = 2,
                          .interface = "eth0",
                          .mode = "native",
                          .reason = "an uplink",
                          .packets = 9,
                          .classes = {{"ipv4", 8}, {"arp", 1}}});
  snapshot->signals = signals;
  snapshot->probes.push_back({.name = "xdp", .state = ProbeState::kFailed, .why = "refused"});
  const auto answer = json::parse(interfaces_page(*snapshot)).as_object();
  const auto& eth0 = answer.at("interfaces").at(0);
  EXPECT_EQ(eth0.at("hooks").as_array().size(), 3U);
  EXPECT_EQ(eth0.at("hooks").at(2).at("mode").as_string(), "native");
  EXPECT_EQ(eth0.at("xdp").at("reason").as_string(), "an uplink");
  EXPECT_EQ(eth0.at("xdp").at("classes").at("ipv4").to_number<int>(), 8);
  EXPECT_EQ(answer.at("interfaces").at(1).at("xdp").at("mode").as_string(), "");
  EXPECT_EQ(answer.at("interfaces").at(1).at("xdp").at("reason").as_string(), "refused");
}

std::shared_ptr<Snapshot> with_tunnels(std::uint32_t count) {
  auto snapshot = make_snapshot(2);
  auto signals = std::make_shared<Signals>();
  TunnelReport& report = signals->tunnels;
  for (std::uint32_t i = 0; i < count; ++i) {
    TunnelTraffic row;
    row.vni = i;
    row.outer_src = IpAddress::v4(0xc0000201 + i % 2);
    row.outer_dst = IpAddress::v4(0xc0000210);
    row.interface = "eth0";
    row.counters = {i, i * 100};
    report.traffic.push_back(row);
  }
  report.active = count;
  report.mtu.push_back({.interface = "vx0", .what = "too large"});
  snapshot->signals = signals;
  snapshot->flows[1].path_mtu = 1400;
  snapshot->flows[1].path_mtu_errors = 3;
  return snapshot;
}

json::object tunnels(const Snapshot& snapshot, std::string_view text) {
  return json::parse(tunnels_page(snapshot, parse_tunnels_query(parse_query(text).value()).value()))
      .as_object();
}

TEST(TunnelsPage, FiltersAndPages) {
  const auto snapshot = with_tunnels(10);
  EXPECT_EQ(tunnels(*snapshot, "vni=3").at("total").to_number<int>(), 1);
  EXPECT_EQ(tunnels(*snapshot, "outer_ip=192.0.2.1").at("total").to_number<int>(), 5);
  EXPECT_EQ(tunnels(*snapshot, "outer_ip=192.0.2.0/28").at("total").to_number<int>(), 10);
  EXPECT_EQ(tunnels(*snapshot, "tunnel=gre").at("total").to_number<int>(), 0);
  EXPECT_EQ(tunnels(*snapshot, "direction=egress").at("total").to_number<int>(), 0);
  EXPECT_EQ(tunnels(*snapshot, "interface=e*").at("total").to_number<int>(), 10);
  std::set<int> seen;
  std::string cursor;
  for (int pages = 0; pages < 10; ++pages) {
    const auto answer = tunnels(*snapshot, "limit=3" + cursor);
    EXPECT_EQ(answer.at("total").to_number<int>(), 10);
    for (const auto& row : answer.at("tunnels").as_array())
      EXPECT_TRUE(seen.insert(row.at("vni").to_number<int>()).second);
    if (answer.at("next_cursor").is_null()) break;
    cursor = "&cursor=" + std::string(answer.at("next_cursor").as_string());
  }
  EXPECT_EQ(seen.size(), 10U);
}

TEST(TunnelsPage, TellsOfMtus) {
  const auto mtu = tunnels(*with_tunnels(1), "").at("mtu").as_array();
  ASSERT_EQ(mtu.size(), 2U);
  EXPECT_EQ(mtu[0].at("what").as_string(), "too large");
  EXPECT_EQ(mtu[1].at("kind").as_string(), "reported");
  EXPECT_EQ(mtu[1].at("path_mtu").to_number<int>(), 1400);
  EXPECT_EQ(mtu[1].at("flow").at("src_ip").as_string(), "10.0.0.2");
}

TEST(TunnelsQuery, NamesWhatIsWrong) {
  for (const char* text : {"vni=x", "vni=4294967296", "outer_ip=1.2.3", "limit=0", "tunnel=ppp",
                           "direction=both", "cursor=abc", "interface=", "vnis=1"}) {
    const auto query = parse_tunnels_query(parse_query(text).value());
    ASSERT_FALSE(query) << text;
    EXPECT_EQ(std::string(text).find(query.error().parameter), 0U) << text;
    EXPECT_FALSE(query.error().detail.empty());
  }
}

}  // namespace
}  // namespace netprobe
