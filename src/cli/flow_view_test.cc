// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_view.h"

#include <gtest/gtest.h>

#include "cli/flow_list.h"
#include "model/flow_json.h"
#include "model/identity.h"

namespace netprobe {
namespace {

Flow sample() {
  Flow flow;
  flow.id = 7;
  flow.tuple = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 40000, 443,
                kProtoTcp};
  flow.forward = {12, 3'400};
  flow.reverse = {9, 120'000};
  flow.first_seen = 1'700'000'000 * kSecond;
  flow.last_seen = flow.first_seen + 90 * kSecond;
  flow.tcp_forward.flags = kTcpSyn | kTcpAck;
  flow.tcp_reverse.flags = kTcpSyn | kTcpAck | kTcpRst;
  flow.tcp_forward.retransmits = 2;
  flow.tcp_reverse.retransmits = 1;
  flow.handshake_rtt = 1'500'000;
  flow.bytes_per_second = 1'500.5;
  flow.packets_per_second = 12.25;
  flow.observations = {{.ifindex = 2, .interface = "veth0"},
                       {.ifindex = 3, .interface = "eth0"},
                       {.ifindex = 3, .interface = "eth0"}};
  return flow;
}

void expect_same(const Flow& flow) {
  std::string json;
  append_json(json, flow);
  const auto parsed = parse_flow(json);
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto direct = view_of(flow);
  EXPECT_EQ(parsed->source, direct.source);
  EXPECT_EQ(parsed->destination, direct.destination);
  EXPECT_EQ(parsed->named_source, direct.named_source);
  EXPECT_EQ(parsed->named_destination, direct.named_destination);
  EXPECT_EQ(parsed->protocol, direct.protocol);
  EXPECT_EQ(parsed->direction, direct.direction);
  EXPECT_EQ(parsed->first_seen, direct.first_seen);
  EXPECT_EQ(parsed->last_seen, direct.last_seen);
  EXPECT_EQ(parsed->packets, direct.packets);
  EXPECT_EQ(parsed->bytes, direct.bytes);
  EXPECT_EQ(parsed->reverse_packets, direct.reverse_packets);
  EXPECT_EQ(parsed->reverse_bytes, direct.reverse_bytes);
  EXPECT_DOUBLE_EQ(parsed->packets_per_second, direct.packets_per_second);
  EXPECT_DOUBLE_EQ(parsed->bytes_per_second, direct.bytes_per_second);
  EXPECT_EQ(parsed->flags, direct.flags);
  EXPECT_EQ(parsed->retransmits, direct.retransmits);
  EXPECT_DOUBLE_EQ(parsed->handshake_ms, direct.handshake_ms);
  EXPECT_EQ(parsed->encapsulation, direct.encapsulation);
  EXPECT_EQ(parsed->points, direct.points);
}

TEST(FlowView, TheAgentsJsonAndReplayLookTheSame) {
  Flow tcp = sample();
  expect_same(tcp);
  tcp.no_ports = true;
  expect_same(tcp);

  Flow icmp = sample();
  icmp.tuple = {*IpAddress::parse("fd00::1"), *IpAddress::parse("fd00::2"), 5, 5, kProtoIcmp6};
  icmp.icmp = 128 << 8 | 3;
  expect_same(icmp);

  Flow udp = sample();
  udp.tuple = {*IpAddress::parse("fd00::1"), *IpAddress::parse("fd00::2"), 53, 1024, kProtoUdp};
  udp.tunnel = Tunnel::kVxlan;
  udp.vni = 42;
  expect_same(udp);

  Flow tagged = sample();
  tagged.vlan = 100;
  expect_same(tagged);
  tagged.inner_vlan = 200;
  expect_same(tagged);
  tagged.mpls_label = 16;
  expect_same(tagged);
}

TEST(FlowView, WhatATableShows) {
  const auto view = view_of(sample());
  EXPECT_EQ(view.source, "10.0.0.1:40000");
  EXPECT_EQ(view.flags, "SA/SRA");
  Table table(flow_columns(FlowFormat::kWide, false), false);
  const auto row = flow_row(view, FlowFormat::kWide, false);
  std::string out;
  table.append_row(out, row);
  for (const char* expected : {"22:14:50.000", "10.0.0.1:40000", "10.0.0.2:443", "12", "3.4 kB",
                               "120 kB", "1m30s", "1.5ms", "egress", "veth0,eth0"})
    EXPECT_TRUE(out.contains(expected)) << expected << " in " << out;
  EXPECT_EQ(row.size(), flow_columns(FlowFormat::kWide, false).size());
  EXPECT_EQ(flow_row(view, FlowFormat::kTable, true).size(),
            flow_columns(FlowFormat::kTable, true).size());
}

TEST(FlowView, TranslatedEndpointsAreShownBesideTheOthers) {
  Flow flow = sample();
  flow.nat = true;
  flow.translated = flow.tuple;
  flow.translated.dst = *IpAddress::parse("10.244.1.9");
  flow.translated.dst_port = 8443;
  expect_same(flow);
  EXPECT_EQ(view_of(flow).source, "10.0.0.1:40000");
  EXPECT_EQ(view_of(flow).destination, "10.0.0.2:443 (10.244.1.9:8443)");
}

IdentityPtr named(IdentityKind kind, const char* name_space, const char* name) {
  auto identity = std::make_shared<Identity>();
  identity->kind = kind;
  identity->name_space = name_space;
  identity->name = name;
  return identity;
}

TEST(FlowView, NamesStandWhereTheyAreKnown) {
  const auto ends = [](const Flow& flow) {
    expect_same(flow);
    auto view = view_of(flow);
    view.use_names();
    return view.source + " > " + view.destination;
  };
  Flow flow = sample();
  EXPECT_EQ(ends(flow), "10.0.0.1:40000 > 10.0.0.2:443");
  flow.src_identity = named(IdentityKind::kNode, "", "node-a");
  EXPECT_EQ(ends(flow), "node-a:40000 > 10.0.0.2:443");
  flow.dst_identity = named(IdentityKind::kPod, "shop", "web-1");
  EXPECT_EQ(ends(flow), "node-a:40000 > shop/web-1:443");
  flow.service = named(IdentityKind::kService, "shop", "web");
  EXPECT_EQ(ends(flow), "node-a:40000 > shop/web-1:443 (shop/web)") << "seen behind translation";
  flow.nat = true;
  flow.translated = flow.tuple;
  flow.translated.dst = *IpAddress::parse("10.244.1.9");
  flow.translated.dst_port = 8443;
  EXPECT_EQ(ends(flow), "node-a:40000 > shop/web:443 (shop/web-1:8443)");
  flow.dst_identity = nullptr;
  EXPECT_EQ(ends(flow), "node-a:40000 > shop/web:443");
  flow.service = nullptr;
  flow.dst_identity = named(IdentityKind::kPod, "shop", "web-1");
  EXPECT_EQ(ends(flow), "node-a:40000 > 10.0.0.2:443 (shop/web-1:8443)");
  flow.no_ports = true;
  EXPECT_EQ(ends(flow), "node-a > 10.0.0.2 (shop/web-1)");
}

TEST(FlowView, Ipv6EndpointsAreTypedWithBrackets) {
  Flow flow = sample();
  flow.tuple.src = *IpAddress::parse("fd00::1");
  EXPECT_EQ(view_of(flow).source, "[fd00::1]:40000");
}

TEST(FlowView, WhatIsNoObjectIsAnError) {
  EXPECT_FALSE(parse_flow("[]"));
  EXPECT_FALSE(parse_flow("{\"packets\":"));
  EXPECT_FALSE(parse_flow(""));
}

TEST(FlowList, GivesEveryFlowAsItIsWrittenAndTheCursor) {
  std::vector<std::string> seen;
  const auto take = [&](std::string_view flow) {
    seen.emplace_back(flow);
    return true;
  };
  const auto page = read_flow_page(
      R"({"flows":[{"a":1.500, "b":[{}]},{"c":"}"}],"total":2,"next_cursor":"x/1"})", take);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next_cursor, "x/1");
  EXPECT_EQ(seen, (std::vector<std::string>{R"({"a":1.500, "b":[{}]})", R"({"c":"}"})"}));
  EXPECT_EQ(read_flow_page(R"({"flows":[],"next_cursor":null})", take)->next_cursor, "");
}

TEST(FlowList, OtherAnswersAreErrors) {
  const auto take = [](std::string_view) { return true; };
  EXPECT_FALSE(read_flow_page("<html>", take));
  EXPECT_FALSE(read_flow_page("{}", take));
  EXPECT_FALSE(read_flow_page(R"({"flows":[1]})", take));
  EXPECT_FALSE(read_flow_page("", take));
}

}  // namespace
}  // namespace netprobe
