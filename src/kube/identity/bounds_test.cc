// SPDX-License-Identifier: Apache-2.0
// A full index, and what takes no more time than it may.
#include <gtest/gtest.h>

#include <ctime>

#include "kube/identity/testing/cluster.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the made-up cluster

TEST(Bounds, APodThatClaimsDoesNotMakeRoomForItself) {
  Cluster c({.node_name = "node-a", .max_claims = 1});
  PodMaker pod = PodMaker("a", "10.1.0.1").taken(at(1)).runs(at(2));
  c.tell(pod, at(3));
  c.tell_gone(pod, at(4));
  c.tell_gone(pod.ip("fd00::1"), at(5));
  EXPECT_EQ(c.who("10.1.0.1", at(3)), "a");
  EXPECT_EQ(c.who("fd00::1", at(3)), "-");
  EXPECT_NE(c.index->by_container("id-a"), nullptr);
  EXPECT_EQ(c.index->stats().claims, 1U);
  EXPECT_EQ(c.index->stats().skipped, 1U);
  EXPECT_EQ(c.index->stats().evicted, 0U);
  // It stays among those that are past, for others and for the time.
  c.tell(PodMaker("b", "10.1.0.2").taken(at(6)), at(6));
  EXPECT_EQ(c.who("10.1.0.1", at(3)), "-");
  EXPECT_EQ(c.who("10.1.0.2", at(6)), "b");
  EXPECT_EQ(c.index->by_container("id-a"), nullptr);
}

TEST(Bounds, APodWhoseAddressManyHadSinceIsToldAsDeleted) {
  constexpr std::size_t kFull = AddressBook::kMostHolders + 2;
  Cluster c({.node_name = "node-a", .max_claims = kFull});
  const auto over = [](const std::string& name, int from) {
    return PodMaker(name, "10.1.0.1")
        .taken(at(from))
        .runs(at(from))
        .ended(at(from + 2), "Succeeded");
  };
  c.tell(over("a", 1), at(4));
  for (int i = 0; i < static_cast<int>(AddressBook::kMostHolders); ++i)
    c.tell(over("j" + std::to_string(i), 10 + i * 3), at(12.5 + i * 3));
  c.tell(PodMaker("y", "10.1.0.2").taken(at(64)), at(65));
  c.tell(PodMaker("z", "10.1.0.3").taken(at(65)), at(66));
  ASSERT_EQ(c.index->stats().claims, kFull);
  c.tell_gone(over("a", 1), at(70));
  EXPECT_NE(c.index->by_container("id-a"), nullptr);
  EXPECT_EQ(c.index->stats().claims, kFull);
}

TEST(Bounds, APodThatHadLostItsAddressToOthersMakesNoRoom) {
  constexpr std::size_t kFull = AddressBook::kMostHolders + 1;
  Cluster c({.node_name = "node-a", .max_claims = kFull});
  const auto holder = [](int i) {
    return PodMaker("p" + std::to_string(i), "10.1.0.1").taken(at(i));
  };
  c.tell(holder(0), at(0));
  c.tell_gone(holder(0), at(1));
  for (int i = 1; i <= static_cast<int>(AddressBook::kMostHolders); ++i) c.tell(holder(i), at(i));
  c.tell_gone(holder(1), at(30));
  c.tell(PodMaker("other", "10.1.0.2").taken(at(31)), at(31));
  ASSERT_EQ(c.index->stats().claims, kFull);
  c.tell(PodMaker("next", "10.1.0.3").taken(at(50)), at(50));
  EXPECT_EQ(c.who("10.1.0.3", at(50)), "next");
  EXPECT_EQ(c.index->stats().claims, kFull);
  EXPECT_EQ(c.index->stats().evicted, 2U);
}

