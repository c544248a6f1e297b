// SPDX-License-Identifier: Apache-2.0
#include "cluster/cluster_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "cluster/testing/fake_agents.h"

namespace netprobe {
namespace {

using testing::FakeAgent;
using testing::FakeDirectory;
using testing::ManualScheduler;
using Manner = FakeAgent::Manner;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Micros kTime = 1'764'000'000LL * 1'000'000;

IdentityPtr pod(const std::string& node) {
  auto identity = std::make_shared<Identity>();
  identity->name = "pod-" + node;
  identity->node = node;
  return identity;
}

/// Three nodes; each has a flow of 100 packets to each other, which both record.
class ClusterStoreTest : public ::testing::Test {
 protected:
  ClusterStoreTest() {
    clock_.set(kTime * kMicrosecond);
    for (const char* name : {"a", "b", "c"}) agents_.push_back(directory_.add(name));
    for (const auto& agent : agents_) {
      const std::string node = agent->state()->node;
      auto batch = std::make_shared<HistoryBatch>();
      batch->node = node;
      std::uint64_t id = 0;
      for (const std::string src : {"a", "b", "c"})
        for (const std::string dst : {"a", "b", "c"}) {
          ++id;
          if (src == dst || (src != node && dst != node)) continue;
          FlowRecord record;
          record.time = kTime + static_cast<Micros>(id);
          record.flow_id = id;
          record.src = pod(src);
          record.dst = pod(dst);
          record.forward.packets = 100;
          batch->flows.push_back(record);
        }
      DropEvent drop;
      drop.packets = 1;
      batch->drops.push_back(drop);
      agent->have(batch);
    }
  }

  using Answer = std::expected<QueryAnswer, QueryFailure>;
  void ask(const std::string& text) {
    const auto query = parse_query(text, kTime * kMicrosecond);
    ASSERT_TRUE(query) << query.error().message;
    request_ = {};
    request_.query = *query;
    answer_.reset();
    store_.query(request_, [this](Answer answer) {
      EXPECT_FALSE(answer_) << "an answer is given once";
      answer_ = std::move(answer);
    });
    scheduler_.run();
  }
  std::uint64_t number() const {
    return answer_ && *answer_ && !(*answer_)->rows.empty()
               ? std::get<std::uint64_t>((*answer_)->rows[0][0])
               : 0;
  }
  const QuerySources& sources() const { return *(*answer_)->sources; }

