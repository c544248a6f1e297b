// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <string>
#include <vector>

#include "api/cluster_pages.h"
#include "api/connections_query.h"
#include "api/drops_query.h"
#include "api/losses_query.h"
#include "api/names.h"
#include "api/pages.h"
#include "api/testing/clusters.h"
#include "api/who_query.h"
#include "base/duration.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using namespace netprobe::testing;

std::string text(const json::value& value) { return std::string(value.as_string()); }

json::object parsed(const std::string& body) { return json::parse(body).as_object(); }

std::size_t size_of(const json::value& list) { return list.as_array().size(); }

TEST(AddressNames, KnowsWhoHadAnAddressThen) {
  Snapshot snapshot;
  snapshot.kube = std::make_shared<const KubeView>(make_view());
  const AddressNames names(snapshot);
  const auto name = [&](const char* address, Nanos begin, Nanos end) {
    const auto identity = names.find(ip(address), begin, end);
    return identity ? identity->full_name() : "";
  };
  const Nanos before = kStart - 10 * kSecond;
  EXPECT_EQ(name("10.244.1.2", before, before), "shop/old-1");
  EXPECT_EQ(name("10.244.1.2", kStart, kStart), "shop/web-1") << "a claim's end is not in it";
  EXPECT_EQ(name("10.244.1.2", before, kStart + kSecond), "shop/old-1") << "who had it first";
  EXPECT_EQ(name("10.244.2.2", before, before), "") << "nobody had it yet";
  EXPECT_EQ(name("10.244.2.2", before, kStart + kSecond), "shop/db-1")
      << "who came while it lasted";
  EXPECT_EQ(name("10.96.0.1", kStart, kStart), "shop/web");
  EXPECT_EQ(name("192.0.2.2", kStart, kStart), "node-b");
  EXPECT_EQ(name("203.0.113.9", kStart, kStart), "");
}

/// A node whose own address two hostNetwork pods use, and a network with a name.
Snapshot snapshot_with_host_pods() {
  Snapshot snapshot;
  auto view = make_view();
  view.host_containers = {
      {"c-agent", make_identity(IdentityKind::kPod, "ops", "agent-1", "node-a")},
      {"c-proxy", make_identity(IdentityKind::kPod, "ops", "proxy-1", "node-a")}};
  snapshot.node_name = "node-a";
  snapshot.kube = std::make_shared<const KubeView>(std::move(view));
  snapshot.external =
      std::make_shared<const ExternalNames>(std::vector<std::pair<std::string, IpPrefix>>{
          {"partner", *IpPrefix::parse("198.51.100.0/24")},
          {"partner6", *IpPrefix::parse("2001:db8:51::/48")},
          {"all-of-it", *IpPrefix::parse("10.0.0.0/8")}});
  return snapshot;
}

ProcessPtr process_in(const std::string& container) {
  auto process = std::make_shared<ProcessRef>();
  process->pid = 9;
  process->container = container;
  return process;
}

std::string name_of(const IdentityPtr& identity) { return identity ? identity->full_name() : ""; }

TEST(AddressNames, KnowsNetworksOutside) {
  const Snapshot snapshot = snapshot_with_host_pods();
  const AddressNames names(snapshot);
  EXPECT_EQ(name_of(names.find(ip("198.51.100.7"), kStart, kStart)), "partner");
  EXPECT_EQ(name_of(names.find(ip("2001:db8:51::7"), kStart, kStart)), "partner6");
  EXPECT_EQ(name_of(names.find(ip("203.0.113.9"), kStart, kStart)), "");
  EXPECT_EQ(name_of(names.find(ip("10.244.1.2"), kStart, kStart)), "shop/web-1")
      << "who is in the cluster has a name of his own";
}

