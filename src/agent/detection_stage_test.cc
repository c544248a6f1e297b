// SPDX-License-Identifier: Apache-2.0
#include "agent/detection_stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "agent/detectors.h"
#include "support/certificates.h"
#include "support/temp_dir.h"

namespace netprobe {
namespace {

constexpr Nanos kBegin = 60 * 1'000'000 * kSecond;

class Names final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "veth1"; }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kPod; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

class DetectionStageTest : public ::testing::Test {
 protected:
  DetectionStageTest()
      : clock_(kBegin),
        table_({}, names_),
        stage_({.node = "n1", .started_at = 1, .hold = 0},
               {.judge = [](Flow&) {},
                .name =
                    [](Flow& flow) {
                      auto one = std::make_shared<Identity>();
                      one->name = flow.tuple.src.to_string();
                      flow.src_identity = std::move(one);
                    },
                .interface_name = [](std::uint32_t) { return std::string_view("veth1"); }},
               clock_, table_, [this](HistoryBatchPtr batch) { batches_.push_back(batch); }) {}

  void packets(std::uint16_t port, std::uint64_t count) {
    FlowDelta delta;
    delta.ifindex = 3;
    delta.tuple = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 4000, port,
                   kProtoUdp};
    delta.counters = {count, count * 100};
    delta.first = delta.last = clock_.monotonic();
    FlowHandle handle = 0;
    table_.on_flow(delta, handle);
  }
  [[nodiscard]] std::uint64_t told() const {
    std::uint64_t sum = 0;
    for (const auto& batch : batches_)
      for (const FlowRecord& flow : batch->flows) sum += flow.forward.packets;
    return sum;
  }

  ManualClock clock_;
  Names names_;
  FlowTable table_;
  std::vector<HistoryBatchPtr> batches_;
  DetectionStage stage_;
};

TEST_F(DetectionStageTest, TellsOnceASecondWhatFlowsGained) {
  packets(1, 5);
  while (stage_.cycle()) {
  }
  EXPECT_EQ(told(), 5U);
  packets(1, 7);
  stage_.cycle();
  EXPECT_EQ(told(), 5U) << "not before the second is over";
  clock_.advance(kSecond);
  while (stage_.cycle()) {
  }
  EXPECT_EQ(told(), 12U);
  clock_.advance(kSecond);
  const auto before = batches_.size();
  stage_.cycle();
  EXPECT_EQ(batches_.size(), before) << "nothing was gained";
}

TEST_F(DetectionStageTest, NamesAreHandedOnWithWhoTheirEndsAre) {
  std::vector<NameBatchPtr> taken;
  stage_.give_names([&](NameBatchPtr batch) { taken.push_back(std::move(batch)); });
  auto batch = std::make_shared<NameBatch>();
  batch->dns.emplace_back().client = *IpAddress::parse("10.0.0.1");
  batch->neighbours.emplace_back().address = *IpAddress::parse("10.0.0.2");
  batch->neighbours.emplace_back();  // a question without a claim
  stage_.on_names(std::move(batch));
  while (stage_.cycle()) {
  }
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0]->dns[0].client_identity->name, "10.0.0.1");
  EXPECT_EQ(taken[0]->neighbours[0].holder->name, "10.0.0.2");
  EXPECT_FALSE(taken[0]->neighbours[1].holder);
  for (int i = 0; i < 70; ++i) {
    auto more = std::make_shared<NameBatch>();
    more->dns.resize(2);
    stage_.on_names(std::move(more));
  }
  EXPECT_EQ(stage_.losses().at(1).cause, "name_hand_over_full");
  EXPECT_EQ(stage_.losses().at(1).count, 12U);
}

TEST_F(DetectionStageTest, AnyNumberOfFlowsGoesInSlices) {
  for (std::uint16_t port = 1; port <= 2500; ++port) packets(port, 1);
  EXPECT_TRUE(stage_.cycle());
  EXPECT_TRUE(stage_.cycle());
  EXPECT_FALSE(stage_.cycle());
  EXPECT_EQ(told(), 2500U);
}

TEST_F(DetectionStageTest, TheLastRoundHasAllThatThereIs) {
  packets(1, 5);
  while (stage_.cycle()) {
  }
  packets(1, 2);
  packets(2, 3);
  stage_.finish();
  EXPECT_EQ(told(), 10U);
}

