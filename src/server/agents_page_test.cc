// SPDX-License-Identifier: Apache-2.0
// What /api/agents says of agents that misbehave.
#include "server/agents_page.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "cluster/testing/fake_agents.h"

namespace netprobe {
namespace {

TEST(AgentsPage, TellsWhatAnAgentDidThatCannotBe) {
  testing::FakeDirectory directory;
  directory.add("good");
  directory.add("evil")->change([](AgentState& state) {
    state.link = AgentState::Link::kRefused;
    state.problem = "the agent at 10.0.0.9:8082 is cut off for a while: it sent \"rubbish\"";
    state.failures = 3;
    state.faults = {{"unreadable", 2}, {"silent", 1}};
    state.left_out = {"column 'colour' of flows"};
  });
  const auto page = boost::json::parse(agents_page(directory)).as_object();
  EXPECT_EQ(page.at("ready").to_number<int>(), 1);
  const auto& evil = page.at("agents").as_array().at(0).as_object();
  EXPECT_EQ(evil.at("state").as_string(), "refused");
  EXPECT_EQ(evil.at("problem").as_string(),
            "the agent at 10.0.0.9:8082 is cut off for a while: it sent \"rubbish\"");
  EXPECT_EQ(boost::json::serialize(evil.at("faults")), R"({"unreadable":2,"silent":1})");
  EXPECT_EQ(boost::json::serialize(evil.at("left_out")), R"(["column 'colour' of flows"])");
  const auto& good = page.at("agents").as_array().at(1).as_object();
  EXPECT_EQ(boost::json::serialize(good.at("faults")), "{}");
  EXPECT_FALSE(good.contains("problem"));
}

}  // namespace
}  // namespace netprobe
