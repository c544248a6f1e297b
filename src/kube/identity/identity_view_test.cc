// SPDX-License-Identifier: Apache-2.0
// The cluster as readers get it.
#include <gtest/gtest.h>

#include <random>

#include "kube/identity/testing/cluster.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the made-up cluster

std::vector<std::string> names_of(const std::vector<KubePodPtr>& pods) {
  std::vector<std::string> names;
  for (const auto& pod : pods) names.push_back(pod->meta.name);
  return names;
}

TEST(IdentityView, HasEverythingSorted) {
  Cluster c;
  c.tell(node("node-b", "192.0.2.2"), at(1));
  c.tell(node("node-a", "192.0.2.1"), at(1));
  c.tell(PodMaker("z", "10.1.0.9").taken(at(1)), at(2));
  c.tell(PodMaker("a", "10.1.0.7").taken(at(1)), at(2));
  c.tell(service("web", "10.96.0.10", 80), at(3));
  c.tell(slice("web", {{"a", "10.1.0.7"}}, 80), at(3));
  KubeNamespace name_space;
  name_space.meta.name = "shop";
  c.tell(name_space, at(3));
  KubeNetworkPolicy policy;
  policy.meta.name = "deny";
  policy.meta.name_space = "shop";
  c.tell(policy, at(4));
  KubeStatus status;
  status.state = KubeState::kSynced;
  const auto view = c.index->view(status, at(5));
  EXPECT_EQ(view->status.state, KubeState::kSynced);
  EXPECT_EQ(view->updated, at(4));
  EXPECT_EQ(names_of(view->pods), (std::vector<std::string>{"a", "z"}));
  EXPECT_EQ(view->nodes[0]->meta.name, "node-a");
  EXPECT_EQ(view->namespaces.size(), 1U);
  EXPECT_EQ(view->services.size(), 1U);
  EXPECT_EQ(view->endpoint_slices.size(), 1U);
  EXPECT_EQ(view->network_policies.size(), 1U);
  ASSERT_EQ(view->claims.size(), 4U);
  EXPECT_EQ(view->claims[0].address, address("10.1.0.7"));
  EXPECT_EQ(view->claims[0].from, at(1));
  EXPECT_EQ(view->claims[0].until, 0);
  EXPECT_EQ(view->claims[2].identity->name, "node-a");
  ASSERT_EQ(view->service_addresses.size(), 1U);
  EXPECT_EQ(view->service_addresses[0].identity->name, "web");
  EXPECT_EQ(view->stats.addresses, 4U);
  EXPECT_GT(view->stats.bytes, 0U);
  c.tell(name_space, at(6), true);
  c.tell(policy, at(6), true);
  c.tell(node("node-b", "192.0.2.2"), at(6), true);
  const auto later = c.index->view(status, at(7));
  EXPECT_TRUE(later->namespaces.empty());
  EXPECT_TRUE(later->network_policies.empty());
  EXPECT_EQ(later->nodes.size(), 1U);
}

TEST(IdentityView, IsSharedUntilSomethingChanges) {
  Cluster c;
  c.tell(PodMaker("a", "10.1.0.7").taken(at(1)), at(2));
  KubeStatus status;
  const auto first = c.index->view(status, at(5));
  EXPECT_EQ(c.index->view(status, at(5)), first);
  status.state = KubeState::kRetrying;
  const auto second = c.index->view(status, at(5));
  EXPECT_NE(second, first);
  EXPECT_EQ(second->generation, first->generation);
  c.tell(PodMaker("b", "10.1.0.8").taken(at(6)), at(6));
  const auto third = c.index->view(status, at(6));
  EXPECT_GT(third->generation, second->generation);
  EXPECT_EQ(third->pods.size(), 2U);
  EXPECT_EQ(first->pods.size(), 1U) << "a view is of its moment";
}

TEST(IdentityView, HasThePastOfPods) {
  Cluster c;
  const auto a = PodMaker("a", "10.1.0.7").taken(at(1)).runs(at(1));
  c.tell(a, at(2));
  c.tell_gone(PodMaker(a).ended(at(9)), at(10));
  c.tell(PodMaker("b", "10.1.0.7").taken(at(12)).runs(at(12)), at(13));
  const auto view = c.index->view({}, at(20));
  EXPECT_EQ(names_of(view->pods), (std::vector<std::string>{"b"}));
  ASSERT_EQ(view->claims.size(), 2U);
  EXPECT_EQ(view->claims[0].identity->name, "a");
  EXPECT_EQ(view->claims[0].until, at(10));
  EXPECT_EQ(view->claims[1].identity->name, "b");
}

TEST(IdentityView, MadeFromTheOneBeforeItIsAsIfMadeAnew) {
  std::mt19937_64 random(4);
  Cluster stepwise;
  std::vector<KubeChange> told;
  for (int step = 0; step < 300; ++step) {
    const std::string name = "p" + std::to_string(random() % 40);
    const Nanos now = at(step);
    auto pod = PodMaker(name, "10.1.0." + std::to_string(1 + random() % 30)).taken(now).runs(now);
    if (random() % 3 == 0) pod.label("step", std::to_string(step));
    told.push_back({random() % 4 == 0, now, std::make_shared<const KubePod>(pod.pod)});
    stepwise.index->apply(told.back());
    if (random() % 3 != 0) continue;
    const auto view = stepwise.index->view({}, now);
    Cluster fresh;
    for (const auto& change : told) fresh.index->apply(change);
    const auto expected = fresh.index->view({}, now);
    ASSERT_EQ(view->pods, expected->pods) << step;
    ASSERT_EQ(view->claims.size(), expected->claims.size()) << step;
    for (std::size_t i = 0; i < view->claims.size(); ++i) {
      EXPECT_EQ(view->claims[i].address, expected->claims[i].address);
      EXPECT_EQ(view->claims[i].identity->name, expected->claims[i].identity->name);
      EXPECT_EQ(view->claims[i].identity->labels, expected->claims[i].identity->labels);
      EXPECT_EQ(view->claims[i].from, expected->claims[i].from);
      EXPECT_EQ(view->claims[i].until, expected->claims[i].until);
    }
  }
}

TEST(IdentityView, OfALargeClusterIsNotMadeForEveryChange) {
  Cluster c;
  for (int i = 0; i < 10'000; ++i) {
    const auto ip = IpAddress::v4(0x0a010000U + static_cast<std::uint32_t>(i)).to_string();
    c.tell(PodMaker("p" + std::to_string(i), ip).taken(at(1)), at(2));
  }
  const auto first = c.index->view({}, at(3));
  c.tell(PodMaker("more", "10.9.0.1").taken(at(3)), at(3));
  EXPECT_EQ(c.index->view({}, at(3.01)), first);
  EXPECT_EQ(c.index->view({}, at(3.2))->pods.size(), 10'001U);
}

}  // namespace
}  // namespace netprobe
