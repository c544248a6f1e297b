// SPDX-License-Identifier: Apache-2.0
// The identity index with 100,000 addresses: look-ups, memory, changes, names
// of flows, and the view for readers.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "cpu_time.h"
#include "kube/identity/flow_namer.h"
#include "kube/identity/identity_index.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 7;
constexpr std::uint32_t kPods = 100'000;
constexpr std::uint32_t kNodes = 1'000;
constexpr std::uint32_t kPodsOfAWorkload = 10;
constexpr std::uint32_t kServices = 1'000;
constexpr Nanos kNow = 1'700'000'000 * kSecond;

/// Bytes that malloc gave out, mapped ones too.
double allocated() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

IpAddress pod_address(std::uint32_t n) { return IpAddress::v4(0x0a000000U + n); }
std::string uid(std::uint32_t n, std::uint32_t kind) {
  return fmt::format("{:08x}-3c1d-4b6e-9f2a-{:012x}", kind, n);
}

/// As a Deployment's pod is in a usual cluster: six labels.
KubePodPtr make_pod(std::uint32_t n, std::uint32_t address, bool own_labels) {
  const std::uint32_t workload = n / kPodsOfAWorkload;
  KubePod pod;
  pod.meta = {fmt::format("checkout-{}-5d9c7b8f6d-x{:05}", workload, n),
              fmt::format("team-{}", workload % 100), uid(n, 1), kNow - 100 * kSecond, 0};
  pod.labels = {{"app", fmt::format("checkout-{}", workload)},
                {"app.kubernetes.io/managed-by", "Helm"},
                {"app.kubernetes.io/name", own_labels ? fmt::format("c-{}", n) : "checkout"},
                {"pod-template-hash", "5d9c7b8f6d"},
                {"tier", "backend"},
                {"version", "v1.42.0"}};
  pod.controller =
      KubeOwner{"ReplicaSet", fmt::format("checkout-{}-5d9c7b8f6d", workload), uid(workload, 2)};
  pod.node = fmt::format("ip-10-1-{}-{}.internal", n % kNodes / 250, n % kNodes % 250);
  pod.phase = "Running";
  pod.ips = {pod_address(address)};
  pod.started = kNow - 100 * kSecond;
  pod.containers = {{"main", fmt::format("{:064x}", n), kNow - 98 * kSecond, 0}};
  pod.ports = {{"http", 8080, kProtoTcp, 0}};
  return std::make_shared<const KubePod>(std::move(pod));
}

KubeNodePtr make_node(std::uint32_t n) {
  KubeNode node;
  node.meta = {fmt::format("ip-10-1-{}-{}.internal", n / 250, n % 250), "", uid(n, 3), kNow, 0};
  node.internal_ips = {IpAddress::v4(0xac100000U + n)};
  node.labels = {{"topology.kubernetes.io/zone", fmt::format("zone-{}", n % 3)},
                 {"eks.amazonaws.com/nodegroup", "general"}};
  return std::make_shared<const KubeNode>(std::move(node));
}

KubeControllerPtr make_replica_set(std::uint32_t n) {
  KubeController set;
  set.kind = "ReplicaSet";
  set.meta = {fmt::format("checkout-{}-5d9c7b8f6d", n), "", uid(n, 2), kNow, 0};
  set.controller = KubeOwner{"Deployment", fmt::format("checkout-{}", n), uid(n, 4)};
  return std::make_shared<const KubeController>(std::move(set));
}

struct World {
  IdentityOptions options{.node_name = "ip-10-1-0-0.internal"};
  IdentityIndex index{options};
  std::vector<KubePodPtr> pods;  ///< what the client of the API holds anyway
  double objects = 0;            ///< bytes
  double indexed = 0;

  explicit World(bool own_labels) {
    pods.reserve(kPods);
    const double before = allocated();
    for (std::uint32_t n = 0; n < kPods; ++n) pods.push_back(make_pod(n, n, own_labels));
    objects = allocated() - before;
    for (std::uint32_t n = 0; n < kNodes; ++n) index.apply({false, kNow, make_node(n)});
    for (std::uint32_t n = 0; n < kPods / kPodsOfAWorkload; ++n)
      index.apply({false, kNow, make_replica_set(n)});
    const double empty = allocated();
    for (const KubePodPtr& pod : pods) index.apply({false, kNow, pod});
    indexed = allocated() - empty;
  }
};

std::vector<Row> memory(const World& world, bool own_labels) {
  const std::string variant = own_labels ? "labels all different" : "10 pods a workload";
  const double entry = world.indexed / kPods;
  // The labels of workloads are the usual case, and what the budget is for.
  const std::string budget = own_labels ? "" : "<= 1024";
  std::vector<Row> rows{{"memory an address", variant, entry, "bytes", "", budget, entry <= 1024}};
  if (own_labels) return rows;
  rows.push_back(
      {"  its pod's object, the client's", variant, world.objects / kPods, "bytes", "", ""});
  rows.push_back({"  as the index estimates it", variant,
                  static_cast<double>(world.index.stats().bytes) / kPods, "bytes", "", ""});
  return rows;
}

