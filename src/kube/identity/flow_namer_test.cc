// SPDX-License-Identifier: Apache-2.0
// What flows are named: ends, services, directions.
#include "kube/identity/flow_namer.h"

#include <gtest/gtest.h>

#include "kube/identity/testing/cluster.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the made-up cluster

class Namer : public ::testing::Test {
 protected:
  Namer() {
    c.tell(node("node-a", "192.0.2.1"), at(0));
    c.tell(node("node-b", "192.0.2.2"), at(0));
    c.tell(PodMaker("web", "10.1.0.5").ip("fd00::5").taken(at(1)).runs(at(2)), at(3));
    c.tell(PodMaker("side", "10.1.0.6").taken(at(1)).runs(at(2)), at(3));
    c.tell(PodMaker("db", "10.2.0.5", "node-b").ip("fd00:2::5").taken(at(1)).runs(at(2)), at(3));
    c.tell(PodMaker("db2", "10.2.0.6", "node-b").taken(at(1)).runs(at(2)), at(3));
  }
  Flow named(Flow flow) const {
    c.namer->name(flow);
    return flow;
  }
  Flow named(const std::string& src, const std::string& dst, std::uint16_t port = 80) const {
    return named(flow(src, dst, port, at(10), at(11)));
  }
  static Flow with_nat(Flow flow, const std::string& dst, std::uint16_t port) {
    flow.nat = true;
    flow.translated = flow.tuple;
    flow.translated.dst = address(dst);
    flow.translated.dst_port = port;
    return flow;
  }
  static Flow going(Flow flow, std::string_view direction) {
    flow.direction = direction;
    return flow;
  }
  static ProcessPtr process(const std::string& container) {
    ProcessRef ref;
    ref.pid = 7;
    ref.container = container;
    return std::make_shared<const ProcessRef>(ref);
  }
  Cluster c{{.node_name = "node-a",
             .external_names = {{"office", *IpPrefix::parse("198.51.100.0/24")},
                                {"printer", *IpPrefix::parse("198.51.100.7")},
                                {"all six", *IpPrefix::parse("2001:db8::/32")}}}};
};

TEST_F(Namer, EndsAndDirections) {
  const Flow near = named("10.1.0.5", "10.1.0.6");
  EXPECT_EQ(name_of(near.src_identity), "web");
  EXPECT_EQ(name_of(near.dst_identity), "side");
  EXPECT_EQ(near.direction, "intra-node");
  EXPECT_EQ(near.service, nullptr);
  EXPECT_EQ(near.service_by, ServiceBy::kNone);
  EXPECT_TRUE(is_pod_to_pod(near));
  EXPECT_EQ(named("10.1.0.5", "10.2.0.5").direction, "inter-node");
  EXPECT_EQ(named("fd00::5", "fd00:2::5").direction, "inter-node");
  EXPECT_EQ(named("192.0.2.1", "10.1.0.5").direction, "intra-node") << "the kubelet's probe";
  EXPECT_EQ(named("192.0.2.1", "192.0.2.2").direction, "inter-node");
  EXPECT_EQ(name_of(named("192.0.2.1", "192.0.2.2").dst_identity), "node-b");
}

