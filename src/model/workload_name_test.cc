// SPDX-License-Identifier: Apache-2.0
#include "model/workload_name.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

Identity pod() {
  Identity identity;
  identity.name = "web-7d4b9-x2x";
  identity.name_space = "shop";
  identity.workload_kind = "Deployment";
  identity.workload = "web";
  return identity;
}

WorkloadName name(std::string name_space, std::string kind, std::string of) {
  return {std::move(name_space), std::move(kind), std::move(of)};
}

TEST(WorkloadName, OfAPodIsAsFineAsAsked) {
  EXPECT_EQ(workload_name(pod(), WorkloadBy::kWorkload), name("shop", "Deployment", "web"));
  EXPECT_EQ(workload_name(pod(), WorkloadBy::kPod), name("shop", "Pod", "web-7d4b9-x2x"));
  EXPECT_EQ(workload_name(pod(), WorkloadBy::kNamespace), name("shop", "Namespace", "shop"));
  Identity bare = pod();
  bare.workload_kind.clear();  // an empty kind is nobody's
  EXPECT_EQ(workload_name(bare, WorkloadBy::kWorkload), name("shop", "Pod", "web-7d4b9-x2x"));
  bare = pod();
  bare.workload.clear();
  EXPECT_EQ(workload_name(bare, WorkloadBy::kWorkload), name("shop", "Pod", "web-7d4b9-x2x"));
}

TEST(WorkloadName, OfWhatIsNoPod) {
  Identity other;
  other.kind = IdentityKind::kNode;
  other.name = "node-1";
  EXPECT_EQ(workload_name(other, WorkloadBy::kNamespace), name("", "Node", "node-1"));
  other.kind = IdentityKind::kExternal;
  other.name = "office";
  EXPECT_EQ(workload_name(other, WorkloadBy::kWorkload), name("", "External", "office"));
  other.kind = IdentityKind::kService;
  other.name_space = "shop";
  EXPECT_EQ(workload_name(other, WorkloadBy::kPod), name("shop", "Service", "office"));
  EXPECT_EQ(workload_name(other, WorkloadBy::kNamespace), name("shop", "Namespace", "shop"));
}

TEST(WorkloadName, OfNobody) {
  const auto end = [](std::string_view address, bool maybe, const std::string& node = "n1") {
    return unnamed_end(*IpAddress::parse(address), maybe, node);
  };
  EXPECT_EQ(end("203.0.113.1", false).name, name("", "External", "world"));
  EXPECT_TRUE(end("203.0.113.1", false).known);
  EXPECT_EQ(end("10.0.0.1", true).name, name("", "", ""));
  EXPECT_FALSE(end("10.0.0.1", true).known);
  EXPECT_EQ(end("127.0.0.1", true).name, name("", "Node", "n1"));
  EXPECT_EQ(end("::1", false, "").name, name("", "", ""));
  EXPECT_TRUE(end("::1", true, "").known) << "nothing more can be learned";
  EXPECT_EQ(end("ff02::1", true).name, name("", "External", "multicast"));
  EXPECT_EQ(end("169.254.1.1", true).name, name("", "External", "link-local"));
}

TEST(WorkloadName, PrivateAddresses) {
  for (const auto* address : {"10.255.0.1", "172.16.0.1", "172.31.255.255", "192.168.9.9",
                              "100.64.0.1", "100.127.0.1", "fd00::1", "fc12::1"})
    EXPECT_TRUE(IpAddress::parse(address)->is_private()) << address;
  for (const auto* address : {"11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.63.0.1",
                              "100.128.0.1", "2001:db8::1", "fe80::1", "::"})
    EXPECT_FALSE(IpAddress::parse(address)->is_private()) << address;
}

}  // namespace
}  // namespace netprobe
