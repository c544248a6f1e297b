// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/status_view.h"
#include "cli/testing/answers.h"
#include "cli/top_view.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

StatusView status_of(const std::string& probes, int difference) {
  return {"http://a", *parse_probes(probes), *parse_interfaces(testing::kInterfaces),
          *parse_stats(testing::stats(difference))};
}

TEST(AgentView, ReadsWhatTheAgentSays) {
  const auto probes = parse_probes(testing::kProbes);
  ASSERT_TRUE(probes);
  ASSERT_EQ(probes->size(), 2U);
  EXPECT_EQ((*probes)[0].rung, "tcx");
  EXPECT_EQ((*probes)[0].lost, 3U);
  const auto interfaces = parse_interfaces(testing::kInterfaces);
  ASSERT_TRUE(interfaces);
  EXPECT_TRUE((*interfaces)[0].attached);
  EXPECT_EQ((*interfaces)[0].tx_packets, 500U);
  EXPECT_DOUBLE_EQ((*interfaces)[0].rx_bytes_per_second, 3400);
  const auto stats = parse_stats(testing::stats(-4));
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->live_flows, 250U);
  EXPECT_EQ(stats->unattributed, (NamedCounts{{"non_ip", 10}}));
  ASSERT_EQ(stats->differences.size(), 1U);
  EXPECT_EQ(stats->differences[0].second, -4);
}

TEST(AgentView, OtherAnswersAreErrors) {
  for (const char* bad : {"", "<html>", "[]", "{}", R"({"probes":1,"interfaces":1})"}) {
    EXPECT_FALSE(parse_probes(bad)) << bad;
    EXPECT_FALSE(parse_interfaces(bad)) << bad;
    EXPECT_FALSE(parse_stats(bad)) << bad;
  }
}

TEST(Status, HealthyUnlessAProbeFailedOrPacketsAreMissing) {
  EXPECT_FALSE(is_degraded(status_of(testing::kProbes, 0)));
  EXPECT_TRUE(is_degraded(status_of(testing::kFailedProbes, 0)));
  EXPECT_TRUE(is_degraded(status_of(testing::kProbes, 5)));
  EXPECT_TRUE(is_degraded(status_of(testing::kProbes, -5)));
}

TEST(Status, SaysWhatAndWhy) {
  const auto healthy = render_status(status_of(testing::kProbes, 0), false);
  for (const char* expected :
       {"healthy", "6.6 or later", "it is down", "accounting: exact", "non_ip: 10",
        "flow.ring_full: 3", "250 of 1.0k flows (25 %)", "3.4 kB/s"})
    EXPECT_THAT(healthy, HasSubstr(expected));
  EXPECT_THAT(healthy, Not(HasSubstr("\x1b")));
  const auto degraded = render_status(status_of(testing::kFailedProbes, 5), true);
  for (const char* expected : {"degraded", "no BTF", "eth0 ingress: 5 packets are not", "\x1b[31m"})
    EXPECT_THAT(degraded, HasSubstr(expected));
}

TEST(Status, SaysHowKubernetesGoes) {
  const auto shown = [](const std::string& kubernetes) {
    auto status = status_of(testing::kProbes, 0);
    status.stats.kubernetes = parse_kubernetes(R"({"kubernetes":)" + kubernetes + "}");
    return render_status(status, false);
  };
  EXPECT_THAT(shown(R"({"state":"off"})"), HasSubstr("kubernetes: off"));
  EXPECT_THAT(shown(R"({"state":"synced","server":"https://a","error":""})"),
              HasSubstr("kubernetes: synced, https://a\n"));
  EXPECT_THAT(shown(R"({"state":"retrying","server":"https://a","error":"no answer",)"
                    R"("last_contact":"2026-01-02T03:04:05.0Z"})"),
              HasSubstr("retrying, https://a: no answer; names may be old, as of 2026-01-02"));
  EXPECT_THAT(shown("1"), Not(HasSubstr("kubernetes")));
}

TEST(Top, ShowsInterfacesThatAreObservedAndTheFlows) {
  TopView top{.agent = "http://a",
              .sorted_by = "bytes",
              .problem = "",
              .stats = {},
              .interfaces = *parse_interfaces(testing::kInterfaces),
              .flows = {}};
  EXPECT_THAT(render_top(top, false), HasSubstr("no flows yet"));
  top.flows.push_back(*parse_flow(testing::flow(7)));
  top.problem = "it went away";
  const auto text = render_top(top, false);
  for (const char* expected : {"by bytes", "eth0", "10.0.0.7:1000", "2.0 kB/s", "it went away"})
    EXPECT_THAT(text, HasSubstr(expected));
  EXPECT_THAT(text, Not(HasSubstr("wg0")));
}

TEST(Top, FitsTheScreen) {
  const std::string text = "first line\nsecond\nthird\n";
  EXPECT_EQ(fit_screen(text, {5, 3}, "keys and more"), "first\nsecon\nkeys ");
  EXPECT_EQ(fit_screen(text, {80, 24}, "keys"), text + "keys");
  EXPECT_EQ(fit_screen(text, {80, 1}, "keys"), "keys");
}

}  // namespace
}  // namespace netprobe