TEST_F(Namer, WhereNoNameTellsTheDirectionByPathStays) {
  const auto of = [&](const std::string& src, const std::string& dst, std::string_view by_path) {
    return named(going(flow(src, dst, 80, at(10)), by_path)).direction;
  };
  EXPECT_EQ(of("10.1.0.5", "203.0.113.9", "egress"), "egress");
  EXPECT_EQ(of("203.0.113.9", "10.1.0.5", "ingress"), "ingress");
  EXPECT_EQ(of("10.1.0.5", "10.9.9.9", "inter-node"), "inter-node") << "through a tunnel";
  EXPECT_EQ(of("203.0.113.8", "203.0.113.9", "inter-node"), "inter-node");
  // Through another node, and back: by what the address can be.
  EXPECT_EQ(of("203.0.113.9", "10.1.0.5", "inter-node"), "ingress");
  EXPECT_EQ(of("10.1.0.5", "2001:db9::9", "inter-node"), "egress");
  EXPECT_EQ(of("10.1.0.5", "fe80::9", "intra-node"), "intra-node");
  KubeNode with_pods = node("node-b", "192.0.2.2");
  with_pods.pod_cidrs = {*IpPrefix::parse("2001:db9:2::/64"), *IpPrefix::parse("203.0.113.0/28")};
  c.tell(with_pods, at(4));
  EXPECT_EQ(of("10.1.0.5", "2001:db9:2::9", "inter-node"), "inter-node") << "a pod's, to be";
  EXPECT_EQ(of("203.0.113.9", "10.1.0.5", "inter-node"), "inter-node");
  EXPECT_EQ(of("203.0.113.16", "10.1.0.5", "inter-node"), "ingress");
  // One end has a name and no veth was seen; the other is an address of the node.
  EXPECT_EQ(of("10.1.0.5", "172.18.0.1", "ingress"), "intra-node");
  EXPECT_EQ(of("172.18.0.1", "10.1.0.5", "egress"), "intra-node");
  EXPECT_EQ(of("10.2.0.5", "172.18.0.1", "ingress"), "inter-node");
  EXPECT_EQ(of("172.18.0.1", "10.2.0.5", "egress"), "inter-node");
  EXPECT_EQ(of("127.0.0.1", "127.0.0.1", "intra-node"), "intra-node");
}

TEST_F(Namer, ExternalNamesByTheLongestPrefix) {
  const Flow out = named("10.1.0.5", "198.51.100.9");
  EXPECT_EQ(name_of(out.dst_identity), "office");
  EXPECT_EQ(out.dst_identity->kind, IdentityKind::kExternal);
  EXPECT_EQ(out.direction, "egress");
  EXPECT_TRUE(is_external_flow(out));
  EXPECT_EQ(name_of(named("10.1.0.5", "198.51.100.7").dst_identity), "printer");
  EXPECT_EQ(name_of(named("10.1.0.5", "198.51.101.7").dst_identity), "-");
  const Flow in = named(going(flow("2001:db8:9::1", "fd00::5", 80, at(10)), "inter-node"));
  EXPECT_EQ(name_of(in.src_identity), "all six");
  EXPECT_EQ(in.direction, "ingress");
  EXPECT_EQ(named(going(flow("2001:db8::1", "2001:db8::2", 1, at(10)), "inter-node")).direction,
            "inter-node");
}

TEST_F(Namer, AServiceIsKnownByItsAddressAndTheBackendByTranslation) {
  c.tell(service("shop-db", "10.96.0.10", 5432), at(4));
  c.tell(slice("shop-db", {{"db", "10.2.0.5"}, {"db2", "10.2.0.6"}}, 15432), at(4));
  const Flow translated =
      named(with_nat(flow("10.1.0.5", "10.96.0.10", 5432, at(10)), "10.2.0.6", 15432));
  EXPECT_EQ(name_of(translated.service), "shop-db");
  EXPECT_EQ(translated.service->full_name(), "shop/shop-db");
  EXPECT_EQ(translated.service_by, ServiceBy::kAddress);
  EXPECT_EQ(name_of(translated.dst_identity), "db2");
  EXPECT_EQ(translated.direction, "inter-node");
  EXPECT_TRUE(is_service_flow(translated));
  // Without translation nobody can say which backend it was.
  const Flow plain = named("10.1.0.5", "10.96.0.10", 5432);
  EXPECT_EQ(name_of(plain.service), "shop-db");
  EXPECT_EQ(name_of(plain.dst_identity), "-");
  EXPECT_EQ(plain.direction, "inter-node") << "the backend was not seen here";
  // A port that it does not have is still its address.
  EXPECT_EQ(name_of(named("10.1.0.5", "10.96.0.10", 99).service), "shop-db");
  // On the backend's node it is known by the end, if of one service alone.
  const Flow behind = named("10.1.0.5", "10.2.0.5", 15432);
  EXPECT_EQ(name_of(behind.service), "shop-db");
  EXPECT_EQ(behind.service_by, ServiceBy::kEndpoints);
  EXPECT_EQ(name_of(named("10.1.0.5", "10.2.0.5", 22).service), "-");
  c.tell(slice("other", {{"db", "10.2.0.5"}}, 15432), at(5));
  c.tell(service("other", "10.96.0.11", 1), at(5));
  EXPECT_EQ(name_of(named("10.1.0.5", "10.2.0.5", 15432).service), "-");
  EXPECT_EQ(name_of(named("10.1.0.5", "10.2.0.6", 15432).service), "shop-db");
}

