// SPDX-License-Identifier: Apache-2.0
// /api/flannel of a real agent without Kubernetes: what the node has.
#include <gtest/gtest.h>

#include "agent.h"

namespace netprobe::test {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

class Flannel : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto node = NetNamespace::create();
    ASSERT_TRUE(node) << node.error().message;
    node_ = std::make_unique<NetNamespace>(std::move(*node));
    auto made = add_veth(*node_, "eth0", *node_, "switch0");
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_TRUE(node_->add_address("eth0", "10.88.0.11/24"));
  }
  std::unique_ptr<NetNamespace> node_;
};

std::string state_of_probe(const Agent& agent) {
  const Json page = agent.json("/api/probes");
  for (const element probe : array(page["probes"]))
    if (text_of(probe, "name") == "forwarding") return text_of(probe, "state");
  return "none";
}

TEST_F(Flannel, ShowsTheDeviceOnceThereIsOne) {
  auto agent = Agent::start(*node_);
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_EQ(state_of_probe(*agent), "on");
  EXPECT_FALSE(bool(agent->json("/api/flannel")["used"]));
  ASSERT_TRUE(
      node_->ip({"link", "add", "flannel.1", "address", "4e:70:00:01:04:01", "mtu", "1500", "type",
                 "vxlan", "id", "1", "local", "10.88.0.11", "dstport", "8472", "nolearning"}));
  ASSERT_TRUE(node_->set_up("flannel.1"));
  EXPECT_TRUE(eventually([&] {
    const Json page = agent->json("/api/flannel");
    return bool(page["used"]) && array(page["findings"]).size() == 1;
  })) << agent->get("/api/flannel");
  const Json page = agent->json("/api/flannel");
  const element info = page["vxlan_info"];
  EXPECT_EQ(number_of(info, "vni"), 1U);
  EXPECT_EQ(number_of(info, "port"), 8472U);
  EXPECT_EQ(text_of(info, "interface"), "flannel.1");
  EXPECT_EQ(text_of(info, "vtep_mac"), "4e:70:00:01:04:01");
  const element finding = array(page["findings"]).at(0);
  EXPECT_EQ(text_of(finding, "kind"), "mtu_mismatch");
  EXPECT_EQ(array(page["nodes"]).size(), 0U);
  EXPECT_TRUE(bool(page["completeness"]["complete"])) << simdjson::minify(page.root());
}

TEST_F(Flannel, SaysThatNothingIsReadWhereTheProbeIsOff) {
  ASSERT_TRUE(node_->ip({"link", "add", "flannel.1", "type", "vxlan", "id", "1", "local",
                         "10.88.0.11", "dev", "eth0", "dstport", "8472"}));
  auto agent = Agent::start(*node_, {"--enable-forwarding=false"});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_EQ(state_of_probe(*agent), "off");
  const Json page = agent->json("/api/flannel");
  EXPECT_FALSE(bool(page["used"]));
  EXPECT_EQ(text_of(page.root(), "error"),
            "routes and neighbours have not been read: the forwarding probe is off");
}

}  // namespace
}  // namespace netprobe::test
