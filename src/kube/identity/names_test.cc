// SPDX-License-Identifier: Apache-2.0
// What pods and nodes are called.
#include <gtest/gtest.h>

#include "kube/identity/testing/cluster.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the made-up cluster

std::string workload(const Cluster& c, const std::string& ip = "10.1.0.5") {
  const auto holder = c.holder(ip, at(100));
  return holder ? holder->workload_kind + "/" + holder->workload : "-";
}

TEST(Names, TheWorkloadIsTheTopOfTheOwners) {
  Cluster c;
  c.tell(controller("ReplicaSet", "web-abc", "Deployment", "web"), at(1));
  c.tell(PodMaker("web-abc-1", "10.1.0.5").owner("ReplicaSet", "web-abc").taken(at(2)), at(3));
  EXPECT_EQ(workload(c), "Deployment/web");
  c.tell(controller("Job", "nightly-1", "CronJob", "nightly"), at(1));
  c.tell(PodMaker("nightly-1-x", "10.1.0.6").owner("Job", "nightly-1").taken(at(2)), at(3));
  EXPECT_EQ(workload(c, "10.1.0.6"), "CronJob/nightly");
  c.tell(controller("Job", "once"), at(1));
  c.tell(PodMaker("once-x", "10.1.0.7").owner("Job", "once").taken(at(2)), at(3));
  EXPECT_EQ(workload(c, "10.1.0.7"), "Job/once");
  c.tell(PodMaker("ds-x", "10.1.0.8").owner("DaemonSet", "ds").taken(at(2)), at(3));
  EXPECT_EQ(workload(c, "10.1.0.8"), "DaemonSet/ds");
  c.tell(PodMaker("alone", "10.1.0.9").taken(at(2)), at(3));
  EXPECT_EQ(workload(c, "10.1.0.9"), "Pod/alone");
}

TEST(Names, AnOwnerThatIsLearnedLateHoldsForTheTimeBefore) {
  Cluster c;
  c.tell(PodMaker("web-abc-1", "10.1.0.5")
             .owner("ReplicaSet", "web-abc")
             .label("pod-template-hash", "abc")
             .taken(at(2)),
         at(3));
  EXPECT_EQ(workload(c), "Deployment/web") << "by its name";
  c.tell(controller("ReplicaSet", "web-abc", "Rollout", "web-r"), at(300));
  EXPECT_EQ(workload(c), "Rollout/web-r") << "by its object";
  c.tell(PodMaker("job-x", "10.1.0.6").owner("Job", "nightly-1").taken(at(2)), at(3));
  EXPECT_EQ(workload(c, "10.1.0.6"), "Job/nightly-1");
  c.tell(controller("Job", "nightly-1", "CronJob", "nightly"), at(300));
  EXPECT_EQ(workload(c, "10.1.0.6"), "CronJob/nightly");
}

TEST(Names, AnOwnerThatIsGoneFirstLeavesTheName) {
  Cluster c;
  c.tell(controller("ReplicaSet", "web-abc", "Rollout", "web-r"), at(1));
  const auto pod = PodMaker("web-abc-1", "10.1.0.5").owner("ReplicaSet", "web-abc").taken(at(2));
  c.tell(pod, at(3));
  c.tell(controller("ReplicaSet", "web-abc", "Rollout", "web-r"), at(50), true);
  c.tell(PodMaker(pod).label("new", "label"), at(60));
  EXPECT_EQ(workload(c), "Rollout/web-r");
}

TEST(Names, AReplicaSetThatIsAdoptedRenamesItsPods) {
  Cluster c;
  c.tell(controller("ReplicaSet", "web-abc"), at(1));
  c.tell(PodMaker("web-abc-1", "10.1.0.5").owner("ReplicaSet", "web-abc").taken(at(2)), at(3));
  EXPECT_EQ(workload(c), "ReplicaSet/web-abc");
  c.tell(controller("ReplicaSet", "web-abc", "Deployment", "web"), at(5));
  EXPECT_EQ(workload(c), "Deployment/web");
}

TEST(Names, AnotherOwnerRenamesTheKnownAndTheWaiting) {
  Cluster c;
  c.tell(controller("ReplicaSet", "web-abc", "Deployment", "web"), at(1));
  c.tell(PodMaker("web-abc-1", "10.1.0.5").owner("ReplicaSet", "web-abc").taken(at(2)), at(3));
  // Its owner is one of those that have an object, which has not come.
  c.tell(controller("ReplicaSet", "web-abc", "Job", "odd"), at(4));
  c.tell(PodMaker("web-abc-2", "10.1.0.6").owner("ReplicaSet", "web-abc").taken(at(5)), at(6));
  EXPECT_EQ(workload(c, "10.1.0.6"), "Job/odd");
  c.tell(controller("ReplicaSet", "web-abc", "Rollout", "web-r"), at(7));
  EXPECT_EQ(workload(c), "Rollout/web-r");
  EXPECT_EQ(workload(c, "10.1.0.6"), "Rollout/web-r");
}

