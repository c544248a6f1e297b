// SPDX-License-Identifier: Apache-2.0
// Sockets at the edges of what a probe can see: each of these was once told
// wrong.
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "connections.h"

namespace netprobe::test {
namespace {

/// What the socket probe says that it lost, by cause.
std::vector<std::string> causes(const Agent& agent) {
  std::vector<std::string> result;
  const Json probes = agent.json("/api/probes");
  for (const auto probe : simdjson::dom::array(probes["probes"])) {
    if (text_of(probe, "name") != "socket") continue;
    for (const auto lost : simdjson::dom::array(probe["lost"]))
      result.push_back(text_of(lost, "cause"));
  }
  return result;
}

TEST_F(Connections, RunsThatTheKernelLeftOutHaveACounter) {
  start();
  EXPECT_NE(std::ranges::count(causes(*agent_), "recursion"), 0);
}

}  // namespace
}  // namespace netprobe::test
