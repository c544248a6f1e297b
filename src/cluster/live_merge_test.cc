// SPDX-License-Identifier: Apache-2.0
#include "cluster/live_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "cluster/testing/fake_agents.h"

namespace netprobe {
namespace {

using testing::FakeAgent;
using testing::FakeDirectory;
using testing::ManualScheduler;
using Kind = LiveItem::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Micros kTime = 1'764'000'000LL * 1'000'000;

LiveBatch batch(const std::string& node, std::vector<Micros> times, std::uint64_t first_id = 1) {
  auto records = std::make_shared<HistoryBatch>();
  records->node = node;
  for (const Micros time : times) {
    FlowRecord record;
    record.time = kTime + time;
    record.flow_id = first_id++;
    records->flows.push_back(record);
  }
  LiveBatch batch;
  batch.node = node;
  batch.records = records;
  return batch;
}

class LiveMergeTest : public ::testing::Test {
 protected:
  LiveMergeTest() {
    a_ = directory_.add("a");
    b_ = directory_.add("b");
  }
  void start(const std::string& text, LiveMergeOptions options = {}) {
    const auto query = parse_query(text, 0);
    ASSERT_TRUE(query) << query.error().message;
    merge_ =
        LiveMerge::start(*query, directory_, scheduler_, clock_, options, [this] { ++ready_; });
  }
  /// What is told after so long: "a:3", "a:2 late", "b joined" …
  std::vector<std::string> told(Nanos after = kSecond) {
    scheduler_.advance(after);
    std::vector<std::string> all;
    for (const LiveItem& item : merge_->take(1'000)) {
      std::string text = item.node;
      if (item.kind == Kind::kRecord)
        text += ":" + std::to_string(item.record.record->time - kTime) + (item.late ? " late" : "");
      if (item.kind == Kind::kLost) text += " lost " + std::to_string(item.count);
      if (item.kind == Kind::kJoined) text += " joined";
      if (item.kind == Kind::kLeft) text += " left: " + item.problem;
      if (item.kind == Kind::kWindow)
        text += "window " + std::to_string(std::get<std::uint64_t>(item.window->rows[0][1])) +
                " of " + std::to_string(item.window->sources->answered);
      all.push_back(text);
    }
    return all;
  }
  static void leave(const std::shared_ptr<FakeAgent>& agent, AgentState::Link link) {
    agent->change([link](AgentState& state) { state.link = link; });
  }

  ManualClock clock_{kTime * kMicrosecond};
  ManualScheduler scheduler_{clock_};
  FakeDirectory directory_;
  std::shared_ptr<FakeAgent> a_;
  std::shared_ptr<FakeAgent> b_;
  std::shared_ptr<LiveMerge> merge_;
  int ready_ = 0;
};

TEST_F(LiveMergeTest, StreamsAreOneInTheOrderOfTime) {
  start("dst.port=443");
  ASSERT_EQ(a_->streams().size(), 1U);
  EXPECT_THAT(canonical(a_->streams()[0].query), HasSubstr("reporter=src"))
      << "what counts is told by the agent";
  a_->tell(batch("a", {1, 5, 7}));
  b_->tell(batch("b", {2, 6, 3}));
  scheduler_.advance(200 * kMillisecond);
  EXPECT_EQ(ready_, 0) << "an older one may come";
  a_->tell(batch("a", {4}, 9));
  EXPECT_THAT(told(), ElementsAre("a:1", "b:2", "b:3", "a:5", "b:6", "a:7", "a:4 late"));
  EXPECT_GT(ready_, 0);
}

TEST_F(LiveMergeTest, AgentsThatComeAndGoAreTold) {
  start("");
  EXPECT_THAT(told(), IsEmpty());
  b_->change([](AgentState& state) {
    state.link = AgentState::Link::kUnreachable;
    state.problem = "connection refused";
  });
  EXPECT_THAT(told(), ElementsAre("b left: connection refused"));
  leave(b_, AgentState::Link::kReady);
  EXPECT_THAT(told(), ElementsAre("b joined"));
  const auto c = directory_.add("c");
  EXPECT_THAT(told(), ElementsAre("c joined"));
  EXPECT_EQ(c->streams().size(), 1U);
  directory_.remove(c);
  EXPECT_THAT(told(), ElementsAre("c left: it cannot be reached"));
  EXPECT_TRUE(*c->streams()[0].cancelled);
}

/// The other halves of a node that went are asked for; what both streams tell in the
/// meantime is told once, and nothing falls between.
/// A stream without them is not whole, from its first record on.
TEST_F(LiveMergeTest, AgentsThatAreNotThereAtTheStartAreTold) {
  directory_.know({"a", "b", "c"});
  b_->change([](AgentState& state) {
    state.link = AgentState::Link::kUnreachable;
    state.problem = "connection refused";
  });
  start("");
  EXPECT_THAT(told(),
              ElementsAre("b left: connection refused", "c left: no agent was found on it"));
  leave(b_, AgentState::Link::kReady);
  EXPECT_THAT(told(), ElementsAre("b joined"));
}

TEST_F(LiveMergeTest, StreamsAreReplacedWithoutAHole) {
  start("");
  leave(b_, AgentState::Link::kUnreachable);
  scheduler_.advance(200 * kMillisecond);
  ASSERT_EQ(a_->streams().size(), 2U);
  EXPECT_THAT(canonical(a_->streams()[1].query), HasSubstr("src.node=b"));
  EXPECT_EQ(a_->tell(batch("a", {1, 2})), 2U) << "both streams tell of it";
  EXPECT_THAT(told(), ElementsAre("b left: it cannot be reached", "a:1", "a:2"));
  scheduler_.advance(5 * kSecond);
  EXPECT_EQ(a_->tell(batch("a", {3}, 3)), 1U);
  EXPECT_THAT(told(), ElementsAre("a:3"));
}

TEST_F(LiveMergeTest, LossesOfAgentsAreTold) {
  start("");
  auto some = batch("a", {1});
  some.lost = 7;
  a_->tell(some);
  EXPECT_THAT(told(), ElementsAre("a lost 7", "a:1"));
}

TEST_F(LiveMergeTest, ASlowClientLosesAndHearsOfIt) {
  start("", {.most_waiting = 10});
  std::vector<Micros> times(25);
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<Micros>(i);
  a_->tell(batch("a", times));
  EXPECT_EQ(merge_->kept(), 5U);
  auto all = told();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0], "a lost 20");
  EXPECT_EQ(all[1], "a:0");
  EXPECT_EQ(merge_->kept(), 0U);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(LiveMergeTest, WhoFloodsTakesNoRoomOfOthers) {
  start("", {.most_waiting = 100});
  const std::vector<Micros> flood(5'000, 3);
  for (int round = 0; round < 10; ++round) {
    a_->tell(batch("a", flood, 1 + 5'000 * static_cast<std::uint64_t>(round)));
    b_->tell(batch("b", {1, 2}, 1 + 2 * static_cast<std::uint64_t>(round)));
    EXPECT_LE(merge_->kept(), 100U);
  }
  const auto all = told();
  EXPECT_EQ(std::ranges::count(all, "b:1"), 10);
  EXPECT_EQ(std::ranges::count(all, "b:2"), 10);
  EXPECT_EQ(std::ranges::count(all, "a:3"), 50);
  EXPECT_EQ(all[0], "a lost 49950");
  // What was taken is room again, for whoever it is.
  a_->tell(batch("a", {9}, 99'999));
  EXPECT_THAT(told(), ElementsAre("a:9"));
}

class LiveWindows : public LiveMergeTest {
 protected:
  /// An agent's window: one group "x" with so many.
  static LiveBatch window(const std::string& node, Micros begin, std::uint64_t count) {
    auto answer = std::make_shared<QueryAnswer>();
    answer->columns = {{"src.node", FieldType::kText, false}, {"count", FieldType::kCount, false}};
    answer->rows = {{Value("x"), count}};
    answer->since = kTime + begin;
    answer->until = kTime + begin + 10;
    LiveBatch batch;
    batch.node = node;
    batch.window = answer;
    return batch;
  }
};

TEST_F(LiveWindows, AreMergedWhenAllTold) {
  start("| count by src.node");
  a_->tell(window("a", 10, 3));
  EXPECT_THAT(told(kSecond), IsEmpty());
  b_->tell(window("b", 10, 4));
  EXPECT_THAT(told(kSecond), ElementsAre("window 7 of 2"));
}

TEST_F(LiveWindows, DoNotWaitForeverAndTellWhatCameLate) {
  start("| count by src.node");
  a_->tell(window("a", 10, 3));
  EXPECT_THAT(told(3 * kSecond), ElementsAre("window 3 of 1"));
  b_->tell(window("b", 10, 4));
  EXPECT_THAT(told(), ElementsAre("b lost 1"));
}

TEST_F(LiveWindows, GarbageIsTheAgentsLoss) {
  start("| count by src.node");
  auto odd = window("a", 10, 3);
  auto answer = std::make_shared<QueryAnswer>(*odd.window);
  answer->rows[0].pop_back();
  odd.window = answer;
  a_->tell(odd);
  b_->tell(window("b", 10, 4));
  EXPECT_THAT(told(3 * kSecond), ElementsAre("a lost 1", "window 4 of 1"));
}

TEST_F(LiveMergeTest, StopEndsTheStreams) {
  start("");
  merge_->stop();
  EXPECT_TRUE(*a_->streams()[0].cancelled);
  EXPECT_EQ(a_->tell(batch("a", {1})), 0U);
  EXPECT_THAT(told(), IsEmpty());
}

TEST(LiveMergeThreads, AgentsTellAndGoWhileAClientTakes) {
  SystemClock clock;
  ThreadScheduler scheduler(2);
  FakeDirectory directory;
  std::vector<std::shared_ptr<FakeAgent>> agents;
  for (int i = 0; i < 4; ++i) agents.push_back(directory.add("node-" + std::to_string(i)));
  const auto merge =
      LiveMerge::start({}, directory, scheduler, clock,
                       {.hold_back = 5 * kMillisecond, .look_every = kMillisecond}, nullptr);
  constexpr std::uint64_t kEach = 500;
  std::vector<std::thread> threads;
  for (std::size_t at = 0; at < agents.size(); ++at)
    threads.emplace_back([&, at] {
      const std::string node = "node-" + std::to_string(at);
      for (std::uint64_t i = 1; i <= kEach; ++i)
        agents[at]->tell(batch(node, {static_cast<Micros>(i)}, i));
    });
  threads.emplace_back([&] {
    for (int i = 0; i < 20; ++i) {
      agents[0]->change([&](AgentState& state) {
        state.link = i % 2 == 0 ? AgentState::Link::kUnreachable : AgentState::Link::kReady;
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  std::uint64_t records = 0;
  while (records < agents.size() * kEach) {
    for (const LiveItem& item : merge->take(100)) {
      ASSERT_NE(item.kind, Kind::kLost);
      records += item.kind == Kind::kRecord ? 1 : 0;
    }
    std::this_thread::yield();
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(records, agents.size() * kEach) << "each once";
  merge->stop();
  scheduler.stop();
}

}  // namespace
}  // namespace netprobe
