// SPDX-License-Identifier: Apache-2.0
// Random traffic through a table that is too small, with translations that come
// early, late or never, a sink that often refuses and one that takes a few flows
// at a time: what was told of all flows is what they had at their end, and what
// was told beyond it is known, to each on its own.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "flow/flow_table.h"

namespace netprobe {
namespace {

class Names final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "x"; }
  [[nodiscard]] Role interface_role(std::uint32_t ifindex) const override {
    static constexpr std::array<Role, 4> kRoles{Role::kHost, Role::kPod, Role::kBridge,
                                                Role::kUplink};
    return kRoles.at(ifindex);
  }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

class Fickle final : public FlowGrowthSink {
 public:
  Fickle(std::mt19937& random, bool refuses) : random_(random), refuses_(refuses) {}
  bool on_growth(const FlowGrowth& growth) override {
    ++calls;
    if (refuses_ && !growth.last && random_() % 3 == 0) return false;
    const auto id = growth.flow.id;
    EXPECT_FALSE(ended_.contains(id)) << "told after its end";
    sum += growth.forward;
    sum += growth.reverse;
    firsts += growth.first ? 1 : 0;
    if (growth.first) EXPECT_TRUE(begun_.insert(id).second);
    if (growth.last) ended_.insert(id);
    // What flows can have at most.
    EXPECT_LE(growth.forward.packets, growth.flow.forward.packets);
    EXPECT_LE(growth.reverse.bytes, growth.flow.reverse.bytes);
    return true;
  }
  Counters sum;
  std::uint64_t firsts = 0;
  std::uint64_t calls = 0;

 private:
  std::mt19937& random_;
  const bool refuses_;
  std::set<std::uint64_t> begun_;
  std::set<std::uint64_t> ended_;
};

struct Outcome {
  Counters told;
  Counters told_in_slices;
  Counters final;  ///< of flows when they ended, as a stream of changes has them
  std::uint64_t firsts = 0;
  std::uint64_t firsts_in_slices = 0;
  std::uint64_t flows = 0;  ///< that were not another in the end
  FlowTableStats stats;
};

/// `in_order`: packets are seen at the nearest point first and a translation is
/// known before they are.
Outcome run_one(std::uint32_t seed, bool in_order, std::uint32_t max_flows) {
  std::mt19937 random(seed);
  const Names names;
  FlowTable table({.max_flows = max_flows, .idle_timeout = 2 * kSecond}, names);
  Fickle sink(random, true);
  Fickle slices(random, seed % 3 == 0);
  table.watch_growth(&sink);
  table.watch_growth(&slices, GrowthListener::kHistory);
  table.track_changes(true);
  Outcome result;
  const auto gather = [&] {
    for (const Flow& flow : table.take_changes()) {
      if (!flow.ended || flow.ending == FlowEnding::kLive) continue;
      if (flow.merged_into != 0) continue;
      result.final += flow.forward;
      result.final += flow.reverse;
      ++result.flows;
    }
  };
  Nanos now = kSecond;
  const auto see = [&](const FlowTuple& tuple, std::uint32_t ifindex, std::uint64_t packets) {
    FlowDelta delta;
    delta.tuple = tuple;
    delta.ifindex = ifindex;
    delta.counters = {packets, packets * (40 + random() % 1400)};
    delta.sent_syn = random() % 10 == 0;
    delta.first = delta.last = now += kMillisecond;
    FlowHandle handle = 0;
    table.on_flow(delta, handle);
  };
  for (int step = 0; step < 4'000; ++step) {
    FlowTuple original{IpAddress::v4(0x0a000001 + random() % 8), IpAddress::v4(0x0a600001),
                       static_cast<std::uint16_t>(1 + random() % 12), 80, kProtoUdp};
    FlowTuple translated = original;
    translated.dst = IpAddress::v4(0x0a000100 - original.src_port);
    translated.dst_port = 8080;
    const bool nat = original.src_port % 3 == 0;
    if (nat && (in_order || random() % 8 == 0)) table.on_nat({original, translated, false});
    if (!in_order && nat && random() % 50 == 0) table.on_nat({original, translated, true});
    const bool back = random() % 2 == 0;
    const auto tuple = [&](const FlowTuple& t) { return back ? t.reversed() : t; };
    const std::uint64_t packets = 1 + random() % 20;
    if (in_order) {
      see(tuple(original), 1, packets);
      if (random() % 2 == 0) see(tuple(nat ? translated : original), 3, packets);
    } else {
      const std::uint32_t ifindex = 1 + random() % 3;
      see(tuple(nat && ifindex == 3 ? translated : original), ifindex, packets);
    }
    if (random() % 5 == 0) table.take_growth();
    if (random() % 3 == 0) {
      const std::uint64_t before = slices.calls;
      const std::size_t most = 1 + random() % 6;
      table.take_growth(GrowthListener::kHistory, most);
      EXPECT_LE(slices.calls - before, most);
    }
    if (random() % 40 == 0) table.tick(now += random() % 4 * kSecond);
    gather();
  }
  table.tick(now + 10'000 * kSecond);
  gather();
  EXPECT_TRUE(table.flows().empty());
  result.told = sink.sum;
  result.told_in_slices = slices.sum;
  result.firsts = sink.firsts;
  result.firsts_in_slices = slices.firsts;
  result.stats = table.stats();
  return result;
}

TEST(RandomGrowth, AllThatFlowsHadIsToldAndWhatIsMoreIsKnown) {
  std::uint64_t over = 0;
  std::uint64_t twice = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    const Outcome r = run_one(seed, false, seed % 2 == 0 ? 20 : 200);
    EXPECT_EQ(r.told.packets, r.final.packets + r.stats.growth_over.packets) << "seed " << seed;
    EXPECT_EQ(r.told.bytes, r.final.bytes + r.stats.growth_over.bytes) << "seed " << seed;
    EXPECT_EQ(r.firsts, r.flows + r.stats.growth_twice) << "seed " << seed;
    EXPECT_EQ(r.told_in_slices.packets, r.final.packets + r.stats.history_over.packets)
        << "seed " << seed;
    EXPECT_EQ(r.told_in_slices.bytes, r.final.bytes + r.stats.history_over.bytes)
        << "seed " << seed;
    EXPECT_EQ(r.firsts_in_slices, r.flows + r.stats.history_twice) << "seed " << seed;
    over += r.stats.growth_over.packets;
    twice += r.stats.growth_twice;
  }
  EXPECT_GT(over, 0U);  // else this tests less than it says
  EXPECT_GT(twice, 0U);
}

TEST(RandomGrowth, InOrderTheSumsAreThoseOfTheFlows) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    const Outcome r = run_one(seed, true, seed % 2 == 0 ? 20 : 200);
    EXPECT_EQ(r.told, r.final) << "seed " << seed;
    EXPECT_EQ(r.firsts, r.flows) << "seed " << seed;
    EXPECT_EQ(r.stats.growth_over, Counters{}) << "seed " << seed;
    EXPECT_EQ(r.told_in_slices, r.final) << "seed " << seed;
    EXPECT_EQ(r.firsts_in_slices, r.flows) << "seed " << seed;
    EXPECT_EQ(r.stats.history_over, Counters{}) << "seed " << seed;
  }
}

}  // namespace
}  // namespace netprobe
