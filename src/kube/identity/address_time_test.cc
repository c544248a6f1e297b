// SPDX-License-Identifier: Apache-2.0
// Who had an address at a time, by what was told of it and whenever it was.
#include <gtest/gtest.h>

#include "kube/identity/testing/cluster.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the made-up cluster

TEST(AddressTime, APodHasItsAddressFromWhenItWasTaken) {
  Cluster c;
  c.tell(PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12)), at(17));
  EXPECT_EQ(c.who("10.1.0.5", at(9)), "-");
  EXPECT_EQ(c.who("10.1.0.5", at(10.5)), "web") << "told 7 seconds later";
  EXPECT_EQ(c.who("10.1.0.5", at(1000)), "web");
  EXPECT_EQ(c.who("10.1.0.6", at(12)), "-");
}

TEST(AddressTime, AFlowThatBeganBeforeIsTheFirstHoldersWhileItLasts) {
  Cluster c;
  c.tell(PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12)), at(13));
  EXPECT_EQ(c.who("10.1.0.5", at(5), at(9)), "-");
  EXPECT_EQ(c.who("10.1.0.5", at(5), at(10)), "web");
}

TEST(AddressTime, TwoFamiliesAreOnePods) {
  Cluster c;
  c.tell(PodMaker("web", "10.1.0.5").ip("fd00::5").taken(at(10)).runs(at(12)), at(13));
  EXPECT_EQ(c.who("10.1.0.5", at(13)), "web");
  EXPECT_EQ(c.who("fd00::5", at(13)), "web");
  EXPECT_EQ(c.index->stats().addresses, 2U);
}

/// One pod ends in second 20, the next has the address in second 21. All
/// orders of being told, early and five seconds late.
class Reuse : public ::testing::TestWithParam<bool> {
 protected:
  Nanos late() const { return GetParam() ? 5 * kSecond : kSecond / 10; }
  void expect_right(const Cluster& c, const std::string& ip = "10.1.0.5") const {
    EXPECT_EQ(c.who(ip, at(15)), "old");
    EXPECT_EQ(c.who(ip, at(19.9)), "old");
    EXPECT_EQ(c.who(ip, at(20.2)), "old") << "it ended at 20.3";
    EXPECT_EQ(c.who(ip, at(21.3)), "new");
    EXPECT_EQ(c.who(ip, at(40)), "new");
  }
  PodMaker old_pod = PodMaker("old", "10.1.0.5").taken(at(10)).runs(at(11));
  PodMaker new_pod = PodMaker("new", "10.1.0.5").taken(at(21.1)).runs(at(21.3));
};
INSTANTIATE_TEST_SUITE_P(Told, Reuse, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "late" : "soon"; });

TEST_P(Reuse, EndedThenAdded) {
  Cluster c;
  c.tell(old_pod, at(11.5));
  c.tell(PodMaker(old_pod).ended(at(20.3), "Succeeded"), at(20.4) + late());
  c.tell_gone(PodMaker(old_pod).ended(at(20.3), "Succeeded"), at(20.5) + late());
  c.tell(new_pod, at(21.4) + late());
  expect_right(c);
  EXPECT_EQ(c.index->stats().conflicts, 0U);
}

TEST_P(Reuse, AddedBeforeTheOtherIsToldAsGone) {
  Cluster c;
  c.tell(old_pod, at(11.5));
  c.tell(new_pod, at(21.4) + late());
  EXPECT_EQ(c.who("10.1.0.5", at(15)), "old");
  EXPECT_EQ(c.who("10.1.0.5", at(21.3)), "new");
  c.tell_gone(PodMaker(old_pod).ended(at(20.3)), at(22) + late());
  expect_right(c);
}

TEST_P(Reuse, GoneWithoutAWordOfItsContainers) {
  Cluster c;
  c.tell(old_pod, at(11.5));
  c.tell_gone(old_pod, at(20.5) + late());
  c.tell(new_pod, at(21.4) + late());
  expect_right(c);
}

TEST_P(Reuse, AddedWithoutContainersAndGoneWithoutEnd) {
  // Objects that no kubelet made have a start at best.
  Cluster c;
  new_pod.pod.containers.clear();
  old_pod.pod.containers.clear();
  c.tell(old_pod, at(11.5));
  c.tell(new_pod, at(21.4) + late());
  c.tell_gone(PodMaker(old_pod).deleting(at(20)), at(22) + late());
  expect_right(c);
}

TEST_P(Reuse, TheNextWasTakenWhileTheFirstStillRan) {
  Cluster c;
  new_pod.taken(at(12)).runs(at(21.3));  // it waited for an image
  c.tell(old_pod, at(11.5));
  c.tell(new_pod, at(21.4) + late());
  expect_right(c);
  c.tell_gone(PodMaker(old_pod).ended(at(20.3)), at(22) + late());
  expect_right(c);
}

TEST_P(Reuse, BothLearnedAtOnceInAnyOrder) {
  for (const bool backwards : {false, true}) {
    Cluster c;
    const auto old_over = PodMaker(old_pod).ended(at(20.3), "Failed");
    if (backwards) c.tell(new_pod, at(30));
    c.tell(old_over, at(30));
    if (!backwards) c.tell(new_pod, at(30));
    expect_right(c);
  }
}

