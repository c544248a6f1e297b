// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/declared.h"

#include <gtest/gtest.h>

#include "kube/flannel/testing.h"

namespace netprobe {
namespace {

using namespace testing;

FlannelNode declared(const std::shared_ptr<KubeNode>& node) {
  const std::vector<KubeNodePtr> nodes{node};
  const auto all = declared_flannel(nodes);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? FlannelNode{} : all.front();
}

/// The error of a node with this one annotation changed.
std::string error_with(const std::string& key, const std::string& value) {
  Scene scene;
  scene.nodes = {kube_node(1)};
  scene.set(1, key, value);
  return declared(scene.nodes[0]).error;
}

TEST(DeclaredFlannel, ReadsBothFamilies) {
  auto node = kube_node(2);
  node->annotations[0].second = R"({"VtepMAC":"4E:70:00:01:04:0F","VNI":7,"Else":{}})";
  const auto is = declared(node);
  EXPECT_EQ(is.node, "node2");
  EXPECT_EQ(is.backend_type, "vxlan");
  EXPECT_EQ(is.vni, 7U);
  EXPECT_EQ(is.vtep_mac, "4e:70:00:01:04:0f");
  EXPECT_EQ(is.public_ip.to_string(), node4(2));
  EXPECT_EQ(is.vni_v6, 1U);
  EXPECT_EQ(is.vtep_mac_v6, mac(2, 6));
  EXPECT_EQ(is.public_ipv6.to_string(), node6(2));
  EXPECT_EQ(is.internal_ip.to_string(), node4(2));
  EXPECT_EQ(is.pod_cidrs.size(), 2U);
  EXPECT_TRUE(is.managed);
  EXPECT_EQ(is.error, "");
}

TEST(DeclaredFlannel, NodesWithoutAnnotationsAreNone) {
  auto node = kube_node(1);
  node->annotations = {{"other/public-ip", "10.0.0.1"}};
  const std::vector<KubeNodePtr> nodes{node, nullptr};
  EXPECT_TRUE(declared_flannel(nodes).empty());
}

TEST(DeclaredFlannel, OtherBackendsHaveOtherDataOrNone) {
  EXPECT_EQ(declared(kube_node(1, "host-gw")).error, "");
  auto node = kube_node(1, "wireguard");
  node->annotations[0].second = R"({"PublicKey":"TlbE2Yxo="})";
  EXPECT_EQ(declared(node).error, "");
  node->annotations[0].second = "";
  EXPECT_EQ(declared(node).error, "");
}

TEST(DeclaredFlannel, SaysWhatCannotBeRead) {
  EXPECT_EQ(error_with("backend-data", "{"), "backend-data is not JSON: '{'");
  EXPECT_EQ(error_with("backend-data", "[1]"), "backend-data is not an object: '[1]'");
  EXPECT_EQ(error_with("backend-v6-data", R"({"VNI":16777216})"),
            R"(VNI in backend-v6-data is not a number from 0 to 16777215: '{"VNI":16777216}')");
  EXPECT_NE(error_with("backend-v6-data", R"({"VNI":"1"})"), "");
  EXPECT_NE(error_with("backend-data", R"({"VNI":1,"VtepMAC":"4e:70:00:01:04"})"), "");
  EXPECT_NE(error_with("backend-data", R"({"VNI":1,"VtepMAC":"4e:70:00:01:04:zz"})"), "");
  EXPECT_NE(error_with("backend-data", R"({"VNI":1,"VtepMAC":5})"), "");
  EXPECT_EQ(error_with("public-ip", "fd00::1"), "public-ip is not an IPv4 address: 'fd00::1'");
  EXPECT_EQ(error_with("public-ipv6", "10.0.0.1"),
            "public-ipv6 is not an IPv6 address: '10.0.0.1'");
  EXPECT_EQ(error_with("public-ip", ""), "");
  EXPECT_NE(error_with("backend-type", ""), "");
}

TEST(DeclaredFlannel, IsNotHurtByWhatIsMuchTooLong) {
  EXPECT_EQ(error_with("backend-data", std::string(1 << 20, '[')),
            "backend-data is 1048576 bytes long: at most 4096 are read");
  EXPECT_LT(error_with("backend-type", std::string(4000, 'x')).size(), 200U);
  EXPECT_LT(error_with("public-ip", std::string(4000, '1')).size(), 200U);
  EXPECT_LT(error_with("backend-data", std::string(4000, '[')).size(), 200U);
}

}  // namespace
}  // namespace netprobe
