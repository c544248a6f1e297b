// SPDX-License-Identifier: Apache-2.0
#include "server/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netprobe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FakePeer final : public AgentPeer {
 public:
  explicit FakePeer(std::string address) {
    AgentState state;
    state.address = std::move(address);
    state_ = std::make_shared<const AgentState>(std::move(state));
  }
  [[nodiscard]] AgentStatePtr state() const override { return state_; }
  void query(QueryRequest, Nanos, QueryDone) override {}
  void page(std::string, std::string, Nanos, PageDone) override {}
  void sums(Nanos, SumsDone) override {}
  void live(LiveRequest, LiveHandler) override {}

 private:
  AgentStatePtr state_;
};

class DiscoveryTest : public testing::Test {
 protected:
  Discovery make(DiscoveryOptions options) {
    return {std::move(options), [this](const std::string& address) -> AgentPeerPtr {
              ++made_;
              return std::make_shared<FakePeer>(address);
            }};
  }
  static std::vector<std::string> addresses(const Discovery& discovery) {
    std::vector<std::string> all;
    for (const AgentPeerPtr& peer : discovery.agents()) all.push_back(peer->state()->address);
    return all;
  }
  static KubeChange slice(const std::string& name, const std::string& service,
                          const std::vector<std::string>& ips, bool deleted = false) {
    auto object = std::make_shared<KubeEndpointSlice>();
    object->meta = {.name = name, .name_space = "default"};
    object->service = service;
    for (const std::string& ip : ips)
      object->endpoints.push_back({.addresses = {*IpAddress::parse(ip)}, .ready = false});
    return {.deleted = deleted, .object = KubeEndpointSlicePtr(std::move(object))};
  }
  /// As a slice of a real service: whose pod it is and where.
  static KubeChange pods_slice(const std::string& name, const std::string& family_prefix,
                               const std::vector<std::string>& nodes) {
    auto object = std::make_shared<KubeEndpointSlice>();
    object->meta = {.name = name, .name_space = "default"};
    object->service = "agents";
    for (const std::string& node : nodes)
      object->endpoints.push_back({.addresses = {*IpAddress::parse(family_prefix + node.back())},
                                   .ready = true,
                                   .node = node,
                                   .pod = "agent-" + node,
                                   .pod_name_space = "default"});
    return {.object = KubeEndpointSlicePtr(std::move(object))};
  }
  static KubeChange node(const std::string& name, bool deleted = false,
                         const std::vector<std::string>& ips = {}) {
    auto object = std::make_shared<KubeNode>();
    object->meta.name = name;
    for (const std::string& ip : ips) object->internal_ips.push_back(*IpAddress::parse(ip));
    return {.deleted = deleted, .object = KubeNodePtr(std::move(object))};
  }
  int made_ = 0;
};

TEST_F(DiscoveryTest, AListIsTakenAsItIsAndEachAgentOnce) {
  const auto discovery =
      make({.agents = {"node1", "node2:9", "fd00::1", "[fd00::2]:7", "node1:8082"}});
  EXPECT_THAT(addresses(discovery),
              ElementsAre("[fd00::1]:8082", "[fd00::2]:7", "node1:8082", "node2:9"));
}

TEST_F(DiscoveryTest, EndpointsOfTheServiceComeAndGo) {
  auto discovery = make({.service = "default/agents"});
  discovery.on_change(slice("a", "agents", {"10.0.0.1", "10.0.0.2"}));
  discovery.on_change(slice("b", "agents", {"fd00::1"}));
  discovery.on_change(slice("c", "others", {"10.9.9.9"}));
  EXPECT_THAT(addresses(discovery),
              ElementsAre("10.0.0.1:8082", "10.0.0.2:8082", "[fd00::1]:8082"));
  // Who stays is the same peer as before.
  const auto before = discovery.agents();
  discovery.on_change(slice("a", "agents", {"10.0.0.1", "10.0.0.3"}));
  EXPECT_THAT(addresses(discovery),
              ElementsAre("10.0.0.1:8082", "10.0.0.3:8082", "[fd00::1]:8082"));
  EXPECT_EQ(discovery.agents().front(), before.front());
  EXPECT_EQ(made_, 4);
  discovery.on_change(slice("a", "agents", {}, true));
  EXPECT_THAT(addresses(discovery), ElementsAre("[fd00::1]:8082"));
}

TEST_F(DiscoveryTest, AnEndpointInTwoSlicesStaysUntilBothAreGone) {
  auto discovery = make({.service = "default/agents"});
  discovery.on_change(slice("a", "agents", {"10.0.0.1"}));
  discovery.on_change(slice("b", "agents", {"10.0.0.1"}));
  discovery.on_change(slice("a", "agents", {}, true));
  EXPECT_THAT(addresses(discovery), ElementsAre("10.0.0.1:8082"));
  discovery.on_change(slice("b", "agents", {}));
  EXPECT_THAT(addresses(discovery), IsEmpty());
}

TEST_F(DiscoveryTest, NodesAreKnownWhereverAgentsComeFrom) {
  auto discovery = make({.agents = {"node1"}});
  discovery.on_change(node("node2"));
  discovery.on_change(node("node1"));
  discovery.on_change(slice("a", "agents", {"10.0.0.1"}));
  EXPECT_THAT(discovery.nodes(), ElementsAre("node1", "node2"));
  EXPECT_THAT(addresses(discovery), ElementsAre("node1:8082"));
  discovery.on_change(node("node1", true));
  EXPECT_THAT(discovery.nodes(), ElementsAre("node2"));
}

TEST_F(DiscoveryTest, AServiceOfTwoFamiliesHasEachAgentOnce) {
  auto discovery = make({.service = "default/agents"});
  discovery.on_change(pods_slice("v6", "fd00::", {"node1", "node2", "node3"}));
  EXPECT_THAT(addresses(discovery),
              ElementsAre("[fd00::1]:8082", "[fd00::2]:8082", "[fd00::3]:8082"));
  discovery.on_change(pods_slice("v4", "10.0.0.", {"node1", "node2"}));
  EXPECT_THAT(addresses(discovery),
              ElementsAre("10.0.0.1:8082", "10.0.0.2:8082", "[fd00::3]:8082"));
  discovery.on_change(slice("v4", "agents", {}, true));
  EXPECT_THAT(addresses(discovery),
              ElementsAre("[fd00::1]:8082", "[fd00::2]:8082", "[fd00::3]:8082"));
}

TEST_F(DiscoveryTest, TheNodeOfAnAddressIsKnownBeforeItsAgentIsReached) {
  auto of_service = make({.service = "default/agents"});
  of_service.on_change(pods_slice("v4", "10.0.0.", {"node1"}));
  EXPECT_EQ(of_service.node_at("10.0.0.1:8082"), "node1");
  EXPECT_EQ(of_service.node_at("10.0.0.2:8082"), "");

  auto of_list = make({.agents = {"10.0.0.1", "fd00::1", "node2"}});
  of_list.on_change(node("node1", false, {"10.0.0.1", "fd00::1"}));
  of_list.on_change(node("node2", false, {"10.0.0.2"}));
  EXPECT_EQ(of_list.node_at("10.0.0.1:8082"), "node1");
  EXPECT_EQ(of_list.node_at("[fd00::1]:8082"), "node1");
  EXPECT_EQ(of_list.node_at("node2:8082"), "node2");
  EXPECT_EQ(of_list.node_at("node3:8082"), "");
}

}  // namespace
}  // namespace netprobe
