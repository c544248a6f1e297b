// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::testing;

std::string answer(const std::string& inside) {
  return R"({"drops":[{"reason":"NETFILTER_DROP","hook":"netfilter","location":"nft_do_chain+0x1",)"
         R"("interface":"eth0","ifindex":2,"netns":7,"src_ip":"10.88.0.1","dst_ip":"10.88.0.2",)"
         R"("src_port":50000,"dst_port":8472,"protocol":"udp",)" +
         inside +
         R"("count":10,"bytes":1000,"first_seen":"2026-01-02T03:04:05.678Z",)"
         R"("last_seen":"2026-01-02T03:04:05.678Z"}],"total":1,"totals":[],"next_cursor":null,)"
         R"("completeness":{"complete":true,"lost":{}}})";
}

TEST(DropsCommand, ShowsWhatWasInTheTunnel) {
  FakeAgent agent;
  agent.answer("/api/drops",
               answer(R"("tunnel":"vxlan","vni":1,"inner_src_ip":"10.244.1.3",)"
                      R"("inner_dst_ip":"fd10::2","inner_src_port":40000,"inner_dst_port":80,)"
                      R"("inner_protocol":"tcp",)"));
  const auto run = run_netprobe({"drops", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("10.88.0.2:8472"));
  EXPECT_THAT(run.out, HasSubstr("10.244.1.3:40000 → [fd10::2]:80 tcp (vxlan 1)"));
}

TEST(DropsCommand, ShowsNothingWhereNothingWasInside) {
  FakeAgent agent;
  agent.answer("/api/drops", answer(""));
  const auto run = run_netprobe({"drops", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("10.88.0.2:8472"));
  EXPECT_THAT(run.out, Not(HasSubstr("→")));
}

TEST(ListCommands, FilterByNames) {
  for (const std::string command : {"connections", "drops", "losses"}) {
    FakeAgent agent;
    agent.answer("/api/" + command, R"({")" + command +
                                        R"(":[],"next_cursor":null,)"
                                        R"("completeness":{"complete":true,"lost":{}}})");
    const auto run = run_netprobe({command, "--agent", agent.url(), "--dst-pod", "web 1", "--label",
                                   "app=x", "--label", "tier", "--zone", "a"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    ASSERT_EQ(agent.requests().size(), 1U) << command;
    EXPECT_THAT(agent.requests()[0], HasSubstr("&dst_pod=web%201&label=app%3Dx&label=tier&zone=a"));
    const auto bad = run_netprobe({command, "--pod", "a/b/c"});
    EXPECT_EQ(bad.exit_code, 2);
    EXPECT_THAT(bad.err, HasSubstr("'a/b/c' is not a value for pod"));
    EXPECT_EQ(run_netprobe({command, "--direction", "egress"}).exit_code, 2) << "of flows alone";
  }
}

}  // namespace
}  // namespace netprobe
