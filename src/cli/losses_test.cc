// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/flow_view.h"
#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace netprobe::testing;

const std::string kLoss =
    R"({"from":{"interface":"flannel.1","role":"tunnel","direction":"egress"},)"
    R"("to":{"interface":"eth0","role":"uplink","direction":"egress"},)"
    R"("flow":{"id":7,"src_ip":"10.244.1.2","dst_ip":"fd00::9","src_port":4000,"dst_port":53,)"
    R"("protocol":"udp"},"packets":12,"entered":100,"left":88,)"
    R"("explained_by":[{"reason":"NETFILTER_DROP","location":"x","packets":12}],"unexplained":0})";
const std::string kUnknown =
    R"({"from":{"interface":"cni0","role":"bridge","direction":"ingress"},"to":null,)"
    R"("flow":{"src_ip":"10.244.1.2","dst_ip":"10.9.9.9","protocol":"icmp"},"packets":3,)"
    R"("entered":3,"left":0,"explained_by":[],"unexplained":3})";

std::string answer(int unwatched) {
  return R"({"losses":[)" + kLoss + "," + kUnknown + R"(],"conditions":{"unwatched_interfaces":)" +
         std::to_string(unwatched) + "}}";
}

TEST(LossesCommand, ShowsATable) {
  FakeAgent agent;
  agent.answer("/api/losses", answer(0));
  const auto run = run_netprobe({"losses", "--agent", agent.url(), "--role", "tunnel", "--since",
                                 "15m", "--ip", "10.0.0.0/8"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("LOST  FROM"));
  EXPECT_THAT(run.out, HasSubstr("12  flannel.1     eth0"));
  EXPECT_THAT(run.out, HasSubstr("[fd00::9]:53"));
  EXPECT_THAT(run.out, HasSubstr("NETFILTER_DROP"));
  EXPECT_THAT(run.out, HasSubstr("3  cni0          ?"));
  EXPECT_THAT(run.out, HasSubstr("unexplained"));
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(agent.requests(),
              ElementsAre("/api/losses?limit=100&ip=10.0.0.0%2F8&role=tunnel&since=15m"));
}

TEST(LossesCommand, SaysWhatItCannotSee) {
  FakeAgent agent;
  agent.answer("/api/losses", answer(2));
  const auto run = run_netprobe({"losses", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.err, HasSubstr("2 interfaces are up and not watched"));
}

TEST(LossesCommand, PrintsObjectsAsTheAgentWroteThem) {
  FakeAgent agent;
  agent.answer("/api/losses", answer(2));
  const auto run = run_netprobe({"losses", "--agent", agent.url(), "-o", "json"});
  EXPECT_EQ(run.out, kLoss + "\n" + kUnknown + "\n");
}

TEST(FlowView, MarksALoss) {
  const auto view = parse_flow(R"({"protocol":"udp","losses":[)" + kLoss + "," + kUnknown + "]}");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->lost, "lost 12 flannel.1→eth0 (NETFILTER_DROP), lost 3 cni0→? (unexplained)");
}

}  // namespace
}  // namespace netprobe
