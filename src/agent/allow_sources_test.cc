// SPDX-License-Identifier: Apache-2.0
#include "agent/allow_sources.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace netprobe {
namespace {

std::vector<std::string> texts(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> out;
  for (const IpAddress& each : addresses) out.push_back(each.to_string());
  return out;
}
using Texts = std::vector<std::string>;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

TEST(AllowSources, GatewaysOfDefaultRoutesAlone) {
  EXPECT_EQ(texts(gateways_v4(
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\n"
                "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
                "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
                "eth0\t0000000A\t0201A8C0\t0003\t0\t0\t100\t000000FF\t0\t0\t0\n"
                "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n")),
            Texts{"192.168.1.1"});
  EXPECT_EQ(texts(gateways_v6(
                "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
                "fd000000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n"
                "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
                "00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0\n"
                "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
                "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo\n")),
            Texts{"fd00::1"});
  for (const char* odd : {"", "\n\n", "x", "eth0 zz zz zz 0 0 0 zz", "00 00 00 00 00"}) {
    EXPECT_TRUE(gateways_v4(odd).empty()) << odd;
    EXPECT_TRUE(gateways_v6(odd).empty()) << odd;
  }
}

TEST(AllowSources, NameServersSshAndHosts) {
  EXPECT_EQ(texts(name_servers("# nameserver 9.9.9.9\nsearch a\nnameserver 10.96.0.10\n"
                               "nameserver\tfe80::1%eth0\nnameserver x\noptions ndots:5\n"
                               "nameserver 2001:db8::53")),
            (Texts{"10.96.0.10", "fe80::1", "2001:db8::53"}));
  EXPECT_EQ(ssh_client("198.51.100.9 51000 10.0.0.1 22"), ip("198.51.100.9"));
  EXPECT_EQ(ssh_client("fe80::9%eth0 51000 22"), ip("fe80::9"));
  EXPECT_TRUE(ssh_client("").is_unspecified());
  EXPECT_TRUE(ssh_client("nobody").is_unspecified());
  EXPECT_EQ(host_of("https://api.example:6443/x"), "api.example");
  EXPECT_EQ(host_of("https://[fd00::1]:6443"), "fd00::1");
  EXPECT_EQ(host_of("server:8082"), "server");
  EXPECT_EQ(host_of("fd00::1"), "fd00::1");
  EXPECT_EQ(host_of("https://user@10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(host_of(""), "");
}

TEST(AllowSources, ThisMachinesAddressesAreAmongThem) {
  const auto own = own_addresses();
  EXPECT_NE(std::ranges::find(own, ip("127.0.0.1")), own.end());
  const auto all = local_allowed();
  for (const IpAddress& each : own)
    EXPECT_TRUE(std::ranges::any_of(all, [&](const AllowedNetwork& a) {
      return a.network.contains(each);
    })) << each.to_string();
}

TEST(AllowSources, NodesApiServerAndDnsOfTheCluster) {
  KubeView kube;
  auto node = std::make_shared<KubeNode>();
  node->meta.name = "w-2";
  node->internal_ips = {ip("192.0.2.2"), ip("fd00::2")};
  node->external_ips = {ip("198.51.100.2")};
  kube.nodes.push_back(node);
  const auto add_service = [&](const char* space, const char* name, const char* address,
                               const char* backend, KubeLabels labels = {}) {
    auto service = std::make_shared<KubeService>();
    service->meta = {.name = name, .name_space = space};
    service->labels = std::move(labels);
    service->cluster_ips = {ip(address)};
    kube.services.push_back(service);
    auto slice = std::make_shared<KubeEndpointSlice>();
    slice->meta = {.name = std::string(name) + "-x", .name_space = space};
    slice->service = name;
    slice->endpoints = {{.addresses = {ip(backend)}}};
    kube.endpoint_slices.push_back(slice);
  };
  add_service("default", "kubernetes", "10.96.0.1", "192.0.2.10");
  add_service("kube-system", "kube-dns", "10.96.0.10", "10.244.0.3");
  add_service("kube-system", "rke2-dns", "10.96.0.11", "10.244.0.4", {{"k8s-app", "kube-dns"}});
  add_service("openshift-dns", "dns-default", "10.96.0.14", "10.244.0.7");
  add_service("openshift-dns", "other", "10.96.0.15", "10.244.0.8");
  // Anybody can call a service of their own like that.
  add_service("shop", "kube-dns", "10.96.0.12", "10.244.0.5", {{"k8s-app", "kube-dns"}});
  add_service("shop", "kubernetes", "10.96.0.13", "10.244.0.6");
  std::vector<std::string> have;
  for (const AllowedNetwork& each : cluster_allowed(kube))
    have.push_back(each.network.to_string() + " " + each.reason);
  std::ranges::sort(have);
  std::vector<std::string> wanted{"10.244.0.3/32 the cluster's DNS",
                                  "10.244.0.4/32 the cluster's DNS",
                                  "10.244.0.7/32 the cluster's DNS",
                                  "10.96.0.14/32 the cluster's DNS",
                                  "10.96.0.1/32 the Kubernetes API server",
                                  "10.96.0.10/32 the cluster's DNS",
                                  "10.96.0.11/32 the cluster's DNS",
                                  "192.0.2.10/32 the Kubernetes API server",
                                  "192.0.2.2/32 node w-2",
                                  "198.51.100.2/32 node w-2",
                                  "fd00::2/128 node w-2"};
  std::ranges::sort(wanted);
  EXPECT_EQ(have, wanted);
}

}  // namespace
}  // namespace netprobe