  ManualClock clock_;
  ManualScheduler scheduler_{clock_};
  FakeDirectory directory_;
  std::vector<std::shared_ptr<FakeAgent>> agents_;
  ClusterStore store_{directory_, scheduler_, clock_};
  QueryRequest request_;
  std::optional<Answer> answer_;
};

TEST_F(ClusterStoreTest, CountsEachFlowOnce) {
  ask("| sum packets, count");
  ASSERT_TRUE(answer_ && *answer_) << "all answer at once";
  EXPECT_EQ(number(), 600U);
  EXPECT_THAT((*answer_)->warnings, IsEmpty());
  EXPECT_FALSE(sources().partial());
  EXPECT_EQ(sources().answered, 3U);
}

/// Else what was just seen is missing until the agent's next minute.
TEST_F(ClusterStoreTest, AgentsAreToldThatTheAnswerIsToBeFresh) {
  ask("| sum packets");
  EXPECT_FALSE(agents_[0]->requests().back().fresh);
  EXPECT_FALSE(agents_[0]->requests().back().live);
  request_.fresh = request_.live = true;
  store_.query(request_, [](const Answer&) {});
  scheduler_.run();
  for (const auto& agent : agents_) {
    EXPECT_TRUE(agent->requests().back().fresh);
    EXPECT_TRUE(agent->requests().back().live) << "what it has in memory";
  }
}

TEST_F(ClusterStoreTest, AnAgentThatIsNotReadyIsToldOfByTheOthers) {
  agents_[0]->change([](AgentState& state) {
    state.link = AgentState::Link::kUnreachable;
    state.problem = "connection refused";
  });
  ask("| sum packets");
  EXPECT_EQ(number(), 600U) << "every flow has its other half";
  EXPECT_TRUE(sources().partial());
  ASSERT_EQ(sources().missing.size(), 1U);
  EXPECT_EQ(sources().missing[0].node, "a");
  EXPECT_THAT((*answer_)->warnings,
              ElementsAre("1 of 3 nodes did not answer: a (connection refused)"));
}

TEST_F(ClusterStoreTest, AnAgentThatFailsIsAskedAboutElsewhere) {
  agents_[1]->behave(Manner::kFails);
  ask("| sum packets");
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ(number(), 600U);
  EXPECT_EQ(agents_[0]->requests().size(), 2U) << "the other halves of b's flows";
  EXPECT_EQ(agents_[1]->requests().size(), 1U);
  EXPECT_THAT((*answer_)->warnings,
              ElementsAre("1 of 3 nodes did not answer: b (the connection broke)"));
}

TEST_F(ClusterStoreTest, OneThatAnswersTooLateIsNotCountedTwice) {
  agents_[1]->behave(Manner::kNever);
  ask("| sum packets");
  EXPECT_FALSE(answer_) << "it may still answer";
  scheduler_.advance(3 * kSecond);
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ(number(), 600U);
  EXPECT_THAT((*answer_)->warnings, Contains(HasSubstr("in time")));
  EXPECT_TRUE(agents_[1]->requests()[0].cancelled->load()) << "it need not go on";
  QueryAnswer late;
  late.columns = {{"x", FieldType::kCount, false}};
  late.rows = {{std::uint64_t{1}}};
  for (auto& done : agents_[1]->take_held()) done(late);
  scheduler_.advance(10 * kSecond);
}

TEST_F(ClusterStoreTest, TheDeadlineEndsIt) {
  for (const auto& agent : agents_) agent->behave(Manner::kNever);
  ask("| sum packets");
  scheduler_.advance(4'999 * kMillisecond);
  scheduler_.advance(1 * kMillisecond);
  ASSERT_TRUE(answer_);
  ASSERT_FALSE(*answer_);
  EXPECT_EQ(answer_->error().kind, QueryFailure::Kind::kNoStore);
  EXPECT_THAT(answer_->error().message, HasSubstr("3 of 3 nodes did not answer"));
}

TEST_F(ClusterStoreTest, OneThatFailsWhenAskedAgainIsToldOf) {
  agents_[1]->behave(Manner::kFails);
  agents_[2]->behave_after(1, Manner::kFails);
  ask("| sum packets");
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ(number(), 500U) << "b to c is told by neither";
  EXPECT_THAT((*answer_)->warnings, Contains("flows between b and c may be missing"));
  EXPECT_THAT((*answer_)->warnings, Contains("c answered in part: the connection broke"));
}

TEST_F(ClusterStoreTest, GarbageIsOneAgentsFailure) {
  agents_[2]->behave(Manner::kGarbage);
  ask("| sum packets by src.node");
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ((*answer_)->rows.size(), 3U);
  EXPECT_THAT((*answer_)->warnings, Contains(HasSubstr("no answer to the question")));
}

TEST_F(ClusterStoreTest, WhatAUserCanAskOtherwiseIsAFailure) {
  agents_[2]->behave(Manner::kTooBroad);
  ask("| sum packets");
  ASSERT_TRUE(answer_);
  ASSERT_FALSE(*answer_);
  EXPECT_EQ(answer_->error().kind, QueryFailure::Kind::kTooBroad);
  EXPECT_EQ(answer_->error().message, "c: it read too many rows");
}

TEST_F(ClusterStoreTest, NodesWithoutAnAgentAreMissing) {
  directory_.know({"a", "b", "c", "d"});
  ask("| sum packets");
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ(number(), 600U);
  EXPECT_EQ(sources().asked, 4U);
  EXPECT_EQ(sources().answered, 3U);
  EXPECT_THAT((*answer_)->warnings,
              ElementsAre("1 of 4 nodes did not answer: d (no agent was found on it)"));
}

TEST_F(ClusterStoreTest, TwoAgentsWithOneNameAreToldOf) {
  directory_.add("a");
  ask("| sum packets");
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ(sources().answered, 4U);
  EXPECT_THAT((*answer_)->warnings,
              ElementsAre(HasSubstr("several agents call their node 'a': 10.0.0.1:8082 and "
                                    "10.0.0.4:8082")));
}

TEST_F(ClusterStoreTest, DropsAreAskedOnceAndOfAll) {
  agents_[0]->behave(Manner::kFails);
  ask("drops | sum packets");
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ(number(), 2U);
  EXPECT_EQ(agents_[1]->requests().size(), 1U) << "nobody else can tell of a's drops";
}

TEST_F(ClusterStoreTest, CancelReachesTheAgents) {
  agents_[0]->behave(Manner::kNever);
  ask("| sum packets");
  request_.cancelled->store(true);
  scheduler_.advance(200 * kMillisecond);
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->error().kind, QueryFailure::Kind::kCancelled);
  EXPECT_TRUE(agents_[0]->requests()[0].cancelled->load());
}

TEST_F(ClusterStoreTest, StopAnswersWhatIsAsked) {
  agents_[0]->behave(Manner::kNever);
  ask("| sum packets");
  store_.stop();
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->error().kind, QueryFailure::Kind::kCancelled);
  ask("| count");
  ASSERT_TRUE(answer_) << "after it nothing is asked";
  EXPECT_EQ(answer_->error().kind, QueryFailure::Kind::kCancelled);
}

TEST_F(ClusterStoreTest, PagesOfRecordsGoOverAllNodes) {
  ask("flows | fields time, src.node, dst.node");
  ASSERT_TRUE(answer_ && *answer_);
  const auto all = (*answer_)->rows;
  ASSERT_EQ(all.size(), 6U);
  std::vector<std::vector<Value>> paged;
  std::string cursor;
  for (int page = 0; page < 10; ++page) {
    request_.limits.rows = 2;
    request_.cursor = cursor;
    answer_.reset();
    store_.query(request_, [this](Answer answer) { answer_ = std::move(answer); });
    scheduler_.run();
    ASSERT_TRUE(answer_ && *answer_);
    paged.insert(paged.end(), (*answer_)->rows.begin(), (*answer_)->rows.end());
    cursor = (*answer_)->cursor;
    if (cursor.empty()) break;
  }
  EXPECT_EQ(paged, all);
}

/// Half of a large cluster is silent: the filter still fits into a question, or the
/// answer says what may be missing.
TEST_F(ClusterStoreTest, ManySilentNodesAreToldOf) {
  std::vector<std::string> nodes{"a", "b", "c"};
  for (int i = 0; i < 2'000; ++i) nodes.push_back("a-node-with-a-long-name-" + std::to_string(i));
  directory_.know(nodes);
  ask("| sum packets");
  ASSERT_TRUE(answer_ && *answer_) << answer_->error().message;
  EXPECT_EQ(number(), 600U);
  EXPECT_EQ(sources().missing.size(), QuerySources::kMostMissing);
  EXPECT_THAT((*answer_)->warnings, Contains(HasSubstr("so many nodes do not answer")));
}

TEST_F(ClusterStoreTest, SaysHowItStands) {
  agents_[0]->change([](AgentState& state) { state.lost = {{"flow_table/evicted", 3}}; });
  agents_[1]->change([](AgentState& state) {
    state.link = AgentState::Link::kRefused;
    state.lost = {{"flow_table/evicted", 9}};
  });
  const HistoryStatus status = store_.status();
  EXPECT_EQ(status.engine, "agents");
  EXPECT_EQ(status.where, "2 of 3 nodes");
  EXPECT_THAT(status.problem, HasSubstr("b (it refuses to talk to this server)"));
  EXPECT_THAT(status.lost, ElementsAre(std::pair("flow_table/evicted", 3U)));
}

/// Threads of its own, agents that answer on others, clients that give up.
TEST(ClusterStoreThreads, ManyQuestionsAtOnce) {
  SystemClock clock;
  FakeDirectory directory;
  std::vector<std::shared_ptr<FakeAgent>> agents;
  for (int i = 0; i < 20; ++i) {
    agents.push_back(directory.add("node-" + std::to_string(i)));
    auto batch = std::make_shared<HistoryBatch>();
    batch->node = "node-" + std::to_string(i);
    batch->flows.resize(10);
    for (auto& flow : batch->flows) flow.src = pod(batch->node);
    agents.back()->have(batch);
  }
  for (std::size_t i = 0; i < 5; ++i) agents[i]->behave(Manner::kFails);
  agents[5]->behave(Manner::kGarbage);
  agents[6]->behave(Manner::kNever);
  ThreadScheduler scheduler(3);
  ClusterStore store(directory, scheduler, clock, {.deadline = 300 * kMillisecond});
  const auto query = parse_query("| count", 0);
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int client = 0; client < 4; ++client)
    clients.emplace_back([&] {
      for (int i = 0; i < 3; ++i) {
        QueryRequest request;
        request.query = *query;
        auto promise = std::make_shared<std::promise<std::uint64_t>>();
        store.query(request, [promise](auto answer) {
          promise->set_value(answer ? std::get<std::uint64_t>(answer->rows[0][0]) : 0);
        });
        if (promise->get_future().get() == 130) ++right;
      }
    });
  std::thread flapping([&] {
    for (int i = 0; i < 100; ++i) {
      agents[0]->change([&](AgentState& state) {
        state.link = i % 2 == 0 ? AgentState::Link::kUnreachable : AgentState::Link::kReady;
      });
      std::this_thread::yield();
    }
  });
  for (auto& client : clients) client.join();
  flapping.join();
  store.stop();
  scheduler.stop();
  EXPECT_EQ(right, 12);
}

}  // namespace
}  // namespace netprobe
