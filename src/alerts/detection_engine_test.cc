// SPDX-License-Identifier: Apache-2.0
#include "alerts/detection_engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

#include "alerts/learnt_state.h"
#include "support/temp_dir.h"

namespace netprobe {
namespace {

/// Finds each flow to port 23, and throws at port 666.
class Made final : public Detector {
 public:
  [[nodiscard]] std::string_view name() const override { return "made"; }
  void on_flow(const FlowRecord& record) override {
    if (record.tuple.dst_port == 666) throw std::runtime_error("no");
    if (record.tuple.dst_port == 23) ++seen_;
  }
  void on_dns(const DnsMessage& message) override { seen_ += message.name == "x" ? 1U : 0U; }
  void on_neighbour(const NeighbourClaim& claim) override { seen_ += claim.link == 3 ? 1U : 0U; }
  void tick(Micros now, const FindingSink& found) override {
    if (seen_ == told_) return;
    told_ = seen_;
    Finding finding;
    finding.kind = "made";
    finding.key = "x";
    finding.count = seen_;
    finding.first_seen = finding.last_seen = now;
    found(std::move(finding));
  }
  [[nodiscard]] std::size_t bytes() const override { return 16; }

 private:
  std::uint64_t seen_ = 0;
  std::uint64_t told_ = 0;
};

HistoryBatchPtr batch(std::uint16_t port) {
  auto made = std::make_shared<HistoryBatch>();
  made->flows.emplace_back().tuple.dst_port = port;
  return made;
}

class Written {
 public:
  void take(const HistoryBatchPtr& batch) {
    const MutexLock lock(mutex_);
    batches_.push_back(batch);
  }
  [[nodiscard]] std::vector<HistoryBatchPtr> all() const {
    const MutexLock lock(mutex_);
    return batches_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<HistoryBatchPtr> batches_ NETPROBE_GUARDED_BY(mutex_);
};

bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 3000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

struct EngineTest : ::testing::Test {
  DetectionEngine& start(std::size_t detectors = 1) {
    std::vector<DetectorSlot> slots;
    for (std::size_t i = 0; i < detectors; ++i)
      slots.push_back({"made" + std::to_string(i), std::make_unique<Made>(), ""});
    slots.push_back({"none", nullptr, "it is off by configuration"});
    engine = std::make_unique<DetectionEngine>(
        DetectionOptions{.node = "n1",
                         .most_waiting = 4,
                         .most_names_waiting = 4,
                         .tick = 10 * kMillisecond,
                         .book = {.node = "n1"}},
        std::move(slots), std::vector<RecordMatcher>{}, clock,
        [this](const HistoryBatchPtr& told) { written.take(told); });
    return *engine;
  }
  SystemClock clock;
  Written written;
  std::unique_ptr<DetectionEngine> engine;
};

TEST_F(EngineTest, FindingsBecomeRecordsOfHistory) {
  start();
  EXPECT_EQ(engine->report()->detectors.size(), 2U);
  EXPECT_EQ(engine->report()->detectors[1].why, "it is off by configuration");
  engine->start();
  engine->take(batch(80));
  engine->take(batch(23));
  ASSERT_TRUE(eventually([&] { return !written.all().empty(); }));
  const auto told = written.all().front();
  EXPECT_EQ(told->node, "n1");
  ASSERT_EQ(told->alerts.size(), 1U);
  EXPECT_EQ(told->alerts[0].kind, "made");
  const auto report = engine->report();
  ASSERT_EQ(report->alerts.size(), 1U);
  EXPECT_EQ(report->alerts[0]->id, told->alerts[0].id);
  EXPECT_EQ(report->detectors[0].records, 2U);
  EXPECT_EQ(report->detectors[0].findings, 1U);
}

/// Remembers what it is told of the cluster.
class Insider final : public Detector {
 public:
  explicit Insider(std::atomic<std::size_t>& inside) : inside_(inside) {}
  [[nodiscard]] std::string_view name() const override { return "insider"; }
  void tick(Micros, const FindingSink&) override {}
  [[nodiscard]] std::size_t bytes() const override { return 0; }
  void set_inside(const std::vector<IpPrefix>& inside) override { inside_ = inside.size(); }
  [[nodiscard]] std::vector<WatchlistStatus> watchlists() const override {
    WatchlistStatus list;
    list.name = "bad";
    list.error = "it is gone";
    return {list};
  }

