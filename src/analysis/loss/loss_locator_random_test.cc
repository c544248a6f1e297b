// SPDX-License-Identifier: Apache-2.0
// Losses of random traffic, read at random moments.
#include <algorithm>
#include <random>

#include "analysis/loss/testing/locator.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the node and its ways

/// A way through the node with random traffic, losses and moments of reading.
class Traffic {
 public:
  Traffic(const Case& of, TestFlow& flow, bool lossy, std::mt19937_64& random)
      : flow_(flow), lossy_(lossy), random_(random), hops_(of.hops.size()) {
    lost.resize(hops_);
    waiting_.resize(hops_);
    truth_.resize(hops_ + 1);
  }

  /// A second passes; afterwards the points show what a sweep may have read in
  /// it: each at its own moment, while packets were between them.
  void second() {
    for (std::size_t hop = 0; hop < hops_; ++hop) land(hop);
    const std::vector<std::uint64_t> settled = truth_;
    const auto burst = below(4) == 0 ? 0 : below(200);
    truth_[0] += burst;
    waiting_[0] += burst;
    for (std::size_t hop = 0; hop < hops_; ++hop) {
      const auto gone = lossy_ ? below(waiting_[hop] / 4 + 1) : 0;
      waiting_[hop] -= gone;
      lost[hop] += gone;
      pass(hop, below(waiting_[hop] + 1));
    }
    for (std::size_t i = 0; i <= hops_; ++i)
      show(i, settled[i] + below(truth_[i] - settled[i] + 1));
  }
  /// One packet more gets through, and then it is quiet.
  void end() {
    ++truth_[0];
    ++waiting_[0];
    for (std::size_t hop = 0; hop < hops_; ++hop) land(hop);
    for (std::size_t i = 0; i <= hops_; ++i) show(i, truth_[i]);
  }

  /// So many of the packets that this point has seen it has not counted.
  void miss(std::size_t point, std::uint64_t packets) {
    packets = std::min(packets, truth_[point] - flow_.at(0, point).packets[0]);
    truth_[point] -= packets;
  }

  std::vector<std::uint64_t> lost;  ///< by hop

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  void land(std::size_t hop) { pass(hop, waiting_[hop]); }
  void pass(std::size_t hop, std::uint64_t packets) {
    waiting_[hop] -= packets;
    truth_[hop + 1] += packets;
    if (hop + 1 < hops_) waiting_[hop + 1] += packets;
  }
  void show(std::size_t point, std::uint64_t packets) { flow_.at(0, point).packets[0] = packets; }

  TestFlow& flow_;
  bool lossy_;
  std::mt19937_64& random_;
  std::size_t hops_;
  std::vector<std::uint64_t> waiting_;  ///< past a point and not at the next
  std::vector<std::uint64_t> truth_;
};

TEST_F(Locator, NeverTellsMoreThanThereWasAndInTheEndAllOfIt) {
  std::mt19937_64 random(20261123);
  std::uint64_t found = 0;
  for (int round = 0; round < 1000; ++round) {
    for (auto& [ifindex, interface] : node.interfaces) interface.disturbed = {};
    LossLocator fresh({}, node);
    const Case& each = kCases[random() % kCases.size()];
    TestFlow flow(1, node);
    flow.set_way(0, *each.way);
    if (each.way == &kHostToPod || each.way == &kHostToNode)
      flow.flow.tuple.src = address("10.244.0.1");
    const std::size_t hops = each.hops.size();
    Traffic traffic(each, flow, random() % 3 != 0, random);
    // Now and then a point misses packets, or comes late: then less is told.
    const bool spoilt = random() % 4 == 0;
    const auto spoilt_second = random() % 12;
    const auto check = [&](bool settled) {
      std::vector<std::uint64_t> seen(hops, 0);
      for (const Loss& loss : fresh.report().losses) {
        const auto hop = std::ranges::find(each.hops, place_of(loss));
        ASSERT_NE(hop, each.hops.end()) << each.name << ": " << place_of(loss);
        seen[static_cast<std::size_t>(hop - each.hops.begin())] += loss.packets;
        found += settled ? loss.packets : 0;
      }
      for (std::size_t hop = 0; hop < hops; ++hop) {
        EXPECT_LE(seen[hop], traffic.lost[hop]) << each.name << " " << each.hops[hop];
        if (settled && !spoilt)
          EXPECT_EQ(seen[hop], traffic.lost[hop]) << each.name << " " << each.hops[hop];
      }
    };
    const auto look = [&](bool changed, bool spoil) {
      now += kSecond;
      if (spoil) {
        const std::size_t point = random() % (hops + 1);
        auto& interface = node.interfaces[flow.at(0, point).ifindex];
        interface.disturbed = {now, now};
        traffic.miss(point, random() % 20);
      }
      fresh.begin_pass(now, now);
      if (changed) flow.hand_to(fresh);
      fresh.end_pass();
    };
    for (std::uint64_t second = 0; second < 12; ++second) {
      traffic.second();
      look(true, spoilt && second == spoilt_second);
      check(false);
    }
    traffic.end();
    for (int i = 0; i < 9; ++i) look(i == 0, false);
    check(true);
    if (HasFailure()) return;
  }
  EXPECT_GT(found, 10'000U);
}

}  // namespace
}  // namespace netprobe