TEST(AddressNames, TellsPodsOfTheHostApartByTheirProcesses) {
  Snapshot snapshot = snapshot_with_host_pods();
  const FlowTuple out{ip("192.0.2.1"), ip("192.0.2.2"), 40000, 80, kProtoTcp};
  const FlowTuple within{ip("192.0.2.1"), ip("192.0.2.1"), 40001, 9100, kProtoTcp};
  const FlowTuple shared{ip("192.0.2.1"), ip("192.0.2.2"), 40002, 80, kProtoTcp};
  auto signals = std::make_shared<Signals>();
  auto& connections = signals->sockets.connections;
  connections.resize(5);
  connections[0].tuple = out;
  connections[0].process = process_in("c-proxy");
  connections[1].tuple = within;
  connections[1].process = process_in("c-proxy");
  connections[2].tuple = within.reversed();
  connections[2].process = process_in("c-agent");
  connections[3].tuple = connections[4].tuple = shared;
  connections[3].process = process_in("c-agent");
  connections[4].process = process_in("c-proxy");
  snapshot.signals = signals;
  const AddressNames names(snapshot);
  const auto ends = [&](const FlowTuple& tuple, const ProcessPtr& own = nullptr) {
    const Flow flow = names.named(tuple, kStart, kStart, own);
    return name_of(flow.src_identity) + " > " + name_of(flow.dst_identity);
  };
  EXPECT_EQ(ends(out), "ops/proxy-1 > node-b");
  EXPECT_EQ(ends(out.reversed()), "node-b > ops/proxy-1") << "packets of the answer";
  EXPECT_EQ(ends(within), "ops/proxy-1 > ops/agent-1");
  EXPECT_EQ(ends(shared), "node-a > node-b") << "two sockets had these ports";
  EXPECT_EQ(ends(shared, process_in("c-proxy")), "ops/proxy-1 > node-b");
  EXPECT_EQ(ends(shared, process_in("c-other")), "node-a > node-b") << "no pod of the host";
  EXPECT_EQ(ends(shared, process_in("")), "node-a > node-b") << "a process of the node";
  // A pod's own address says more than who has its socket.
  EXPECT_EQ(ends({ip("10.244.1.2"), ip("192.0.2.2"), 1, 2, kProtoTcp}, process_in("c-proxy")),
            "shop/web-1 > node-b");
}

TEST(ConnectionsPage, TellsPodsOfTheHostAndNetworksOutside) {
  Snapshot snapshot = snapshot_with_host_pods();
  auto signals = std::make_shared<Signals>();
  signals->sockets.connections.resize(1);
  Connection& connection = signals->sockets.connections[0];
  connection.id = 1;
  connection.tuple = {ip("192.0.2.1"), ip("198.51.100.1"), 40000, 443, kProtoTcp};
  connection.process = process_in("c-proxy");
  signals->sockets.listening = {{.id = 2, .port = 80, .process = process_in("c-proxy")},
                                {.id = 3, .port = 22, .process = process_in("")}};
  snapshot.signals = signals;
  const auto page = parsed(connections_page(snapshot, {}));
  const auto& shown = page.at("connections").at(0).as_object();
  EXPECT_EQ(text(shown.at("src_pod")), "ops/proxy-1");
  EXPECT_EQ(text(shown.at("src_node")), "node-a");
  EXPECT_EQ(text(shown.at("dst_workload")), "External/partner");
  ConnectionsQuery query;
  ASSERT_TRUE(query.tuple.add("pod", "proxy-1"));
  const auto of_proxy = parsed(connections_page(snapshot, query));
  EXPECT_EQ(of_proxy.at("total"), 1);
  EXPECT_EQ(size_of(of_proxy.at("listening")), 1U) << "a socket on all addresses, too";
}