 private:
  std::atomic<std::size_t>& inside_;
};

TEST_F(EngineTest, DetectorsHearOfTheClusterAndTellOfTheirLists) {
  std::atomic<std::size_t> inside{0};
  std::vector<DetectorSlot> slots;
  slots.push_back({"insider", std::make_unique<Insider>(inside), ""});
  DetectionEngine with({.node = "n1", .tick = 10 * kMillisecond, .book = {.node = "n1"}},
                       std::move(slots), {}, clock, nullptr);
  with.set_inside({*IpPrefix::parse("10.244.0.0/16")});
  with.start();
  ASSERT_TRUE(eventually([&] { return inside == 1; }));
  with.set_inside({*IpPrefix::parse("10.244.0.0/16"), *IpPrefix::parse("fd00::/8")});
  ASSERT_TRUE(eventually([&] { return inside == 2; }));
  ASSERT_EQ(with.report()->watchlists.size(), 1U);
  EXPECT_EQ(with.report()->watchlists[0].error, "it is gone");
}

TEST_F(EngineTest, WhoSubscribedIsToldUntilItLeaves) {
  start();
  Written heard;
  const auto id = engine->subscribe([&](const HistoryBatchPtr& told) { heard.take(told); });
  const auto other = engine->subscribe([](const HistoryBatchPtr&) { FAIL() << "it has left"; });
  engine->unsubscribe(other);
  engine->start();
  engine->take(batch(23));
  ASSERT_TRUE(eventually([&] { return !heard.all().empty(); }));
  EXPECT_EQ(heard.all().front(), written.all().front());
  EXPECT_EQ(heard.all().front()->alerts.front().change, AlertChange::kOpened);
  engine->unsubscribe(id);
}

NameBatchPtr names() {
  auto made = std::make_shared<NameBatch>();
  made->dns.emplace_back().name = "x";
  made->neighbours.emplace_back().link = 3;
  return made;
}

TEST_F(EngineTest, DetectorsAreToldOfNames) {
  start().start();
  engine->take_names(names());
  ASSERT_TRUE(eventually([&] { return !written.all().empty(); }));
  EXPECT_EQ(engine->report()->alerts.at(0)->finding.count, 2U);
  EXPECT_EQ(engine->report()->detectors[0].records, 2U);
}

TEST_F(EngineTest, NamesThatFindNoRoomAreCounted) {
  start();
  for (int i = 0; i < 6; ++i) engine->take_names(names());
  engine->start();
  engine->stop();
  const auto report = engine->report();
  EXPECT_EQ(report->detectors[0].records, 8U);
  EXPECT_EQ(report->lost.at(1).cause, "name_queue_full");
  EXPECT_EQ(report->lost.at(1).count, 4U);
}

TEST_F(EngineTest, WhatWaitsIsLookedAtInTheEnd) {
  start();
  engine->take(batch(23));
  engine->start();
  engine->stop();
  EXPECT_EQ(written.all().size(), 1U);
}

TEST_F(EngineTest, ADetectorThatThrowsIsOffAndSaysSo) {
  start(1).start();
  engine->take(batch(666));
  ASSERT_TRUE(eventually([&] { return !engine->report()->detectors[0].on; }));
  EXPECT_EQ(engine->report()->detectors[0].why, "it failed: no");
  engine->take(batch(23));
  engine->stop();
  EXPECT_TRUE(written.all().empty());
}

TEST_F(EngineTest, WhatFindsNoRoomIsCounted) {
  start();
  for (int i = 0; i < 10; ++i) engine->take(batch(80));
  engine->start();
  ASSERT_TRUE(eventually([&] { return engine->report()->detectors[0].records == 4; }));
  const auto lost = engine->report()->lost;
  ASSERT_EQ(lost.size(), 2U);
  EXPECT_EQ(lost[0].stage, "detect");
  EXPECT_EQ(lost[0].count, 6U);
}

/// Counts records, and keeps how many there were.
class Learns final : public Detector {
 public:
  [[nodiscard]] std::string_view name() const override { return "learns"; }
  void on_flow(const FlowRecord&) override { ++seen; }
  void tick(Micros, const FindingSink&) override {}
  [[nodiscard]] std::size_t bytes() const override { return 8; }
  void save(std::string& out) override { out = "seen " + std::to_string(seen); }
  [[nodiscard]] Status load(std::string_view saved) override {
    if (!saved.starts_with("seen ")) return fail("it is none of mine");
    seen = std::stoi(std::string(saved.substr(5)));
    return {};
  }
  int seen = 0;
};

TEST(LearntState, IsThereAfterARestart) {
  const test::TempDir dir;
  const std::string folder = dir.file("detectors");
  const SystemClock clock;
  for (int start = 1; start <= 2; ++start) {
    std::vector<DetectorSlot> slots;
    auto made = std::make_unique<Learns>();
    slots.push_back({"learns", std::move(made), ""});
    DetectionEngine engine({.node = "n1", .book = {}, .state_directory = folder}, std::move(slots),
                           {}, clock, nullptr);
    engine.take(batch(80));
    engine.start();
    engine.stop();
    Learns kept;
    ASSERT_TRUE(load_learnt(folder, kept));
    EXPECT_EQ(kept.seen, start);
  }
}

TEST(LearntState, WhatIsNoneOfItIsRefusedAndWhatWasThereStays) {
  const test::TempDir dir;
  Learns learns;
  EXPECT_TRUE(load_learnt(dir.path(), learns)) << "nothing was kept";
  learns.seen = 7;
  std::string room;
  ASSERT_TRUE(save_learnt(dir.path(), learns, room));
  std::ofstream(dir.file("learns.state.new")) << "half a fi";
  Learns again;
  ASSERT_TRUE(load_learnt(dir.path(), again));
  EXPECT_EQ(again.seen, 7);
  std::ofstream(dir.file("learns.state")) << "garbage";
  const auto refused = load_learnt(dir.path(), again);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("learns.state: it is none of mine"), std::string::npos);
  EXPECT_FALSE(save_learnt("/proc/nowhere", learns, room));
}

}  // namespace
}  // namespace netprobe