TEST(Bounds, PodsWithoutAddressesAreForgottenByAFullIndex) {
  Cluster c({.node_name = "node-a", .max_claims = 1, .keep_past = 60 * kSecond});
  c.tell(PodMaker("a", "10.1.0.1").taken(at(1)), at(2));
  const auto hosts = PodMaker("proxy").on_host().taken(at(2)).runs(at(3));
  c.tell(hosts, at(4));
  c.tell_gone(hosts, at(5));
  EXPECT_NE(c.index->by_container("id-proxy"), nullptr);
  c.tell(PodMaker("b", "10.1.0.2").taken(at(6)), at(6));  // looks for room
  EXPECT_EQ(c.index->stats().skipped, 1U);
  c.index->tick(at(100));
  EXPECT_EQ(c.index->by_container("id-proxy"), nullptr);
}

/// What this thread spends on ReplicaSets that have no pods, beside so many pods
/// of others; the least of some.
Nanos time_of_empty_owners(int pods) {
  Cluster c;
  for (int i = 0; i < pods; ++i)
    c.tell(PodMaker("p" + std::to_string(i)).owner("ReplicaSet", "web").taken(at(1)), at(2));
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * kSecond + time.tv_nsec;
  };
  Nanos least = kSecond * 1'000;
  for (int round = 0; round < 5; ++round) {
    std::vector<KubeController> owners;
    for (int i = 0; i < 50; ++i)
      owners.push_back(
          controller("ReplicaSet", "r" + std::to_string(round * 50 + i), "Deployment", "web"));
    const Nanos begin = now();
    for (const KubeController& owner : owners) c.tell(owner, at(3));
    least = std::min(least, now() - begin);
  }
  return least;
}

TEST(Bounds, AnOwnerThatNoPodWaitsForDoesNotLookAtThePods) {
  const Nanos few = time_of_empty_owners(10);
  const Nanos many = time_of_empty_owners(20'000);
  EXPECT_LT(many, few * 20) << "for 2,000 times as many pods";
}

TEST(Bounds, OfASliceWithoutMeasureTheFirstEndsAreTaken) {
  constexpr std::size_t kMost = EndpointTable::kMostEndsASlice;
  constexpr std::size_t kPorts = 150;
  constexpr std::size_t kAddresses = 100;
  Cluster c;
  KubeEndpointSlice huge = slice("big", {}, 1);
  huge.ports.clear();
  for (std::size_t i = 0; i < kPorts; ++i)
    huge.ports.push_back({"p", static_cast<std::uint16_t>(1'000 + i), kProtoTcp, 0});
  KubeEndpoint endpoint;
  for (std::size_t i = 0; i < kAddresses; ++i)
    endpoint.addresses.push_back(address("10.1.0." + std::to_string(i)));
  huge.endpoints.assign(3, endpoint);
  for (std::size_t i = 0; i < kAddresses; ++i) {
    huge.endpoints[1].addresses[i] = address("10.1.1." + std::to_string(i));
    huge.endpoints[2].addresses[i] = address("fd00::" + std::to_string(i));
  }
  const auto known = [&](const char* ip, std::size_t port, double when) {
    return c.index->service_of({address(ip), static_cast<std::uint16_t>(port), kProtoTcp}, at(when),
                               nullptr) != nullptr;
  };
  c.tell(service("big", "10.96.0.1", 80), at(1));
  c.tell(huge, at(2));
  EXPECT_EQ(c.index->stats().skipped, 3 * kAddresses * kPorts - kMost);
  // 66 addresses with all ports, and 100 ports of the next.
  EXPECT_TRUE(known("10.1.0.0", 1'000, 3));
  EXPECT_TRUE(known("10.1.0.66", 1'099, 3));
  EXPECT_FALSE(known("10.1.0.66", 1'100, 3));
  EXPECT_FALSE(known("fd00::1", 1'000, 3));
  // What was taken of it goes with it, and another has room.
  c.tell(huge, at(4));
  c.tell(huge, at(5), true);
  EXPECT_TRUE(known("10.1.0.66", 1'099, 4.5));
  EXPECT_FALSE(known("10.1.0.66", 1'099, 6));
  c.tell(slice("big", {{"web", "10.1.1.7"}}, 1'000), at(7));
  EXPECT_TRUE(known("10.1.1.7", 1'000, 8));
}

}  // namespace
}  // namespace netprobe