TEST(DropsPage, TellsPodsOfTheHostAndNetworksOutside) {
  Snapshot snapshot = snapshot_with_host_pods();
  auto signals = std::make_shared<Signals>();
  DropRecord drop;
  drop.tuple = {ip("198.51.100.1"), ip("192.0.2.1"), 443, 40000, kProtoTcp};
  drop.has_tuple = true;
  drop.count = 1;
  drop.first_seen = drop.last_seen = kStart;
  signals->drops.records = {drop};
  signals->sockets.connections.resize(1);
  signals->sockets.connections[0].tuple = drop.tuple.reversed();
  signals->sockets.connections[0].process = process_in("c-agent");
  snapshot.signals = signals;
  Loss loss;
  loss.tuple = drop.tuple;
  loss.packets = 1;
  loss.last_seen = kStart;
  snapshot.loss.losses = {loss};
  const auto drops = parsed(drops_page(snapshot, {}));
  const auto losses = parsed(losses_page(snapshot, {}));
  for (const auto& shown : {drops.at("drops").at(0), losses.at("losses").at(0).at("flow")}) {
    EXPECT_EQ(text(shown.at("src_workload")), "External/partner");
    EXPECT_EQ(text(shown.at("dst_pod")), "ops/agent-1");
  }
}

TEST(ClusterPage, CountsAndDescribes) {
  const auto page = parsed(cluster_page(*make_cluster_snapshot()));
  EXPECT_EQ(page.at("node_count"), 2);
  EXPECT_EQ(page.at("namespace_count"), 2);
  EXPECT_EQ(page.at("pod_count"), 2);
  EXPECT_EQ(page.at("service_count"), 1);
  EXPECT_EQ(page.at("pods_by_phase"), (json::value{{"Running", 2}}));
  const auto& node = page.at("nodes").at(1).as_object();
  EXPECT_EQ(text(node.at("name")), "node-b");
  EXPECT_EQ(node.at("pod_count"), 1);
  EXPECT_EQ(text(node.at("zone")), "zone-node-b");
  EXPECT_EQ(text(node.at("pod_cidrs").at(0)), "10.244.2.0/24");
  EXPECT_EQ(text(node.at("labels").at("hostile")), kHostileText);
  EXPECT_EQ(page.at("namespaces").at(1),
            (json::value{{"name", "shop"}, {"pod_count", 2}, {"service_count", 1}}));
  EXPECT_EQ(text(page.at("last_updated")), format_rfc3339(kStart + 5 * kSecond));
  EXPECT_EQ(text(page.at("kubernetes").at("state")), "synced");
  EXPECT_TRUE(page.at("completeness").at("complete").as_bool());
}

TEST(ClusterPage, SaysThatItMayBeOld) {
  auto snapshot = make_cluster_snapshot();
  auto view = make_view();
  view.status.state = KubeState::kRetrying;
  view.status.error = "the server does not answer";
  snapshot->kube = std::make_shared<const KubeView>(view);
  for (const auto& body :
       {cluster_page(*snapshot), topology_page(*snapshot, GraphOf::kSinceStart)}) {
    const auto page = parsed(body);
    EXPECT_EQ(text(page.at("kubernetes").at("error")), "the server does not answer");
    EXPECT_FALSE(page.at("completeness").at("complete").as_bool());
    EXPECT_TRUE(page.at("completeness").at("lost").as_object().contains("kubernetes.not_synced"));
  }
}

TEST(ClusterPages, AnswerWithoutKubernetes) {
  const auto snapshot = make_snapshot(3);
  const auto cluster = parsed(cluster_page(*snapshot));
  EXPECT_EQ(cluster.at("kubernetes"), (json::value{{"state", "off"}}));
  EXPECT_EQ(cluster.at("pod_count"), 0);
  const auto topology = parsed(topology_page(*snapshot, GraphOf::kLive));
  EXPECT_TRUE(topology.at("ip_to_pod").as_object().empty());
  EXPECT_EQ(size_of(topology.at("graph").at("edges")), 0U);
  EXPECT_EQ(topology.at("graph").at("unnamed_flows"), 3);
  const auto report = parsed(report_page(*snapshot));
  EXPECT_EQ(size_of(report.at("top_talkers")), 3U);
  EXPECT_EQ(report.at("traffic_stats").at("total_flows"), 3);
  EXPECT_FALSE(report.at("traffic_stats").as_object().contains("since_start"));
}

