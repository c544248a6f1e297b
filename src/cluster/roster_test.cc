// SPDX-License-Identifier: Apache-2.0
#include "cluster/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/testing/fake_agents.h"

namespace netprobe {
namespace {

using ::testing::ElementsAre;
using testing::FakeAgent;
using testing::FakeDirectory;
using ::testing::IsEmpty;

class RosterTest : public ::testing::Test {
 protected:
  /// An agent that was not reached since it was found.
  std::shared_ptr<FakeAgent> found() {
    auto agent = directory_.add("");
    agent->change([](AgentState& state) { state.link = AgentState::Link::kConnecting; });
    return agent;
  }
  static QuerySources sources(const Roster& roster) {
    QuerySources sources{.asked = roster.expected(), .answered = roster.ready.size()};
    sources.missing = roster.missing;
    return sources;
  }

  FakeDirectory directory_;
};

TEST_F(RosterTest, AnAgentThatWasNeverReachedAndItsNodeAreOne) {
  directory_.know({"a", "b", "c"});
  directory_.add("a");
  directory_.place(found()->state()->address, "b");
  directory_.place(found()->state()->address, "c");
  const Roster roster = roster_of(directory_);
  EXPECT_EQ(roster.expected(), 3U);
  EXPECT_THAT(roster.silent, ElementsAre("b", "c"));
  EXPECT_EQ(missing_sentence(sources(roster)),
            "2 of 3 nodes did not answer: b (it was not reached yet), c (it was not reached yet)");
  EXPECT_THAT(nodes_without_agent(directory_), IsEmpty());
}

/// Where nobody says which node an address leads to, the two lists may be of the same.
TEST_F(RosterTest, AgentsOfUnknownNodesAreNotCountedBesidesNodesWithoutAgents) {
  directory_.know({"a", "b", "c"});
  directory_.add("a");
  found();
  const Roster roster = roster_of(directory_);
  EXPECT_EQ(roster.absent(), 2U) << "the agent is on b or c, or there would be four";
  EXPECT_EQ(roster.expected(), 3U);
  EXPECT_THAT(roster.silent, ElementsAre("b", "c"));
  EXPECT_EQ(missing_sentence(sources(roster)),
            "2 of 3 nodes did not answer: 10.0.0.2:8082 (it was not reached yet), b (no agent was "
            "found on it), c (no agent was found on it)");
  EXPECT_THAT(nodes_without_agent(directory_), ElementsAre("b", "c"));
}

TEST_F(RosterTest, WithoutKnownNodesEachAgentCounts) {
  directory_.add("a");
  found();
  found();
  EXPECT_EQ(roster_of(directory_).expected(), 3U);
}

/// What an agent says of itself goes before what the cluster says of its address.
TEST_F(RosterTest, AnAgentsOwnWordGoesFirst) {
  const auto agent = directory_.add("a");
  directory_.place(agent->state()->address, "b");
  EXPECT_EQ(node_of(directory_, *agent->state()), "a");
}

}  // namespace
}  // namespace netprobe
