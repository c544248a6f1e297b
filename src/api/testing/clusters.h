// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "api/testing/snapshots.h"

namespace netprobe::testing {

inline IpAddress ip(const char* text) { return *IpAddress::parse(text); }

/// A value that breaks whatever does not escape it.
inline const std::string kHostileText = "\"quote\\ \n\tünïcode 名前";

inline IdentityPtr make_identity(IdentityKind kind, const std::string& name_space,
                                 const std::string& name, const std::string& node = "") {
  auto identity = std::make_shared<Identity>();
  identity->kind = kind;
  identity->name = name;
  identity->name_space = name_space;
  identity->node = node;
  identity->uid = "uid-" + name;
  if (kind == IdentityKind::kPod) {
    identity->workload_kind = "Deployment";
    identity->workload = name.substr(0, name.find('-'));
    identity->zone = "zone-" + node;
    identity->node_pool = "pool-1";
    identity->labels = {{"app", identity->workload}, {"note", kHostileText}};
  }
  if (kind == IdentityKind::kService) {
    identity->workload_kind = "Service";
    identity->workload = name;
  }
  return identity;
}

inline std::shared_ptr<KubePod> make_pod(const std::string& name_space, const std::string& name,
                                         const std::string& node, const char* address) {
  auto pod = std::make_shared<KubePod>();
  pod->meta = {.name = name, .name_space = name_space, .uid = "uid-" + name, .created = kStart};
  pod->node = node;
  pod->phase = "Running";
  pod->ips = {ip(address)};
  pod->started = kStart;
  pod->containers = {{.name = "main", .id = "c1", .started = kStart + kSecond}};
  pod->ports = {{.name = "http", .port = 8080}};
  return pod;
}

inline std::shared_ptr<KubeNode> make_node(const std::string& name, const char* address,
                                           const char* cidr) {
  auto node = std::make_shared<KubeNode>();
  node->meta = {.name = name, .uid = "uid-" + name, .created = kStart};
  node->internal_ips = {ip(address)};
  node->pod_cidrs = {*IpPrefix::parse(cidr)};
  node->labels = {{"topology.kubernetes.io/zone", "zone-" + name}, {"hostile", kHostileText}};
  node->kubelet_version = "v1.29.1";
  node->kernel_version = "6.12";
  node->ready = true;
  return node;
}

/// For tests: node-a and node-b with web-1 (10.244.1.2, since kStart) on one and
/// db-1 (10.244.2.2) on the other, service shop/web (10.96.0.1) before web-1. Until
/// kStart, shop/old-1 had 10.244.1.2. Sorted as the identity index sorts.
inline KubeView make_view() {
  using enum IdentityKind;
  KubeView view;
  view.status = {.state = KubeState::kSynced,
                 .server = "https://127.0.0.1:6443",
                 .source = "in-cluster",
                 .synced_at = kStart,
                 .last_contact = kStart + 10 * kSecond,
                 .server_version = "v1.29.1",
                 .resources = {{.name = "pods", .synced = true, .objects = 2, .lists = 1}}};
  view.updated = kStart + 5 * kSecond;
  view.nodes = {make_node("node-a", "192.0.2.1", "10.244.1.0/24"),
                make_node("node-b", "192.0.2.2", "10.244.2.0/24")};
  for (const char* name : {"kube-system", "shop"}) {
    auto space = std::make_shared<KubeNamespace>();
    space->meta.name = name;
    view.namespaces.push_back(space);
  }
  view.pods = {make_pod("shop", "db-1", "node-b", "10.244.2.2"),
               make_pod("shop", "web-1", "node-a", "10.244.1.2")};
  auto service = std::make_shared<KubeService>();
  service->meta = {.name = "web", .name_space = "shop", .uid = "uid-web"};
  service->type = "ClusterIP";
  service->cluster_ips = {ip("10.96.0.1")};
  service->ports = {{.name = "http", .port = 80, .node_port = 30080}};
  service->selector = {{"app", "web"}};
  view.services = {service};
  auto slice = std::make_shared<KubeEndpointSlice>();
  slice->meta = {.name = "web-x", .name_space = "shop"};
  slice->service = "web";
  slice->endpoints = {{.addresses = {ip("10.244.1.2")},
                       .node = "node-a",
                       .pod = "web-1",
                       .pod_name_space = "shop",
                       .pod_uid = "uid-web-1"}};
  view.endpoint_slices = {slice};
  view.claims = {
      {ip("10.244.1.2"), make_identity(kPod, "shop", "old-1", "node-a"), kStart - 60 * kSecond,
       kStart},
      {ip("10.244.1.2"), make_identity(kPod, "shop", "web-1", "node-a"), kStart, 0},
      {ip("10.244.2.2"), make_identity(kPod, "shop", "db-1", "node-b"), kStart, 0},
      {ip("192.0.2.1"), make_identity(kNode, "", "node-a"), kStart, 0},
      {ip("192.0.2.2"), make_identity(kNode, "", "node-b"), kStart, 0},
  };
  view.service_addresses = {{ip("10.96.0.1"), make_identity(kService, "shop", "web"), kStart, 0}};
  std::ranges::sort(view.claims, [](const AddressClaim& a, const AddressClaim& b) {
    return a.address != b.address ? a.address < b.address : a.from < b.from;
  });
  view.stats = {.addresses = 4, .claims = 6};
  return view;
}

/// Four flows: 1 db-1 → service web → web-1; 2 web-1 → db-1 by its address; 3 from
/// web-1 to an external network with a name; 4 between nobody that is known.
inline void add_named_flows(Snapshot& snapshot) {
  const auto& claims = snapshot.kube->claims;
  const auto who = [&](const std::string& name) {
    return std::ranges::find_if(claims, [&](const auto& c) { return c.identity->name == name; })
        ->identity;
  };
  for (std::uint64_t id = 1; id <= 4; ++id) snapshot.flows.push_back(make_flow(id));
  Flow& to_service = snapshot.flows[0];
  to_service.tuple.dst = ip("10.96.0.1");
  to_service.direction = "inter-node";
  to_service.nat = true;
  to_service.translated = to_service.tuple;
  to_service.translated.dst = ip("10.244.1.2");
  to_service.src_identity = who("db-1");
  to_service.dst_identity = who("web-1");
  to_service.service = snapshot.kube->service_addresses[0].identity;
  to_service.service_by = ServiceBy::kAddress;
  to_service.handshake_rtt = 2 * kMillisecond;
  Flow& direct = snapshot.flows[1];
  direct.direction = "inter-node";
  direct.src_identity = who("web-1");
  direct.dst_identity = who("db-1");
  Flow& outward = snapshot.flows[2];
  outward.src_identity = who("web-1");
  outward.dst_identity = make_identity(IdentityKind::kExternal, "", "partner");
}

/// For tests: make_snapshot() of node-a with that cluster, a record of each kind
/// that an answer may have, and numbers since the start.
inline std::shared_ptr<Snapshot> make_cluster_snapshot() {
  auto snapshot = make_snapshot(0);
  snapshot->kube = std::make_shared<const KubeView>(make_view());
  add_named_flows(*snapshot);
  snapshot->table.live_flows = snapshot->table.total_flows = 4;
  WorkloadPair pair;
  pair.src = {"shop", "Deployment", "db"};
  pair.dst = {"shop", "Deployment", "web"};
  pair.direction = "inter-node";
  pair.flows = 3;
  pair.connections = 2;
  pair.forward = {10, 1000};
  pair.handshake = {{2, 0}, 6 * kMillisecond};
  pair.dropped = 5;
  WorkloadPair unknown;
  unknown.direction = "egress";
  unknown.flows = 7;
  snapshot->workloads.pairs = {pair, unknown};
  snapshot->workloads.kinds = {.total = 10, .inter_node = 3, .service = 2};
  snapshot->flannel = {.used = true,
                       .nodes = {{.node = "node-a",
                                  .internal_ip = ip("192.0.2.1"),
                                  .pod_cidrs = {*IpPrefix::parse("10.244.1.0/24")},
                                  .backend_type = "vxlan",
                                  .vni = 1,
                                  .vtep_mac = "0a:58:0a:f4:01:01"},
                                 {.node = "node-b", .backend_type = "vxlan", .vni = 1}},
                       .vni = 1,
                       .port = 8472,
                       .updated = kStart};

  auto signals = std::make_shared<Signals>();
  signals->taken_at = snapshot->taken_at;
  auto process = std::make_shared<ProcessRef>();
  process->pid = 7;
  process->comm = "curl";
  process->known_by = "connect";
  Connection connection;
  connection.id = 1;
  connection.tuple = {ip("10.244.1.2"), ip("10.96.0.1"), 40000, 80, kProtoTcp};
  connection.process = process;
  connection.state = "established";
  connection.verdict = "open";
  connection.opened = kStart + kSecond;
  connection.rtt = kMillisecond;
  signals->sockets.connections = {connection, connection};
  signals->sockets.connections[1].id = 2;
  signals->sockets.connections[1].tuple.src = ip("192.0.2.2");
  signals->sockets.listening = {{.id = 3, .address = ip("10.244.2.2"), .port = 5432}};
  DropRecord drop;
  drop.tuple = {ip("10.244.1.2"), ip("10.244.2.2"), 40001, 5432, kProtoTcp};
  drop.has_tuple = true;
  drop.reason = "NETFILTER_DROP";
  drop.hook = "netfilter";
  drop.count = 3;
  drop.first_seen = drop.last_seen = kStart + 2 * kSecond;
  DropRecord tunnelled = drop;
  tunnelled.tuple = {ip("192.0.2.1"), ip("192.0.2.2"), 9, 8472, kProtoUdp};
  tunnelled.inside = DropInside{drop.tuple, Tunnel::kVxlan, 1};
  tunnelled.inside->tuple.src = ip("198.51.100.1");
  tunnelled.stack = {"frame"};
  DropRecord bare;
  bare.reason = "OTHER";
  bare.hook = "device";
  bare.ethertype = 0x0806;
  bare.count = 1;
  signals->drops.records = {drop, tunnelled, bare};
  signals->drops.totals = {{{"NETFILTER_DROP", "netfilter"}, 6}};
  signals->netfilter.hooks = {{.family = "ipv4", .hook = "input", .counted = true}};
  signals->netfilter.rules = {{.family = "ip", .table = "t", .chain = "c", .verdict = "drop"}};
  signals->tunnels.traffic = {{.vni = 1, .interface = "eth0", .fragments = 1}};
  signals->tunnels.totals = {{.vni = 1}};
  signals->tunnels.newest = {{.vni = 1, .interface = "eth0"}};
  signals->tunnels.mtu = {{.interface = "flannel.1", .what = "too large"}};
  signals->xdp = {{.ifindex = 2, .interface = "eth0", .mode = "generic", .reason = "asked"}};
  signals->probes = {{.name = "drop", .state = ProbeState::kOn}};
  snapshot->signals = signals;

  Loss loss;
  loss.id = 1;
  loss.tuple = drop.tuple;
  loss.from_interface = "cni0";
  loss.packets = loss.entered = 2;
  loss.last_seen = kStart + 3 * kSecond;
  loss.explained_by = {{"NETFILTER_DROP", "ip_forward", 1}};
  snapshot->loss.losses = {loss};
  snapshot->loss.totals = {{.packets = 2}};
  auto losses = std::make_shared<std::vector<Loss>>();
  losses->push_back(loss);
  snapshot->flows[1].losses = losses;
  snapshot->flows[1].client_process = process;
  snapshot->flows[1].verdict = "open";
  snapshot->flows[1].path_mtu_errors = 1;
  snapshot->flows[2].tuple.protocol = kProtoIcmp;
  snapshot->flows[2].icmp_errors = 1;
  snapshot->flows[3].tunnel = Tunnel::kVxlan;
  snapshot->flows[3].observations[0].tunnel = Tunnel::kVxlan;
  return snapshot;
}

}  // namespace netprobe::testing
