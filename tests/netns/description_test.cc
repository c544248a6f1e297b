// SPDX-License-Identifier: Apache-2.0
// What the agent answers with real traffic behind it, held against its own
// description of it.
#include <gtest/gtest.h>

#include "agent.h"
#include "cluster.h"
#include "support/json_schema.h"

namespace netprobe::test {
namespace {

TEST(Description, HoldsForTheRealAgent) {
  if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
  if (!have_program("socat")) GTEST_SKIP() << "needs the program socat";
  auto made = NodeAndPod::make();
  ASSERT_TRUE(made) << made.error().message;
  auto agent = Agent::start(made->node);
  ASSERT_TRUE(agent) << agent.error().message;
  auto server = made->node.start({"socat", "-u", "-d", "-d", "TCP4-LISTEN:7007", "OPEN:/dev/null"});
  ASSERT_TRUE(server);
  ASSERT_TRUE(server->wait_for_output("listening", kPatience));
  auto client =
      made->pod.start({"sh", "-c", "(echo data; sleep 30) | socat -u - TCP4:10.77.0.1:7007"});
  ASSERT_TRUE(client);
  // And one that nobody takes: a refusal, and a drop.
  auto refused = made->pod.start({"sh", "-c", "echo | socat -u - TCP4:10.77.0.1:7008"});
  ASSERT_TRUE(refused);
  const auto flows = flows_when(
      *agent, "port=7007", [](const Json& page) { return number_of(page.root(), "total") > 0; });
  ASSERT_GT(number_of(flows.root(), "total"), 0U);
  ASSERT_TRUE(eventually(
      [&] { return number_of(agent->json("/api/connections?port=7007").root(), "total") > 0; }));

  const testing::JsonSchema schema(boost::json::parse(agent->get("/api/openapi.json")));
  std::size_t checked = 0;
  for (const auto& path : schema.json_paths()) {
    if (path.starts_with("/api/query/")) continue;   // nobody has an address: no cluster
    if (path.starts_with("/api/advise/")) continue;  // nor anybody a policy
    ++checked;
    EXPECT_EQ(schema.check_answer(path, 200, agent->get(path)), std::vector<std::string>{}) << path;
  }
  EXPECT_GE(checked, 18U);
}

}  // namespace
}  // namespace netprobe::test