TEST(Names, OwnersInARingEnd) {
  Cluster c;
  c.tell(controller("ReplicaSet", "a", "ReplicaSet", "b"), at(1));
  c.tell(controller("ReplicaSet", "b", "ReplicaSet", "a"), at(1));
  c.tell(PodMaker("p", "10.1.0.5").owner("ReplicaSet", "a").taken(at(2)), at(3));
  EXPECT_EQ(workload(c), "ReplicaSet/a");
}

TEST(Names, AStaticPodIsItselfWithoutItsNode) {
  Cluster c;
  c.tell(PodMaker("etcd-node-a", "10.1.0.5").owner("Node", "node-a").taken(at(2)), at(3));
  EXPECT_EQ(workload(c), "Pod/etcd");
  EXPECT_EQ(c.who("10.1.0.5", at(3)), "etcd-node-a");
}

TEST(Names, OtherLabelsAreAnotherNameFromThenOn) {
  Cluster c;
  const auto pod = PodMaker("web", "10.1.0.5").taken(at(2));
  c.tell(PodMaker(pod).label("color", "blue"), at(3));
  c.tell(PodMaker(pod).label("color", "green"), at(50));
  EXPECT_EQ(c.holder("10.1.0.5", at(49))->labels[0].second, "blue");
  EXPECT_EQ(c.holder("10.1.0.5", at(50))->labels[0].second, "green");
  // What comes late of other things holds for both.
  c.tell(node("node-a", "192.0.2.1", {{"topology.kubernetes.io/zone", "z1"}}), at(60));
  EXPECT_EQ(c.holder("10.1.0.5", at(49))->zone, "z1");
  EXPECT_EQ(c.holder("10.1.0.5", at(49))->labels[0].second, "blue");
  for (int i = 0; i < 50; ++i) c.tell(PodMaker(pod).label("color", std::to_string(i)), at(100 + i));
  EXPECT_EQ(c.holder("10.1.0.5", at(200))->labels[0].second, "49");
  EXPECT_EQ(c.holder("10.1.0.5", at(148.5))->labels[0].second, "48");
  EXPECT_EQ(c.who("10.1.0.5", at(20)), "web");
}

TEST(Names, PodsOfOneWorkloadShareTheirLabels) {
  Cluster c;
  c.tell(PodMaker("a", "10.1.0.5").label("app", "web").taken(at(2)), at(3));
  c.tell(PodMaker("b", "10.1.0.6").label("app", "web").taken(at(2)), at(3));
  EXPECT_EQ(&c.holder("10.1.0.5", at(4))->labels.get(), &c.holder("10.1.0.6", at(4))->labels.get());
}

TEST(Names, ZoneAndPoolComeFromTheNodeWheneverItComes) {
  Cluster c;
  c.tell(PodMaker("web", "10.1.0.5").taken(at(2)), at(3));
  EXPECT_EQ(c.holder("10.1.0.5", at(4))->zone, "");
  c.tell(node("node-a", "192.0.2.1",
              {{"eks.amazonaws.com/nodegroup", "big"}, {"topology.kubernetes.io/zone", "z1"}}),
         at(10));
  EXPECT_EQ(c.holder("10.1.0.5", at(4))->zone, "z1");
  EXPECT_EQ(c.holder("10.1.0.5", at(4))->node_pool, "big");
  EXPECT_EQ(c.holder("192.0.2.1", at(4))->node_pool, "big");
  c.tell(node("node-a", "192.0.2.1", {{"karpenter.sh/nodepool", "p2"}}), at(20));
  EXPECT_EQ(c.holder("10.1.0.5", at(21))->zone, "");
  EXPECT_EQ(c.holder("10.1.0.5", at(21))->node_pool, "p2");
}

TEST(Names, ZonesAndPoolsOfProviders) {
  EXPECT_EQ(zone_of({{"failure-domain.beta.kubernetes.io/zone", "old"}}), "old");
  EXPECT_EQ(node_pool_of({{"cloud.google.com/gke-nodepool", "g"}}), "g");
  EXPECT_EQ(node_pool_of({{"kubernetes.azure.com/agentpool", "a"}}), "a");
  EXPECT_EQ(node_pool_of({{"kubernetes.io/hostname", "n"}}), "");
}