TEST_P(Reuse, OfBothFamilies) {
  Cluster c;
  old_pod.ip("fd00::5");
  new_pod.ip("fd00::5");
  c.tell(old_pod, at(11.5));
  c.tell(new_pod, at(21.4) + late());
  c.tell_gone(PodMaker(old_pod).ended(at(20.3)), at(22) + late());
  expect_right(c, "10.1.0.5");
  expect_right(c, "fd00::5");
}

TEST(AddressTime, TheMomentOfTheNextOnesFirstContainerIsLearnedLater) {
  Cluster c;
  c.tell(PodMaker("old", "10.1.0.5").taken(at(10)).runs(at(11)), at(11.5));
  c.tell(PodMaker("new", "10.1.0.5").taken(at(15)), at(21.4));
  c.tell(PodMaker("new", "10.1.0.5").taken(at(15)).runs(at(21.3)), at(21.6));
  EXPECT_EQ(c.who("10.1.0.5", at(20.5)), "old");
  EXPECT_EQ(c.who("10.1.0.5", at(21.5)), "new");
}

TEST(AddressTime, ThePodsNetworkBeingReadyIsTheBestSign) {
  Cluster c;
  c.tell(PodMaker("old", "10.1.0.5").taken(at(10)).runs(at(11)), at(11.5));
  PodMaker pod = PodMaker("new", "10.1.0.5").taken(at(15)).runs(at(60));
  pod.pod.network_ready = at(21);
  c.tell(pod, at(61));
  EXPECT_EQ(c.who("10.1.0.5", at(20)), "old");
  EXPECT_EQ(c.who("10.1.0.5", at(22)), "new");
}

TEST(AddressTime, AContainerThatBeginsAgainKeepsTheAddress) {
  Cluster c;
  c.tell(PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12)), at(13));
  c.tell(PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12)).ended(at(20)), at(21));
  EXPECT_EQ(c.who("10.1.0.5", at(25)), "web") << "it waits to be begun again";
  c.tell(PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(30)), at(31));
  EXPECT_EQ(c.who("10.1.0.5", at(13)), "web");
}

TEST(AddressTime, OneThatIsOverHasItNoLonger) {
  Cluster c;
  c.tell(PodMaker("job", "10.1.0.5").taken(at(10)).runs(at(12)), at(13));
  c.tell(PodMaker("job", "10.1.0.5").taken(at(10)).runs(at(12)).ended(at(20), "Succeeded"), at(26));
  EXPECT_EQ(c.who("10.1.0.5", at(19)), "job");
  EXPECT_EQ(c.who("10.1.0.5", at(22)), "-");
  EXPECT_EQ(c.index->stats().addresses, 0U);
}

TEST(AddressTime, TwoLivingPodsTheNewerHasItAndGivesItBack) {
  Cluster c;
  const auto a = PodMaker("a", "10.1.0.5").taken(at(10)).runs(at(11));
  const auto b = PodMaker("b", "10.1.0.5").taken(at(20)).runs(at(21));
  c.tell(a, at(12));
  c.tell(b, at(22));
  EXPECT_EQ(c.index->stats().conflicts, 1U);
  EXPECT_EQ(c.who("10.1.0.5", at(25)), "b");
  c.tell_gone(PodMaker(b).ended(at(30)), at(31));
  EXPECT_EQ(c.who("10.1.0.5", at(15)), "a");
  EXPECT_EQ(c.who("10.1.0.5", at(25)), "b");
  EXPECT_EQ(c.who("10.1.0.5", at(32)), "a");
  EXPECT_EQ(c.index->stats().addresses, 1U);
}

TEST(AddressTime, AnotherAddressOfAPodBeginsWhenItsContainersBeganAnew) {
  Cluster c;
  c.tell(PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12)), at(13));
  c.tell(PodMaker("web", "10.1.0.9").taken(at(10)).runs(at(40), "again"), at(45));
  EXPECT_EQ(c.who("10.1.0.5", at(30)), "web");
  EXPECT_EQ(c.who("10.1.0.5", at(41)), "-");
  EXPECT_EQ(c.who("10.1.0.9", at(30)), "-");
  EXPECT_EQ(c.who("10.1.0.9", at(41)), "web");
  c.tell_gone(PodMaker("web", "10.1.0.9").taken(at(10)).runs(at(40), "again").ended(at(50)),
              at(51));
  EXPECT_EQ(c.who("10.1.0.5", at(45)), "-");
  EXPECT_EQ(c.who("10.1.0.9", at(45)), "web");
}

TEST(AddressTime, AStatusWithoutAddressDoesNotTakeIt) {
  Cluster c;
  c.tell(PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12)), at(13));
  c.tell(PodMaker("web").taken(at(10)).runs(at(12)), at(14));
  EXPECT_EQ(c.who("10.1.0.5", at(15)), "web");
}