Row look_up(const World& world, bool hits) {
  std::vector<IpAddress> asked(1'000'000);
  std::mt19937_64 random(1);
  for (auto& address : asked)
    address = pod_address(static_cast<std::uint32_t>(random() % kPods) + (hits ? 0 : 2 * kPods));
  std::vector<double> times;
  std::size_t found = 0;
  for (int round = 0; round < kRounds; ++round) {
    times.push_back(thread_seconds_of([&] {
      for (const IpAddress& address : asked)
        found += world.index.find(address, kNow, kNow) != nullptr ? 1 : 0;
    }));
  }
  if (found != (hits ? asked.size() * kRounds : 0)) fmt::print("look-ups went wrong: {}\n", found);
  const double each = median(times) / static_cast<double>(asked.size()) * 1e9;
  return {"look-up", hits ? "known" : "unknown", each, "ns", "", "<= 100", each <= 100};
}

Row naming(World& world) {
  for (std::uint32_t n = 0; n < kServices; ++n) {
    KubeService service;
    service.meta = {fmt::format("checkout-{}", n), "", uid(n, 5), kNow, 0};
    service.cluster_ips = {IpAddress::v4(0x0b000000U + n)};
    service.ports = {{"http", 80, kProtoTcp, 0}};
    KubeEndpointSlice slice;
    slice.meta = service.meta;
    slice.service = service.meta.name;
    slice.ports = {{"http", 8080, kProtoTcp, 0}};
    for (std::uint32_t i = 0; i < kPodsOfAWorkload; ++i) {
      const std::uint32_t pod = n * kPodsOfAWorkload + i;
      slice.endpoints.push_back({{pod_address(pod)}, true, "", "pod", "", uid(pod, 1)});
    }
    world.index.apply({false, kNow, std::make_shared<const KubeService>(service)});
    world.index.apply({false, kNow, std::make_shared<const KubeEndpointSlice>(slice)});
  }
  std::vector<Flow> flows(100'000);
  std::mt19937_64 random(2);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    Flow& flow = flows[i];
    const auto dst = static_cast<std::uint32_t>(random() % kPods);
    flow.tuple = {pod_address(static_cast<std::uint32_t>(random() % kPods)), pod_address(dst),
                  40'000, 8080, kProtoTcp};
    flow.first_seen = flow.last_seen = kNow;
    if (i % 2 != 0) continue;
    // Every other one was sent to a service.
    flow.nat = true;
    flow.translated = flow.tuple;
    flow.tuple.dst = IpAddress::v4(0x0b000000U + dst % kServices);
    flow.tuple.dst_port = 80;
  }
  const FlowNamer namer(world.index, world.options);
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round)
    times.push_back(thread_seconds_of([&] { namer.name(std::span(flows)); }));
  const auto named = std::ranges::count_if(
      flows, [](const Flow& flow) { return flow.src_identity && flow.dst_identity; });
  if (named != static_cast<std::ptrdiff_t>(flows.size())) fmt::print("named: {}\n", named);
  return {"name a flow",
          "half of them to services",
          median(times) / static_cast<double>(flows.size()) * 1e9,
          "ns",
          "",
          ""};
}

std::vector<Row> changes(World& world) {
  // What a busy cluster tells of its pods: of four changes one is a status that
  // changes no name, one an end, one a new pod with that address, one labels.
  std::vector<KubeChange> told;
  std::uint32_t next = kPods;
  std::mt19937_64 random(3);
  for (int i = 0; i < 25'000; ++i) {
    auto& slot = world.pods[random() % kPods];
    const IpAddress address = slot->ips[0];
    auto status = std::make_shared<KubePod>(*slot);
    told.push_back({false, kNow, status});
    auto relabelled = std::make_shared<KubePod>(*status);
    relabelled->labels[5].second = "v2";
    told.push_back({false, kNow, relabelled});
    told.push_back({true, kNow, relabelled});
    auto pod = std::make_shared<KubePod>(*make_pod(next++, 0, false));
    pod->ips = {address};
    slot = pod;
    told.push_back({false, kNow, pod});
  }
  const double took = thread_seconds_of([&] {
    for (const KubeChange& change : told) world.index.apply(change);
  });
  const double each = took / static_cast<double>(told.size());
  const double share = each * 1000 * 100;
  return {{"apply a change", "of pods", each * 1e6, "µs", "", ""},
          {"CPU at 1,000 changes/s", "of pods", share, "%", "", "<= 10", share <= 10}};
}

std::vector<Row> views(World& world) {
  Nanos now = kNow;
  std::vector<Row> rows;
  const double first = thread_seconds_of([&] { static_cast<void>(world.index.view({}, now)); });
  rows.push_back({"view for readers", "the first", first * 1e3, "ms", "", ""});
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      auto pod = std::make_shared<KubePod>(*world.pods[i * 97 % kPods]);
      pod->labels[5].second = std::to_string(round);
      world.index.apply({false, kNow, pod});
    }
    now += 10 * kSecond;
    times.push_back(thread_seconds_of([&] { static_cast<void>(world.index.view({}, now)); }));
  }
  rows.push_back({"view for readers", "1,000 changes later", median(times) * 1e3, "ms", "", ""});
  return rows;
}

void run() {
  std::vector<Row> rows;
  {
    World world(false);
    rows.push_back(look_up(world, true));
    rows.push_back(look_up(world, false));
    for (Row& row : memory(world, false)) rows.push_back(std::move(row));
    rows.push_back(naming(world));
    for (Row& row : views(world)) rows.push_back(std::move(row));
    for (Row& row : changes(world)) rows.push_back(std::move(row));
  }
  const World world(true);
  for (Row& row : memory(world, true)) rows.push_back(std::move(row));
  report("Identity index, 100,000 addresses", rows);
}

}  // namespace
}  // namespace netprobe::bench

int main() { netprobe::bench::run(); }