TEST(Names, ANodeHasItsAddressesFromEverAndBeforeAnyPod) {
  Cluster c;
  c.tell(PodMaker("thief", "192.0.2.1").taken(at(50)).runs(at(51)), at(52));
  KubeNode n = node("node-a", "192.0.2.1");
  n.external_ips = {address("203.0.113.7"), address("2001:db8::7")};
  c.tell(n, at(100));
  EXPECT_EQ(c.who("192.0.2.1", at(-100)), "node-a");
  EXPECT_EQ(c.who("192.0.2.1", at(200)), "node-a") << "no pod can have a node's";
  EXPECT_EQ(c.who("2001:db8::7", at(200)), "node-a");
  EXPECT_EQ(c.holder("203.0.113.7", at(200))->workload_kind, "Node");
}

TEST(Names, ANodesAddressMayBecomeAnothers) {
  Cluster c({.node_name = "node-a", .keep_past = 600 * kSecond});
  c.tell(node("node-b", "192.0.2.2"), at(1));
  c.tell(node("node-b", "192.0.2.2"), at(100), true);
  KubeNode next = node("node-c", "192.0.2.2");
  next.meta.created = at(103);
  c.tell(next, at(108));
  EXPECT_EQ(c.who("192.0.2.2", at(50)), "node-b");
  EXPECT_EQ(c.who("192.0.2.2", at(104)), "node-c");
  KubeNode moved = node("node-c", "192.0.2.3");
  moved.meta.created = at(103);
  c.tell(moved, at(200));
  EXPECT_EQ(c.who("192.0.2.2", at(150)), "node-c");
  EXPECT_EQ(c.who("192.0.2.2", at(201)), "-");
  EXPECT_EQ(c.who("192.0.2.3", at(201)), "node-c");
  c.index->tick(at(701));
  EXPECT_EQ(c.who("192.0.2.2", at(50)), "node-c") << "node-b is forgotten";
  EXPECT_EQ(c.who("192.0.2.2", at(150)), "node-c");
}

TEST(Names, FlannelsDevicesAreTheNodes) {
  Cluster c;
  KubeNode n = node("node-a", "192.0.2.1");
  n.pod_cidrs = {*IpPrefix::parse("10.1.0.0/24"), *IpPrefix::parse("fd00:1::/64")};
  c.tell(n, at(1));
  EXPECT_EQ(c.who("10.1.0.1", at(2)), "-") << "another plugin may give it to a pod";
  n.annotations = {{"flannel.alpha.coreos.com/backend-type", "vxlan"}};
  c.tell(n, at(3));
  for (const auto* ip : {"10.1.0.0", "10.1.0.1", "fd00:1::", "fd00:1::1"})
    EXPECT_EQ(c.who(ip, at(4)), "node-a") << ip;
  EXPECT_EQ(c.who("10.1.0.2", at(4)), "-");
  c.tell(PodMaker("odd", "10.1.0.1").taken(at(5)), at(6));
  EXPECT_EQ(c.who("10.1.0.1", at(7)), "odd") << "who says so has it";
  EXPECT_EQ(c.who("10.1.0.1", at(4)), "node-a");
  EXPECT_EQ(c.index->stats().conflicts, 0U);
}

TEST(Names, PodsOfTheHostDoNotClaimItsAddress) {
  Cluster c;
  c.tell(node("node-a", "192.0.2.1"), at(1));
  c.tell(PodMaker("proxy", "192.0.2.1").on_host().taken(at(2)).runs(at(3)), at(4));
  EXPECT_EQ(c.who("192.0.2.1", at(5)), "node-a");
  EXPECT_EQ((*c.index->by_container("id-proxy"))->name, "proxy");
  EXPECT_EQ(c.index->by_container("id-other"), nullptr);
  EXPECT_EQ(c.index->by_container(""), nullptr);
}

TEST(Names, AContainerOfBeforeIsStillThePods) {
  Cluster c({.node_name = "node-a", .keep_past = 60 * kSecond});
  const auto pod = PodMaker("proxy", "192.0.2.1").on_host().taken(at(2));
  for (int i = 0; i < 100; ++i)
    c.tell(PodMaker(pod).runs(at(3 + i), "run" + std::to_string(i)), at(4 + i));
  EXPECT_NE(c.index->by_container("run99"), nullptr);
  EXPECT_NE(c.index->by_container("run70"), nullptr);
  EXPECT_EQ(c.index->by_container("run0"), nullptr) << "so many are not remembered";
  c.tell_gone(pod, at(200));
  EXPECT_NE(c.index->by_container("run99"), nullptr);
  c.index->tick(at(300));
  EXPECT_EQ(c.index->by_container("run99"), nullptr);
}

}  // namespace
}  // namespace netprobe
