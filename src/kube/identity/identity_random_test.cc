// SPDX-License-Identifier: Apache-2.0
// Random lives of pods that take each other's addresses after a second, told
// late and in any order between objects, held against what really was.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "kube/identity/testing/cluster.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the made-up cluster

constexpr int kAddresses = 5;

struct Event {
  Nanos seen = 0;
  bool deleted = false;
  KubeObject object;
};

/// A pod had an address, and its processes ran in a part of that time.
struct Life {
  std::string name;
  std::string ip;
  std::string ip6;  ///< empty: one family
  Nanos runs = 0;
  Nanos ends = 0;
  bool goes_on = false;
  Nanos all_told = 0;  ///< when the last of its events came
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < kAddresses; ++i) {
      Nanos free = at(between(0, 10));
      const int count = static_cast<int>(between(1, 8));
      for (int n = 0; n < count; ++n) free = live(i, n, n + 1 == count, free);
    }
    std::ranges::sort(events, {}, &Event::seen);
  }

  std::vector<Event> events;
  std::vector<Life> lives;
  Nanos end = at(0);

  double between(double low, double high) {
    return std::uniform_real_distribution<>(low, high)(random_);
  }
  bool chance(double of) { return between(0, 1) < of; }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  static Nanos seconds(double s) { return static_cast<Nanos>(s * static_cast<double>(kSecond)); }

  /// Events of one object come in order, each up to five seconds late.
  void tell(Nanos& last, Nanos happened, bool deleted, const PodMaker& pod) {
    last = std::max(last + 1, happened + seconds(between(0, 5)));
    events.push_back({last, deleted, std::make_shared<const KubePod>(pod.pod)});
  }

  /// `free`: the address is from then on. Returns when it is again.
  Nanos live(int which, int n, bool last_one, Nanos free) {
    Life life;
    life.name = "web-h" + std::to_string(which) + "-" + std::to_string(n);
    life.ip = "10.1.0." + std::to_string(which + 1);
    if (chance(0.5)) life.ip6 = "fd00::" + std::to_string(which + 1);
    // Objects that no kubelet reports on have no containers and no waiting.
    const bool bare = chance(0.2);
    const Nanos has = free + seconds(between(1, 4));
    const Nanos taken = bare ? has : has - seconds(between(0, 8));
    life.runs = has + (bare ? 0 : seconds(between(0, 2)));
    life.ends = life.runs + seconds(between(1.5, 20));
    life.goes_on = last_one && chance(0.5);
    const Nanos released = life.ends + seconds(between(0, 0.9));

    PodMaker pod(life.name);
    pod.taken(taken).owner("ReplicaSet", "web-h").label("pod-template-hash", "h");
    Nanos told = 0;
    if (chance(0.5)) tell(told, taken, false, pod);  // scheduled, no address
    pod.ip(life.ip);
    if (!life.ip6.empty()) pod.ip(life.ip6);
    if (!bare && chance(0.5)) tell(told, has, false, pod);
    if (!bare) pod.runs(life.runs);
    if (!bare && chance(0.3)) pod.pod.network_ready = whole(has);
    tell(told, life.runs, false, pod);
    if (chance(0.3)) {
      pod.label("extra", "label");
      tell(told, life.runs + seconds(1), false, pod);
    }
    if (life.goes_on) {
      life.ends = life.runs + seconds(60);
    } else {
      if (chance(0.7)) pod.ended(life.ends, chance(0.5) ? "Succeeded" : "");
      if (chance(0.5)) tell(told, life.ends, false, pod);
      if (chance(0.5)) pod.deleting(released);
      tell(told, released, true, pod);
    }
    life.all_told = told;
    end = std::max({end, told, life.ends});
    lives.push_back(std::move(life));
    return released;
  }

  std::mt19937_64 random_;
};

class RandomLives : public ::testing::TestWithParam<int> {};

TEST_P(RandomLives, FlowsGetTheNamesOfWhoHadTheAddress) {
  World world(static_cast<std::uint64_t>(GetParam()));
  Cluster c;
  std::map<std::string, std::set<std::string>> ever;
  for (const Life& life : world.lives) {
    ever[life.ip].insert(life.name);
    if (!life.ip6.empty()) ever[life.ip6].insert(life.name);
  }
  const std::size_t owner_comes = world.below(world.events.size() + 1);
  for (std::size_t i = 0; i <= world.events.size(); ++i) {
    if (i == owner_comes) c.tell(controller("ReplicaSet", "web-h", "Deployment", "web"), at(0));
    if (i == world.events.size()) break;
    const Event& event = world.events[i];
    c.index->apply({event.deleted, event.seen, event.object});
    c.index->tick(event.seen);
    // At any moment: nobody who never had the address.
    for (int n = 0; n < 5; ++n) {
      const auto& [ip, names] =
          *std::next(ever.begin(), static_cast<int>(world.below(ever.size())));
      const Nanos when = at(world.between(0, 100));
      const std::string who = c.who(ip, when, when + static_cast<Nanos>(world.below(20)) * kSecond);
      EXPECT_TRUE(who == "-" || names.contains(who)) << who << " never had " << ip;
    }
  }
  // When all is told: flows by who it was.
  for (const Life& life : world.lives) {
    for (int n = 0; n < 20; ++n) {
      const Nanos when = life.runs + static_cast<Nanos>(world.between(0, 1) *
                                                        static_cast<double>(life.ends - life.runs));
      for (const std::string& ip : {life.ip, life.ip6}) {
        if (ip.empty()) continue;
        Flow one = flow(ip, "203.0.113.9", 80, when);
        c.namer->name(one);
        ASSERT_EQ(name_of(one.src_identity), life.name)
            << ip << " at " << static_cast<double>(when - kDay) / 1e9 << ", it ran "
            << static_cast<double>(life.runs - kDay) / 1e9 << " to "
            << static_cast<double>(life.ends - kDay) / 1e9;
        EXPECT_EQ(one.src_identity->workload, "web");
        EXPECT_EQ(one.src_identity->workload_kind, "Deployment");
      }
    }
  }
  // And when all is past, nothing is left.
  for (const Life& life : world.lives) {
    if (life.goes_on) c.tell_gone(PodMaker(life.name).taken(at(0)), world.end);
  }
  c.index->tick(world.end + 901 * kSecond);
  EXPECT_EQ(c.index->stats().claims, 0U);
  EXPECT_EQ(c.index->stats().addresses, 0U);
  EXPECT_EQ(c.index->stats().evicted, 0U);
  EXPECT_TRUE(c.index->view({}, world.end + 999 * kSecond)->claims.empty());
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomLives, ::testing::Range(0, 400));

}  // namespace
}  // namespace netprobe