TEST(TopologyPage, SaysWhoseAddressesAre) {
  const auto page = parsed(topology_page(*make_cluster_snapshot(), GraphOf::kSinceStart));
  EXPECT_EQ(page.at("ip_to_pod"),
            (json::value{{"10.244.1.2", "shop/web-1"}, {"10.244.2.2", "shop/db-1"}}));
  EXPECT_EQ(page.at("ip_to_node"), (json::value{{"192.0.2.1", "node-a"}, {"192.0.2.2", "node-b"}}));
  EXPECT_EQ(page.at("ip_to_service"), (json::value{{"10.96.0.1", "shop/web"}}));
  EXPECT_EQ(page.at("cidr_to_node"),
            (json::value{{"10.244.1.0/24", "node-a"}, {"10.244.2.0/24", "node-b"}}));
  EXPECT_EQ(page.at("vni_to_node"), (json::value{{"1", {"node-a", "node-b"}}}));
}

TEST(TopologyPage, DrawsWhoTalksToWhom) {
  const auto snapshot = make_cluster_snapshot();
  const auto graph = parsed(topology_page(*snapshot, GraphOf::kSinceStart)).at("graph").as_object();
  ASSERT_EQ(size_of(graph.at("edges")), 1U);
  const auto& edge = graph.at("edges").at(0).as_object();
  EXPECT_EQ(text(edge.at("source")), "shop/Deployment/db");
  EXPECT_EQ(text(edge.at("target")), "shop/Deployment/web");
  EXPECT_EQ(edge.at("dropped"), 5);
  EXPECT_EQ(edge.at("handshake_ms").as_double(), 3.0);
  EXPECT_EQ(size_of(graph.at("nodes")), 2U);
  EXPECT_EQ(graph.at("unnamed_flows"), 7);

  const auto live = parsed(topology_page(*snapshot, GraphOf::kLive)).at("graph").as_object();
  ASSERT_EQ(size_of(live.at("edges")), 3U);
  EXPECT_EQ(text(live.at("edges").at(0).at("source")), "shop/Deployment/db");
  EXPECT_EQ(live.at("edges").at(0).at("connections"), 1);
  EXPECT_EQ(live.at("edges").at(0).at("handshake_ms").as_double(), 2.0);
  EXPECT_EQ(live.at("edges").at(0).at("bytes"), 100);
  EXPECT_EQ(text(live.at("edges").at(1).at("target")), "External/partner");
  EXPECT_EQ(live.at("unnamed_flows"), 1);
}

