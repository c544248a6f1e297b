// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/cluster_networks.h"

#include <gtest/gtest.h>

#include "model/prefix_set.h"

namespace netprobe {
namespace {

using Texts = std::vector<std::string>;

Texts texts(const std::vector<IpPrefix>& prefixes) {
  Texts all;
  for (const IpPrefix& prefix : prefixes) all.push_back(prefix.to_string());
  return all;
}

KubeChange node(const std::string& name, const Texts& cidrs, const Texts& addresses,
                bool deleted = false) {
  auto made = std::make_shared<KubeNode>();
  made->meta.name = name;
  for (const auto& cidr : cidrs) made->pod_cidrs.push_back(*IpPrefix::parse(cidr));
  for (const auto& text : addresses) made->internal_ips.push_back(*IpAddress::parse(text));
  return {.deleted = deleted, .object = KubeNodePtr(made)};
}

KubeChange service(const std::string& name, const Texts& addresses, bool deleted = false) {
  auto made = std::make_shared<KubeService>();
  made->meta.name = name;
  made->meta.name_space = "default";
  for (const auto& text : addresses) made->cluster_ips.push_back(*IpAddress::parse(text));
  return {.deleted = deleted, .object = KubeServicePtr(made)};
}

TEST(ClusterNetworks, AreThoseOfNodesAndServices) {
  ClusterNetworks networks;
  EXPECT_FALSE(networks.take_changed());
  networks.apply(node("n1", {"10.244.1.0/24", "fd10:244:1::/64"}, {"10.88.0.11", "fd00::11"}));
  EXPECT_TRUE(networks.take_changed());
  EXPECT_FALSE(networks.take_changed());
  networks.apply(node("n2", {"10.244.2.0/24"}, {"198.51.100.7"}));
  EXPECT_EQ(texts(networks.prefixes()),
            (Texts{"10.88.0.11/32", "10.244.1.0/24", "10.244.2.0/24", "198.51.100.7/32",
                   "fd00::11/128", "fd10:244:1::/64"}));
  networks.apply(service("kubernetes", {"10.96.0.1", "fd10:96::1"}));
  networks.apply(service("dns", {"10.96.0.10", "fd10:96::a"}));
  networks.apply(service("web", {"10.103.7.9"}));
  networks.apply(service("headless", {}));
  EXPECT_TRUE(networks.take_changed());
  const auto all = texts(networks.prefixes());
  EXPECT_EQ(std::ranges::count(all, "10.96.0.0/13"), 1) << ::testing::PrintToString(all);
  EXPECT_EQ(std::ranges::count(all, "fd10:96::/124"), 1) << ::testing::PrintToString(all);
}

TEST(ClusterNetworks, FollowWhatChanges) {
  ClusterNetworks networks;
  networks.apply(node("n1", {"10.244.1.0/24"}, {"10.88.0.11"}));
  networks.apply(service("a", {"10.96.0.1"}));
  (void)networks.take_changed();
  networks.apply(node("n1", {"10.244.1.0/24"}, {"10.88.0.11"}));
  EXPECT_FALSE(networks.take_changed());
  networks.apply(node("n1", {"10.244.1.0/24"}, {"10.88.0.12"}));
  EXPECT_TRUE(networks.take_changed());
  EXPECT_EQ(texts(networks.prefixes()), (Texts{"10.88.0.12/32", "10.96.0.1/32", "10.244.1.0/24"}));
  networks.apply(node("n1", {}, {}, true));
  networks.apply(service("a", {"10.96.0.1"}, true));
  networks.apply(service("a", {"10.96.0.1"}, true));
  EXPECT_TRUE(networks.take_changed());
  EXPECT_TRUE(networks.prefixes().empty());
}

TEST(ClusterNetworks, ServicesFarApartAreNoNetwork) {
  ClusterNetworks networks;
  networks.apply(service("a", {"10.96.0.1"}));
  networks.apply(service("b", {"172.16.0.1"}));
  networks.apply(service("c", {"198.51.100.1"}));  // said to be one's own, and not private
  EXPECT_EQ(texts(networks.prefixes()),
            (Texts{"10.96.0.1/32", "172.16.0.1/32", "198.51.100.1/32"}));
}

TEST(PrefixSet, HasWhatOneOfThemHas) {
  const PrefixSet set({*IpPrefix::parse("10.1.2.0/24"), *IpPrefix::parse("10.1.0.0/16"),
                       *IpPrefix::parse("10.3.0.0/16"), *IpPrefix::parse("fd00::/8"),
                       *IpPrefix::parse("10.1.0.0/24")});
  EXPECT_EQ(texts(set.prefixes()), (Texts{"10.1.0.0/16", "10.3.0.0/16", "fd00::/8"}));
  for (const char* in : {"10.1.0.0", "10.1.2.3", "10.1.255.255", "10.3.0.9", "fd12::1"})
    EXPECT_TRUE(set.contains(*IpAddress::parse(in))) << in;
  for (const char* out : {"10.0.255.255", "10.2.0.0", "10.4.0.0", "::1", "fe00::", "0.0.0.0"})
    EXPECT_FALSE(set.contains(*IpAddress::parse(out))) << out;
  EXPECT_FALSE(PrefixSet().contains(*IpAddress::parse("10.1.0.0")));
}

}  // namespace
}  // namespace netprobe