TEST(Detectors, AreChosenByName) {
  const SystemClock clock;
  AgentOptions options;
  options.node_name = "n1";
  const auto made = make_detection(options, clock, nullptr);
  ASSERT_TRUE(made);
  for (const DetectorStatus& each : (*made)->report()->detectors) {
    const auto& all = detector_registry();
    const auto entry = std::ranges::find(all, each.name, &DetectorEntry::name);
    ASSERT_NE(entry, all.end());
    EXPECT_EQ(each.on, entry->on_by_default) << each.name;
  }
  options.detectors = {"none"};
  for (const DetectorStatus& each : (*make_detection(options, clock, nullptr))->report()->detectors)
    EXPECT_FALSE(each.on) << each.name;
  options.detectors = {"all"};
  for (const DetectorStatus& each : (*make_detection(options, clock, nullptr))->report()->detectors)
    EXPECT_TRUE(each.on) << each.name;
  options.detectors = {"nobody"};
  const auto refused = make_detection(options, clock, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("there is no detector 'nobody'"), std::string::npos);
  options.detectors = {};
  options.mute_alerts = {"colour=red"};
  EXPECT_FALSE(make_detection(options, clock, nullptr));
  options.mute_alerts = {"alert.kind=port_scan", "alerts src.namespace=monitoring"};
  options.enable_detection = false;
  const auto off = make_detection(options, clock, nullptr);
  ASSERT_TRUE(off);
  EXPECT_EQ(*off, nullptr);
}

TEST(WatchlistProbes, AListThatCannotBeReadSaysWhatIsUsedInstead) {
  WatchlistStatus good;
  good.name = "drop";
  good.has_list = true;
  good.addresses = 7;
  good.prefixes = 2;
  good.matches = 3;
  WatchlistStatus bad = good;
  bad.name = "bad";
  bad.error = "its server answers 503";
  bad.fetched = 1'764'000'000 * kSecond;
  WatchlistStatus never = bad;
  never.name = "never";
  never.has_list = false;
  const auto probes = watchlist_probes({good, bad, never});
  ASSERT_EQ(probes.size(), 3U);
  EXPECT_EQ(probes[0].name, "threat_intel:drop");
  EXPECT_EQ(probes[0].state, ProbeState::kOn);
  EXPECT_EQ(probes[0].rung, "7 addresses, 2 networks, 0 names");
  EXPECT_EQ(probes[0].events, 3U);
  EXPECT_EQ(probes[1].state, ProbeState::kFailed);
  EXPECT_EQ(probes[1].why,
            "its server answers 503; the list of 2025-11-24T16:00:00.000000000Z stays");
  EXPECT_EQ(probes[2].why, "its server answers 503");
}

TEST(ThreatIntel, ListsAreToldAndNoneHasTheClusters) {
  const test::TempDir dir;
  test::write_file(dir.file("list"), "198.51.100.7\n203.0.113.9\n10.0.0.1\n");
  AgentOptions options;
  options.detectors = {"none", "threat_intel"};
  options.threat_intel = {"own=" + dir.file("list"), "gone=" + dir.file("gone")};
  const SystemClock clock;
  auto made = make_detection(options, clock, nullptr);
  ASSERT_TRUE(made) << made.error().message;
  DetectionEngine& engine = **made;
  engine.start();
  const auto eventually = [&](auto&& holds) {
    for (int i = 0; i < 1'500; ++i) {
      if (const auto lists = engine.report()->watchlists; lists.size() == 2 && holds(lists))
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  };
  EXPECT_TRUE(eventually([](const auto& lists) { return lists[0].addresses == 2; }));
  EXPECT_EQ(engine.report()->watchlists[0].refused.at(0).first, "private");
  EXPECT_TRUE(eventually([](const auto& lists) { return lists[1].failed > 0; }));
  EXPECT_FALSE(engine.report()->watchlists[1].error.empty());
  const auto called = [&](const char* address) {
    auto batch = std::make_shared<HistoryBatch>();
    FlowRecord& flow = batch->flows.emplace_back();
    flow.tuple.src = *IpAddress::parse("10.1.2.3");
    flow.tuple.dst = *IpAddress::parse(address);
    flow.tuple.protocol = kProtoTcp;
    flow.forward = {3, 180};
    flow.direction = "egress";
    flow.time = flow.first_seen = flow.last_seen = to_micros(clock.wall());
    engine.take(std::move(batch));
  };
  const auto matches = [&] { return engine.report()->watchlists[0].matches; };
  called("198.51.100.7");
  EXPECT_TRUE(eventually([&](const auto&) { return matches() == 1; }));
  // What becomes known as the cluster's is bad to nobody.
  engine.set_inside({*IpPrefix::parse("203.0.113.0/24")});
  bool free = false;
  for (int i = 0; i < 200 && !free; ++i) {
    const auto before = matches();
    called("203.0.113.9");
    called("198.51.100.7");
    ASSERT_TRUE(eventually([&](const auto&) { return matches() > before; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    free = matches() == before + 1;
  }
  EXPECT_TRUE(free);
  engine.stop();
}

}  // namespace
}  // namespace netprobe