TEST(TopologyPage, NamesLiveFlowsAsThoseSinceTheStart) {
  auto snapshot = make_cluster_snapshot();
  snapshot->flows[3].tuple.dst = ip("203.0.113.9");
  const auto edges = [&](WorkloadBy by) {
    snapshot->workloads.by = by;
    const auto page = parsed(topology_page(*snapshot, GraphOf::kLive));
    std::vector<std::string> ids;
    for (const auto& edge : page.at("graph").at("edges").as_array())
      ids.push_back(text(edge.at("source")) + " " + text(edge.at("target")));
    std::ranges::sort(ids);
    return ids;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(edges(WorkloadBy::kWorkload),
            (Ids{"shop/Deployment/db shop/Deployment/web", "shop/Deployment/web External/partner",
                 "shop/Deployment/web shop/Deployment/db", "~unknown External/world"}));
  EXPECT_EQ(edges(WorkloadBy::kPod),
            (Ids{"shop/Pod/db-1 shop/Pod/web-1", "shop/Pod/web-1 External/partner",
                 "shop/Pod/web-1 shop/Pod/db-1", "~unknown External/world"}));
  EXPECT_EQ(edges(WorkloadBy::kNamespace),
            (Ids{"shop/Namespace/shop External/partner", "shop/Namespace/shop shop/Namespace/shop",
                 "~unknown External/world"}));
}

TEST(TopologyQuery, TakesAGraph) {
  EXPECT_EQ(parse_topology_query({}), GraphOf::kSinceStart);
  EXPECT_EQ(parse_topology_query({{"graph", "live"}}), GraphOf::kLive);
  EXPECT_EQ(parse_topology_query({{"graph", "dead"}}).error().parameter, "graph");
  EXPECT_EQ(parse_topology_query({{"grap", "live"}}).error().parameter, "grap");
}

WhoQuery who(const char* address, std::optional<Nanos> at = {}) { return {ip(address), at}; }

TEST(QueryPod, TellsAllOfIt) {
  const auto answer = pod_answer(*make_cluster_snapshot(), who("10.244.1.2"));
  ASSERT_EQ(answer.status, 200U);
  const auto page = parsed(std::string(answer.body.view()));
  const auto& pod = page.at("pod").as_object();
  EXPECT_EQ(text(pod.at("name")), "web-1");
  EXPECT_EQ(text(pod.at("namespace")), "shop");
  EXPECT_EQ(text(pod.at("workload")), "Deployment/web");
  EXPECT_EQ(text(pod.at("node")), "node-a");
  EXPECT_EQ(text(pod.at("labels").at("note")), kHostileText);
  EXPECT_EQ(pod.at("services"), (json::value{"shop/web"}));
  EXPECT_TRUE(pod.at("exists").as_bool());
  EXPECT_EQ(pod.at("ips"), (json::value{"10.244.1.2"}));
  EXPECT_TRUE(page.at("claim").at("until").is_null());
  ASSERT_EQ(size_of(page.at("history")), 2U);
  EXPECT_EQ(text(page.at("history").at(0).at("name")), "shop/old-1");
}

TEST(QueryPod, KnowsWhoHadItThen) {
  const auto answer =
      pod_answer(*make_cluster_snapshot(), who("10.244.1.2", kStart - 10 * kSecond));
  ASSERT_EQ(answer.status, 200U);
  const auto page = parsed(std::string(answer.body.view()));
  EXPECT_EQ(text(page.at("pod").at("name")), "old-1");
  EXPECT_FALSE(page.at("pod").at("exists").as_bool());
  EXPECT_FALSE(page.at("pod").as_object().contains("phase"));
  EXPECT_EQ(text(page.at("claim").at("until")), format_rfc3339(kStart));
}

TEST(QueryService, TellsItsEndpoints) {
  const auto answer = service_answer(*make_cluster_snapshot(), who("10.96.0.1"));
  ASSERT_EQ(answer.status, 200U);
  const auto service = parsed(std::string(answer.body.view())).at("service").as_object();
  EXPECT_EQ(text(service.at("name")), "web");
  EXPECT_EQ(service.at("ports").at(0).at("node_port"), 30080);
  EXPECT_EQ(
      service.at("endpoints"),
      (json::value{
          {{"ip", "10.244.1.2"}, {"pod", "shop/web-1"}, {"node", "node-a"}, {"ready", true}}}));
}

TEST(QueryNode, KnowsNodesAndWhatIsOnThem) {
  const auto snapshot = make_cluster_snapshot();
  const auto own = parsed(std::string(node_answer(*snapshot, who("192.0.2.2")).body.view()));
  EXPECT_EQ(text(own.at("node").at("name")), "node-b");
  EXPECT_EQ(text(own.at("by")), "address");
  const auto pods = parsed(std::string(node_answer(*snapshot, who("10.244.2.2")).body.view()));
  EXPECT_EQ(text(pods.at("node").at("name")), "node-b");
  EXPECT_EQ(text(pods.at("by")), "pod");
  EXPECT_EQ(text(pods.at("pod")), "shop/db-1");
}

TEST(Query, SaysWhatWouldHaveHelped) {
  const auto snapshot = make_cluster_snapshot();
  const auto detail = [](const HttpResponse& answer) {
    EXPECT_EQ(answer.status, 404U);
    EXPECT_EQ(answer.content_type, "application/problem+json");
    return text(json::parse(std::string(answer.body.view())).at("detail"));
  };
  EXPECT_EQ(detail(pod_answer(*snapshot, who("203.0.113.1"))), "no pod has 203.0.113.1");
  EXPECT_EQ(detail(pod_answer(*snapshot, who("192.0.2.1"))),
            "no pod has 192.0.2.1: it is the address of node node-a");
  EXPECT_EQ(detail(service_answer(*snapshot, who("10.244.1.2"))),
            "no service has 10.244.1.2: it is the address of pod shop/web-1");
  EXPECT_EQ(detail(node_answer(*snapshot, who("10.96.0.1"))),
            "no node has 10.96.0.1: it is the address of service shop/web");
  EXPECT_NE(
      detail(pod_answer(*snapshot, who("10.244.2.2", kStart - kSecond))).find("ask for a time"),
      std::string::npos);
  EXPECT_NE(detail(pod_answer(*make_snapshot(0), who("10.244.1.2"))).find("--kubeconfig"),
            std::string::npos);
}

TEST(WhoQueryTest, NamesWhatIsWrong) {
  const auto query = [](const char* given) {
    return parse_who_query(parse_query(given).value(), kStart);
  };
  EXPECT_EQ(query("ip=fd00::1&at=15m").value().at, kStart - 900 * kSecond);
  for (const auto& [given, parameter] : {std::pair{"", "ip"},
                                         {"ip=", "ip"},
                                         {"ip=10.0.0", "ip"},
                                         {"ip=10.0.0.0/8", "ip"},
                                         {"ip=10.0.0.1&ip=10.0.0.1", "ip"},
                                         {"ip=10.0.0.1&at=noon", "at"},
                                         {"id=1", "id"}}) {
    const auto bad = query(given);
    ASSERT_FALSE(bad) << given;
    EXPECT_EQ(bad.error().parameter, parameter) << given;
    EXPECT_FALSE(bad.error().detail.empty());
  }
}

TEST(StatsPage, CountsByNames) {
  const auto stats = parsed(stats_page(*make_cluster_snapshot()));
  EXPECT_EQ(stats.at("total_flows"), 4);
  EXPECT_EQ(stats.at("pod_to_pod_flows"), 2);
  EXPECT_EQ(stats.at("service_flows"), 1);
  EXPECT_EQ(stats.at("external_flows"), 2);
  EXPECT_EQ(stats.at("inter_node_flows"), 2);
  // Flow n sends n × 100 bytes and gets 50.
  EXPECT_EQ(stats.at("node_traffic_matrix"),
            (json::value{{"node-a", {{"node-b", 250}, {"external", 700}}},
                         {"node-b", {{"node-a", 150}}},
                         {"external", {{"node-a", 100}}}}));
  EXPECT_EQ(stats.at("since_start").at("total_flows"), 10);
  EXPECT_EQ(stats.at("since_start").at("service_flows"), 2);
}

TEST(ReportPage, HasAllOfIt) {
  const auto report = parsed(report_page(*make_cluster_snapshot()));
  EXPECT_EQ(report.at("cluster_info").at("pod_count"), 2);
  EXPECT_EQ(report.at("topology").at("ip_to_pod").as_object().size(), 2U);
  EXPECT_EQ(text(report.at("flannel_topology").at("nodes").at(0).at("node_name")), "node-a");
  EXPECT_EQ(size_of(report.at("flannel_topology").at("nodes")), 2U);
  EXPECT_EQ(report.at("traffic_stats").at("total_flows"), 4);
  ASSERT_EQ(size_of(report.at("top_talkers")), 4U);
  EXPECT_EQ(report.at("top_talkers").at(0).at("id"), 4);
  EXPECT_EQ(text(report.at("generated_at")), format_rfc3339(kStart + 3600 * kSecond));
}

TEST(ConnectionsPage, NamesBothEnds) {
  const auto snapshot = make_cluster_snapshot();
  const auto ask = [&](const char* query) {
    return parsed(connections_page(*snapshot,
                                   parse_connections_query(parse_query(query).value(), 0).value()));
  };
  const auto first = ask("").at("connections").at(0).as_object();
  EXPECT_EQ(text(first.at("src_pod")), "shop/web-1");
  EXPECT_EQ(text(first.at("src_workload")), "Deployment/web");
  EXPECT_EQ(text(first.at("dst_kind")), "service");
  EXPECT_EQ(text(first.at("service")), "shop/web");
  EXPECT_EQ(ask("pod=web-1").at("total"), 1);
  EXPECT_EQ(ask("src_node=node-b").at("total"), 1);
  EXPECT_EQ(ask("service=web").at("total"), 2);
  EXPECT_EQ(ask("namespace=other").at("total"), 0);
  EXPECT_EQ(size_of(ask("pod=db-1").at("listening")), 1U);
  EXPECT_EQ(size_of(ask("pod=web-1").at("listening")), 0U);
}

TEST(DropsPage, NamesWhatIsInside) {
  const auto snapshot = make_cluster_snapshot();
  const auto ask = [&](const char* query) {
    return parsed(
        drops_page(*snapshot, parse_drops_query(parse_query(query).value(), kStart).value()));
  };
  const auto all = ask("by=flow").at("drops").as_array();
  ASSERT_EQ(all.size(), 3U);
  for (const auto& row : all) {
    const auto& drop = row.as_object();
    if (drop.contains("inner_src_ip")) {
      EXPECT_FALSE(drop.contains("src_pod")) << "outside the tunnel are nodes";
      EXPECT_EQ(text(drop.at("dst_pod")), "shop/db-1");
    } else if (drop.at("src_ip").is_string()) {
      EXPECT_EQ(text(drop.at("src_pod")), "shop/web-1");
    }
  }
  EXPECT_EQ(ask("src_pod=web-1").at("total"), 1);
  EXPECT_EQ(ask("dst_workload=deployment/db").at("total"), 2);
  EXPECT_EQ(ask("node=node-a").at("total"), 3) << "this node dropped them";
  // Sums of all time know no names, so they are left out.
  EXPECT_EQ(ask("by=reason&pod=web-1").at("drops").at(0).at("count"), 3);
}

TEST(LossesPage, NamesBothEnds) {
  const auto snapshot = make_cluster_snapshot();
  const auto ask = [&](const char* query) {
    return parsed(
        losses_page(*snapshot, parse_losses_query(parse_query(query).value(), kStart).value()));
  };
  EXPECT_EQ(text(ask("").at("losses").at(0).at("flow").at("dst_pod")), "shop/db-1");
  EXPECT_EQ(ask("dst_pod=shop/db-*").at("total"), 1);
  EXPECT_EQ(ask("dst_pod=web-1").at("total"), 0);
  EXPECT_EQ(ask("node=node-a").at("total"), 1);
  EXPECT_EQ(ask("node=node-c").at("total"), 0);
}

/// A cluster of 100,000 addresses: an answer must not hold up the server.
TEST(TopologyPage, IsQuickAtAHundredThousandAddresses) {
  auto view = make_view();
  view.claims.clear();
  for (std::uint32_t i = 0; i < 100'000; ++i)
    view.claims.push_back({IpAddress::v4(0x0a000000U + i),
                           make_identity(IdentityKind::kPod, "shop", "web-" + std::to_string(i)),
                           kStart, 0});
  auto snapshot = make_cluster_snapshot();
  snapshot->kube = std::make_shared<const KubeView>(std::move(view));
  // Of this thread: a busy machine takes its share of the wall's.
  const auto cpu = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
  };
  const Nanos began = cpu();
  const auto page = topology_page(*snapshot, GraphOf::kSinceStart);
  const Nanos drawn = cpu();
  const auto one = pod_answer(*snapshot, who("10.1.134.159"));  // the last
  const Nanos found = cpu();
  EXPECT_EQ(json::parse(page).at("ip_to_pod").as_object().size(), 100'000U);
  EXPECT_EQ(one.status, 200U);
  RecordProperty("topology_us", static_cast<int>((drawn - began) / kMicrosecond));
  RecordProperty("pod_us", static_cast<int>((found - drawn) / kMicrosecond));
  EXPECT_LT(drawn - began, kSecond);
  EXPECT_LT(found - drawn, 20 * kMillisecond);
}

}  // namespace
}  // namespace netprobe
