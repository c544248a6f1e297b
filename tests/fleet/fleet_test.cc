// SPDX-License-Identifier: Apache-2.0
// The real server among simulated agents: what it tells of them is right, in health and
// in trouble.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "fleet/cluster_run.h"
#include "fleet/fault_check.h"
#include "fleet/stream_reader.h"

namespace netprobe::test {
namespace {

constexpr std::size_t kAgents = 50;
constexpr int kQuestions = 2;

class FleetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto run = ClusterRun::start(kAgents);
    ASSERT_TRUE(run) << run.error().message;
    run_.emplace(std::move(*run));
    const auto there = run_->wait_for_agents(kAgents);
    ASSERT_TRUE(there) << there.error().message << run_->server_log();
  }
  void tell(const std::string& what) {
    const auto done = run_->fleet(what);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::optional<ClusterRun> run_;
};

TEST_F(FleetTest, AnswersAreRightWhateverHappensToSomeAgents) {
  tell("/rate?kept=100");
  std::this_thread::sleep_for(std::chrono::seconds(2));
  tell("/rate");
  const auto answers = check_faults(*run_, kAgents, kQuestions);
  ASSERT_TRUE(answers) << answers.error().message << run_->server_log();
  EXPECT_GE(answers->size(), 6U * kQuestions);
  for (const FaultAnswer& answer : *answers)
    EXPECT_EQ(answer.wrong, "") << answer.situation << ", " << answer.answered << " answered";
  EXPECT_TRUE(answers->front().partial || answers->front().missing_flows == 0);
  EXPECT_TRUE(answers->at(kQuestions).partial) << answers->at(kQuestions).situation;
  EXPECT_GT(answers->at(kQuestions).missing_flows, 0U);
  EXPECT_TRUE(answers->back().partial || answers->back().missing_flows == 0);
}

TEST_F(FleetTest, EveryRecordOfALiveStreamArrivesOnceOrIsToldToBeLost) {
  StreamReader reader(run_->url("/api/stream"));
  ASSERT_TRUE(reader.wait_until_open());
  // Each agent has a stream before the first record is made.
  for (std::uint64_t seen = 0; seen < kAgents;) {
    const auto page = run_->fleet("/listeners");
    ASSERT_TRUE(page) << page.error().message;
    seen = std::stoull(*page);
  }
  tell("/rate?told=100");
  std::this_thread::sleep_for(std::chrono::seconds(2));
  tell("/rate");
  const auto counts = run_->counts();
  EXPECT_GE(counts.told, kAgents * 100);
  for (int i = 0; i < 600 && reader.records() + reader.lost() < counts.told; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(reader.records() + reader.lost(), counts.told);
  EXPECT_GT(reader.records(), 0U);
  tell("/rate?told=10");  // the reader ends with the next line
}

}  // namespace
}  // namespace netprobe::test