TEST(AddressTime, ASuccessorOfTheSameNameEndsThePodBeforeIt) {
  Cluster c;
  const auto first = PodMaker("db-0", "10.1.0.5").taken(at(10)).runs(at(12));
  c.tell(first, at(13));
  PodMaker second = PodMaker("db-0", "10.1.0.9").taken(at(30)).runs(at(31));
  second.pod.meta.uid = "another";
  c.tell(second, at(32));
  EXPECT_EQ(c.who("10.1.0.5", at(33)), "-");
  EXPECT_EQ(c.holder("10.1.0.5", at(20))->uid, "uid-db-0");
  EXPECT_EQ(c.holder("10.1.0.9", at(33))->uid, "another");
  c.tell_gone(first, at(40));
  EXPECT_EQ(c.who("10.1.0.9", at(41)), "db-0");
  EXPECT_EQ(c.index->view({}, at(50))->pods.size(), 1U);
}

TEST(AddressTime, WhatIsPastForLongIsForgotten) {
  Cluster c({.node_name = "node-a", .keep_past = 60 * kSecond});
  const auto web = PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12));
  c.tell(web, at(13));
  c.tell_gone(PodMaker(web).ended(at(20)), at(21));
  c.index->tick(at(80));
  EXPECT_EQ(c.who("10.1.0.5", at(15)), "web");
  c.index->tick(at(82));
  EXPECT_EQ(c.who("10.1.0.5", at(15)), "-");
  EXPECT_EQ(c.index->stats().claims, 0U);
}

TEST(AddressTime, ToldAsGoneByMistakeItComesBack) {
  Cluster c({.node_name = "node-a", .keep_past = 60 * kSecond});
  const auto web = PodMaker("web", "10.1.0.5").taken(at(10)).runs(at(12));
  c.tell(web, at(13));
  c.tell_gone(web, at(21));
  EXPECT_EQ(c.who("10.1.0.5", at(30)), "-");
  c.tell(web, at(31));
  EXPECT_EQ(c.who("10.1.0.5", at(30)), "web");
  c.index->tick(at(200));
  EXPECT_EQ(c.who("10.1.0.5", at(201)), "web");
}

TEST(AddressTime, OneAddressForThousandsIsBounded) {
  Cluster c;
  for (int i = 0; i < 5'000; ++i)
    c.tell(PodMaker("p" + std::to_string(i), "10.1.0.5").taken(at(i)).runs(at(i)), at(i + 1));
  EXPECT_EQ(c.who("10.1.0.5", at(6'000)), "p4999");
  EXPECT_EQ(c.index->stats().claims, AddressBook::kMostHolders);
  EXPECT_EQ(c.index->stats().evicted, 5'000 - AddressBook::kMostHolders);
}

TEST(AddressTime, TheIndexIsBounded) {
  Cluster c({.node_name = "node-a", .max_claims = 100});
  for (int i = 0; i < 150; ++i) {
    const auto pod = PodMaker("p" + std::to_string(i), "10.1.0." + std::to_string(i)).taken(at(i));
    c.tell(pod, at(i));
    if (i < 50) c.tell_gone(pod, at(i + 1));
  }
  EXPECT_EQ(c.index->stats().claims, 100U);
  EXPECT_EQ(c.index->stats().evicted, 50U) << "the past makes room";
  c.tell(PodMaker("late", "10.1.0.200").taken(at(200)), at(200));
  EXPECT_EQ(c.index->stats().skipped, 1U) << "the living do not";
  EXPECT_EQ(c.who("10.1.0.149", at(200)), "p149");
}

TEST(AddressTime, HostileObjectsAreCountedAndSkipped) {
  Cluster c;
  c.tell(PodMaker("web", "127.0.0.1").ip("::").ip("224.0.0.1").ip("ff02::1").ip("0.0.0.0"), at(1));
  EXPECT_EQ(c.index->stats().skipped, 5U);
  PodMaker nameless("x", "10.1.0.5");
  nameless.pod.meta.uid.clear();
  c.tell(nameless, at(1));
  nameless.pod.meta.uid = "u";
  nameless.pod.meta.name.clear();
  c.tell(nameless, at(1));
  EXPECT_EQ(c.index->stats().skipped, 7U);
  PodMaker renamed("other");
  renamed.pod.meta.uid = "uid-web";
  c.tell(renamed, at(1));
  c.tell_gone(renamed, at(1));
  EXPECT_EQ(c.index->stats().skipped, 9U) << "a uid has one name";
  EXPECT_EQ(c.index->stats().claims, 0U);
  c.tell(PodMaker("twice", "10.1.0.5").ip("10.1.0.5").taken(at(1)), at(2));
  EXPECT_EQ(c.index->stats().claims, 1U);
  // A clock that is far ahead, and one from before the epoch.
  c.tell(PodMaker("ahead", "10.1.0.6").taken(at(1e8)).runs(at(1e8)), at(2));
  EXPECT_EQ(c.who("10.1.0.6", at(3)), "ahead");
  c.tell(PodMaker("behind", "10.1.0.7").taken(-5 * kSecond), at(2));
  EXPECT_EQ(c.who("10.1.0.7", at(3)), "behind");
}

}  // namespace
}  // namespace netprobe
