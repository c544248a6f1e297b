// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <netprobe/log.h>
#include <netprobe/metrics_server.h>

namespace netprobe::v0 {
namespace {

TEST(Collector, WithoutAnythingToCollectFromItSaysSo) {
  const Collector collector;
  const auto page = collector.render();
  ASSERT_FALSE(page);
  EXPECT_NE(page.error().message.find("nothing to collect from"), std::string::npos);
}

TEST(MetricsServer, TellsBadOptionsAndATakenPort) {
  const Collector collector;
  const auto bad_path =
      MetricsServer::create(collector, {.address = "127.0.0.1", .port = 0, .path = "metrics"});
  ASSERT_FALSE(bad_path);
  EXPECT_EQ(bad_path.error().kind, ErrorKind::kUsage);
  const auto bad_address = MetricsServer::create(collector, {.address = "localhost", .port = 0});
  ASSERT_FALSE(bad_address);
  EXPECT_EQ(bad_address.error().kind, ErrorKind::kUsage);
  auto first = MetricsServer::create(collector, {.address = "127.0.0.1", .port = 0});
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(first->start());
  EXPECT_EQ(first->url(), "http://127.0.0.1:" + std::to_string(first->port()) + "/metrics");
  const auto second =
      MetricsServer::create(collector, {.address = "127.0.0.1", .port = first->port()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  first->stop();
  first->stop();
}

TEST(Log, HasNoHandlerUntilItIsGivenOne) {
  set_log_handler([](LogLevel, std::string_view) {}, LogLevel::kDebug);
  set_log_handler(nullptr);
  EXPECT_EQ(to_string(LogLevel::kWarning), "warning");
}

}  // namespace
}  // namespace netprobe::v0