TEST_F(Namer, TheOnlyReadyBackendIsTheOneThatAnswers) {
  c.tell(service("shop-db", "10.96.0.10", 5432), at(4));
  auto ends = slice("shop-db", {{"db", "10.2.0.5"}, {"db2", "10.2.0.6"}}, 15432);
  ends.endpoints[1].ready = false;
  c.tell(ends, at(4));
  EXPECT_EQ(name_of(named("10.1.0.5", "10.96.0.10", 5432).dst_identity), "db");
  EXPECT_EQ(name_of(named("10.1.0.5", "10.96.0.10", 99).dst_identity), "-") << "no such port";
  ends.endpoints[1].ready = true;
  c.tell(ends, at(5));
  EXPECT_EQ(name_of(named("10.1.0.5", "10.96.0.10", 5432).dst_identity), "-");
  c.tell(ends, at(6), true);
  EXPECT_EQ(name_of(named("10.1.0.5", "10.96.0.10", 5432).dst_identity), "-");
}

TEST_F(Namer, NodePortsAtAnyNode) {
  c.tell(service("shop-db", "10.96.0.10", 5432, 30'001), at(4));
  c.tell(slice("shop-db", {{"db", "10.2.0.5"}, {"db2", "10.2.0.6"}}, 15432), at(4));
  for (const auto* node_ip : {"192.0.2.1", "192.0.2.2"}) {
    const Flow plain = named("203.0.113.9", node_ip, 30'001);
    EXPECT_EQ(name_of(plain.service), "shop-db");
    EXPECT_EQ(plain.service_by, ServiceBy::kNodePort);
    EXPECT_EQ(plain.dst_identity->kind, IdentityKind::kNode);
  }
  const Flow translated =
      named(with_nat(flow("203.0.113.9", "192.0.2.1", 30'001, at(10)), "10.2.0.6", 15432));
  EXPECT_EQ(translated.service_by, ServiceBy::kNodePort);
  EXPECT_EQ(name_of(translated.dst_identity), "db2");
  EXPECT_EQ(name_of(named("203.0.113.9", "192.0.2.1", 30'002).service), "-");
  EXPECT_EQ(name_of(named("203.0.113.9", "10.2.0.5", 30'001).service), "-") << "not a node";
  Flow udp = flow("203.0.113.9", "192.0.2.1", 30'001, at(10));
  udp.tuple.protocol = kProtoUdp;
  EXPECT_EQ(name_of(named(udp).service), "-");
}

TEST_F(Namer, LoadBalancersAndExternalAddressesMayBeShared) {
  KubeService one = service("one", "10.96.0.10", 80);
  one.load_balancer_ips = {address("203.0.113.50"), address("192.0.2.1")};
  KubeService two = service("two", "10.96.0.11", 443);
  two.external_ips = {address("203.0.113.50")};
  c.tell(one, at(4));
  c.tell(two, at(4));
  EXPECT_EQ(name_of(named("10.1.0.5", "203.0.113.50", 80).service), "one");
  EXPECT_EQ(name_of(named("10.1.0.5", "203.0.113.50", 443).service), "two");
  EXPECT_EQ(name_of(named("10.1.0.5", "192.0.2.1", 80).service), "one");
  EXPECT_EQ(name_of(named("10.1.0.5", "192.0.2.1", 22).service), "-") << "that is the node";
  EXPECT_EQ(name_of(named("10.1.0.5", "192.0.2.1", 22).dst_identity), "node-a");
}

TEST_F(Namer, DualStackAndHeadlessServices) {
  KubeService both = service("both", "10.96.0.10", 80);
  both.cluster_ips.push_back(address("fd00:96::10"));
  c.tell(both, at(4));
  EXPECT_EQ(name_of(named("fd00::5", "fd00:96::10").service), "both");
  c.tell(service("headless", "", 5432), at(4));
  c.tell(slice("headless", {{"db", "10.2.0.5"}}, 5432), at(4));
  const Flow direct = named("10.1.0.5", "10.2.0.5", 5432);
  EXPECT_EQ(name_of(direct.service), "headless");
  EXPECT_EQ(direct.service_by, ServiceBy::kEndpoints);
}

TEST_F(Namer, AServiceThatIsGoneStillWasIt) {
  c.tell(service("first", "10.96.0.10", 80), at(4));
  c.tell(service("first", "10.96.0.10", 80), at(50), true);
  EXPECT_EQ(name_of(named("10.1.0.5", "10.96.0.10").service), "first");
  EXPECT_EQ(name_of(named(flow("10.1.0.5", "10.96.0.10", 80, at(60))).service), "-");
  KubeService second = service("second", "10.96.0.10", 80);
  second.meta.created = at(70);
  c.tell(second, at(75));
  EXPECT_EQ(name_of(named("10.1.0.5", "10.96.0.10").service), "first");
  EXPECT_EQ(name_of(named(flow("10.1.0.5", "10.96.0.10", 80, at(71))).service), "second");
  c.index->tick(at(3000));
  EXPECT_EQ(c.index->view({}, at(3000))->service_addresses.size(), 1U);
}

TEST_F(Namer, AnEndOfThePodBeforeIsNotThisPods) {
  c.tell(service("old-service", "10.96.0.20", 80), at(4));
  c.tell(slice("old-service", {{"old", "10.1.0.9"}}, 80), at(4));
  const auto old_pod = PodMaker("old", "10.1.0.9").taken(at(1)).runs(at(2));
  c.tell(old_pod, at(4));
  c.tell(PodMaker("new", "10.1.0.9").taken(at(21)).runs(at(21)), at(21.5));
  c.tell_gone(PodMaker(old_pod).ended(at(20)), at(25));
  // The slice says for five seconds more what was.
  EXPECT_EQ(name_of(named(flow("10.1.0.5", "10.1.0.9", 80, at(22))).service), "-");
  EXPECT_EQ(name_of(named(flow("10.1.0.5", "10.1.0.9", 80, at(19))).service), "old-service");
  c.tell(slice("old-service", {}, 80), at(25));
  EXPECT_EQ(name_of(named(flow("10.1.0.5", "10.1.0.9", 80, at(19))).service), "old-service")
      << "it was then";
  c.index->tick(at(25) + 1000 * kSecond);
  EXPECT_EQ(name_of(named(flow("10.1.0.5", "10.1.0.9", 80, at(19))).service), "-");
}

TEST_F(Namer, PodsOfTheHostByTheirContainers) {
  c.tell(PodMaker("proxy", "192.0.2.1").on_host().taken(at(1)).runs(at(2)), at(3));
  Flow out = flow("192.0.2.1", "10.2.0.5", 80, at(10));
  out.client_process = process("id-proxy");
  EXPECT_EQ(name_of(named(out).src_identity), "proxy");
  EXPECT_TRUE(named(out).src_identity->host_network);
  EXPECT_EQ(named(out).direction, "inter-node");
  out.client_process = process("");
  EXPECT_EQ(name_of(named(out).src_identity), "node-a") << "a process of the node";
  out.client_process = process("of nobody");
  EXPECT_EQ(name_of(named(out).src_identity), "node-a");
  Flow in = flow("10.2.0.5", "192.0.2.1", 80, at(10));
  in.server_process = process("id-proxy");
  EXPECT_EQ(name_of(named(in).dst_identity), "proxy");
  // A pod's own address says more than who has its socket.
  Flow pod = flow("10.1.0.5", "10.2.0.5", 80, at(10));
  pod.client_process = process("id-proxy");
  EXPECT_EQ(name_of(named(pod).src_identity), "web");
}

TEST_F(Namer, KnowsWhetherThereArePodsOfTheHostHere) {
  EXPECT_FALSE(c.index->has_host_pods());
  c.tell(PodMaker("agent-b", "192.0.2.2", "node-b").on_host().taken(at(1)).runs(at(2)), at(3));
  EXPECT_FALSE(c.index->has_host_pods()) << "it is elsewhere";
  const auto proxy = PodMaker("proxy", "192.0.2.1").on_host().taken(at(1)).runs(at(2));
  c.tell(proxy, at(3));
  EXPECT_TRUE(c.index->has_host_pods());
  c.tell_gone(proxy, at(5));
  EXPECT_FALSE(c.index->has_host_pods());
}

TEST_F(Namer, PodsOfTheHostByEndpoints) {
  c.tell(PodMaker("agent-b", "192.0.2.2", "node-b").on_host().taken(at(1)).runs(at(2)), at(3));
  c.tell(slice("agents", {{"agent-b", "192.0.2.2"}}, 9100), at(4));
  c.tell(service("agents", "", 9100), at(4));
  const Flow in = named("10.1.0.5", "192.0.2.2", 9100);
  EXPECT_EQ(name_of(in.dst_identity), "agent-b");
  EXPECT_EQ(name_of(in.service), "agents");
  EXPECT_EQ(name_of(named("10.1.0.5", "192.0.2.2", 22).dst_identity), "node-b");
  // Another pod takes its place on the node.
  PodMaker next = PodMaker("agent-c", "192.0.2.2", "node-b").on_host().taken(at(20)).runs(at(21));
  c.tell(next, at(21));
  c.tell(slice("agents", {{"agent-c", "192.0.2.2"}}, 9100), at(22));
  EXPECT_EQ(name_of(named("10.1.0.5", "192.0.2.2", 9100).dst_identity), "agent-b");
  EXPECT_EQ(name_of(named(flow("10.1.0.5", "192.0.2.2", 9100, at(23))).dst_identity), "agent-c");
}

TEST_F(Namer, LateNamesReachFlowsThatAreNamedAgain) {
  EXPECT_EQ(name_of(named("10.1.0.77", "10.1.0.5").src_identity), "-");
  c.tell(PodMaker("late", "10.1.0.77").taken(at(9)).runs(at(9)), at(15));
  EXPECT_EQ(name_of(named("10.1.0.77", "10.1.0.5").src_identity), "late");
}

TEST_F(Namer, NamedTwiceItIsTheSame) {
  Flow out = named(with_nat(flow("10.1.0.5", "192.0.2.2", 80, at(10)), "10.2.0.5", 8080));
  const Flow again = named(out);
  EXPECT_EQ(again.src_identity, out.src_identity);
  EXPECT_EQ(again.dst_identity, out.dst_identity);
  EXPECT_EQ(again.direction, out.direction);
  std::vector<Flow> flows(3, flow("10.1.0.5", "10.2.0.5", 80, at(10)));
  c.namer->name(std::span(flows));
  for (const Flow& each : flows) EXPECT_EQ(name_of(each.dst_identity), "db");
}

}  // namespace
}  // namespace netprobe
