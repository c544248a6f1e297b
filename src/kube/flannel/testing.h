// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "kube/flannel/findings.h"
#include "kube/flannel/report.h"

/// For tests: a dual-stack cluster as lab/net.sh builds it, seen from node 1,
/// in which everything is right.
namespace netprobe::testing {

inline constexpr Nanos kNow = 1'700'000'000 * kSecond;
inline constexpr std::uint32_t kEth0 = 2;
inline constexpr std::uint32_t kFlannel = 5;    // flannel.1
inline constexpr std::uint32_t kFlannelV6 = 6;  // flannel-v6.1

inline IpAddress ip(const std::string& text) { return *IpAddress::parse(text); }
inline IpPrefix prefix(const std::string& text) { return *IpPrefix::parse(text); }
inline std::string name(int n) { return fmt::format("node{}", n); }
inline std::string node4(int n) { return fmt::format("10.88.{}.{}", n / 200, 10 + n % 200); }
inline std::string node6(int n) { return fmt::format("fd00:88::{:x}", 16 + n); }
inline std::string net4(int n) { return fmt::format("10.{}.{}.0", 100 + n / 250, n % 250); }
inline std::string net6(int n) { return fmt::format("fd10:244:{:x}::", n); }
inline std::string mac(int n, int family) {
  return fmt::format("4e:70:00:{:02x}:{:02x}:{:02x}", n / 256, n % 256, family);
}

inline KubeLabels annotations(int n, const std::string& backend = "vxlan") {
  const std::string at = "flannel.alpha.coreos.com/";
  const auto data = [&](int family) {
    return backend == "vxlan" ? fmt::format(R"({{"VNI":1,"VtepMAC":"{}"}})", mac(n, family))
                              : std::string("null");
  };
  return {{at + "backend-data", data(4)},    {at + "backend-type", backend},
          {at + "backend-v6-data", data(6)}, {at + "kube-subnet-manager", "true"},
          {at + "public-ip", node4(n)},      {at + "public-ipv6", node6(n)}};
}

inline std::shared_ptr<KubeNode> kube_node(int n, const std::string& backend = "vxlan") {
  auto node = std::make_shared<KubeNode>();
  node->meta.name = name(n);
  node->internal_ips = {ip(node4(n)), ip(node6(n))};
  node->pod_cidrs = {prefix(net4(n) + "/24"), prefix(net6(n) + "/64")};
  node->annotations = annotations(n, backend);
  return node;
}

struct Scene {
  std::vector<std::shared_ptr<KubeNode>> nodes;
  ForwardingState state;
  TunnelReport tunnels;

  [[nodiscard]] FlannelReport report(const std::string& own = "node1") const {
    const std::vector<KubeNodePtr> shared(nodes.begin(), nodes.end());
    return flannel_report(shared, own, state, tunnels, kNow);
  }
  /// "kind node" of each finding.
  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> result;
    for (const auto& finding : report().findings)
      result.push_back(fmt::format("{} {}", finding.kind, finding.node));
    return result;
  }
  /// The sentence of the only finding; all of them where there are more.
  [[nodiscard]] std::string only() const {
    std::string text;
    for (const auto& finding : report().findings)
      text += fmt::format("{}[{}] {}: {}", text.empty() ? "" : "\n", finding.node, finding.kind,
                          finding.what);
    return text;
  }
  Route& route(const std::string& to) {
    return *std::ranges::find(state.routes, prefix(to), &Route::destination);
  }
  Neighbour& neighbour(const std::string& address) {
    return *std::ranges::find(state.neighbours, ip(address), &Neighbour::address);
  }
  ForwardingEntry& entry(const std::string& of) {
    return *std::ranges::find(state.entries, *parse_mac(of), &ForwardingEntry::mac);
  }
  TunnelDevice& device(const std::string& of) {
    return *std::ranges::find(state.devices, of, &TunnelDevice::interface);
  }
  void set(int n, const std::string& key, const std::string& value) {
    for (auto& [at, text] : nodes[static_cast<std::size_t>(n - 1)]->annotations)
      if (at == "flannel.alpha.coreos.com/" + key) text = value;
  }
  void unset(int n, const std::string& key) {
    std::erase_if(nodes[static_cast<std::size_t>(n - 1)]->annotations,
                  [&](const auto& one) { return one.first == "flannel.alpha.coreos.com/" + key; });
  }
};

inline Route to(const std::string& destination, const std::string& gateway,
                const std::string& device, std::uint32_t ifindex) {
  return {.destination = prefix(destination),
          .gateway = gateway.empty() ? IpAddress{} : ip(gateway),
          .interface = device,
          .ifindex = ifindex};
}

/// Without routes to others.
inline Scene bare(int count, const std::string& backend) {
  Scene scene;
  for (int n = 1; n <= count; ++n) scene.nodes.push_back(kube_node(n, backend));
  scene.state.taken_at = kNow - kSecond;
  scene.state.routes = {
      to("0.0.0.0/0", "10.88.0.1", "eth0", kEth0), to("::/0", "fd00:88::1", "eth0", kEth0),
      to("10.88.0.0/16", "", "eth0", kEth0),       to("fd00:88::/64", "", "eth0", kEth0),
      to(net4(1) + "/24", "", "cni0", 9),          to(net6(1) + "/64", "", "cni0", 9)};
  return scene;
}

inline Scene vxlan_cluster(int count) {
  Scene scene = bare(count, "vxlan");
  const TunnelDevice v4{.interface = "flannel.1",
                        .ifindex = kFlannel,
                        .kind = "vxlan",
                        .vni = 1,
                        .port = 8472,
                        .local = ip(node4(1)),
                        .mac = *parse_mac(mac(1, 4)),
                        .up = true,
                        .mtu = 1450,
                        .underlay = "eth0",
                        .underlay_mtu = 1500,
                        .overhead = 50,
                        .addresses = {prefix(net4(1) + "/32")}};
  TunnelDevice v6 = v4;
  v6.interface = "flannel-v6.1";
  v6.ifindex = kFlannelV6;
  v6.local = ip(node6(1));
  v6.mac = *parse_mac(mac(1, 6));
  v6.mtu = 1430;
  v6.overhead = 70;
  scene.state.devices = {v4, v6};
  // Of the device's own address, and what every device has.
  scene.state.routes.push_back(to(net6(1) + "/128", "", "flannel-v6.1", kFlannelV6));
  scene.state.routes.push_back(to("fe80::/64", "", "flannel.1", kFlannel));
  for (int n = 2; n <= count; ++n) {
    auto& state = scene.state;
    state.routes.push_back(to(net4(n) + "/24", net4(n), "flannel.1", kFlannel));
    state.routes.push_back(to(net6(n) + "/64", net6(n), "flannel-v6.1", kFlannelV6));
    state.neighbours.push_back({ip(net4(n)), *parse_mac(mac(n, 4)), "flannel.1", kFlannel, true});
    state.neighbours.push_back(
        {ip(net6(n)), *parse_mac(mac(n, 6)), "flannel-v6.1", kFlannelV6, true});
    state.entries.push_back({*parse_mac(mac(n, 4)), ip(node4(n)), "flannel.1", kFlannel, true});
    state.entries.push_back(
        {*parse_mac(mac(n, 6)), ip(node6(n)), "flannel-v6.1", kFlannelV6, true});
  }
  return scene;
}

}  // namespace netprobe::testing
