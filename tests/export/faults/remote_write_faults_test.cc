// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <snappy.h>

#include "export/faults/fault_table.h"
#include "export/http_receiver.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"
#include "export/remote_write/remote_write_sender.h"
#include "outbox/metric_push.h"
#include "remote_write.pb.h"

namespace netprobe::test {
namespace {

/// Metrics are not records: a set every interval, whose values are counted. A receiver that
/// is away, or refuses every other request for good.
void check_remote_write(Fault fault) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  std::atomic<std::uint64_t> had = 0;
  std::atomic<int> requests = 0;
  HttpReceiver server([&](const HttpReceiver::Request& request) -> HttpReceiver::Reply {
    std::string text;
    prometheus::WriteRequest message;
    EXPECT_TRUE(snappy::Uncompress(request.body.data(), request.body.size(), &text));
    EXPECT_TRUE(message.ParseFromString(text));
    if (fault == Fault::kRejects && requests++ % 2 == 0) return {.status = 400};
    had += static_cast<std::uint64_t>(message.timeseries_size());
    return {.status = 204};
  });
  FaultyProxy proxy(server.port());
  proxy.faults.away = fault == Fault::kDown;
  proxy.faults.hung = fault == Fault::kSlow;
  const std::array schemes{kRemoteWriteHttpExport};
  // Sets are small: as many as are made in a second have room.
  const auto target = parse_export_target(
      "remote-write+http://" + proxy.at() + "/api/v1/write?timeout=1s&queue=64KiB", schemes,
      kClock.wall());
  ASSERT_TRUE(target) << target.error().message;
  auto sender = make_remote_write_sender(*target, kClock);
  ASSERT_TRUE(sender) << sender.error().message;
  const auto push = MetricPush::make(
      *target, 20 * kMillisecond, std::move(*sender),
      [](const std::function<void(MetricSetMaker)>& done) {
        done([] {
          return std::make_shared<const MetricSet>(
              PrometheusExporter({}).collect(netprobe::testing::small_snapshot()));
        });
      },
      kClock);
  push->start();
  std::string problem;
  EXPECT_TRUE(eventually([&] {
    const OutboxStatus now = push->status();
    if (problem.empty()) problem = now.problem;
    return !problem.empty() && (fault == Fault::kRejects || lost_of(now, "queue_full") > 0);
  }));
  proxy.faults.away = false;
  proxy.faults.hung = false;
  EXPECT_TRUE(eventually([&] { return had > 0; })) << push->status().problem;
  push->stop(kPatience);
  const OutboxStatus status = push->status();
  expect_adds_up(status);
  const std::uint64_t rejected = lost_of(status, "rejected");
  EXPECT_EQ(rejected > 0, fault == Fault::kRejects);
  // A request that had no answer in time may have been taken.
  EXPECT_GE(had, status.sent);
  if (fault != Fault::kSlow) EXPECT_EQ(had, status.sent);
  fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", "remote-write+http",
             kFaultNames.at(static_cast<std::size_t>(fault)), status.seen, status.sent,
             lost_of(status, "queue_full"), rejected, had.load(), had - status.sent, status.retries,
             problem);
}

using enum Fault;

TEST(FaultTable, RemoteWrite) {
  for (const Fault fault : {kDown, kSlow, kRejects}) check_remote_write(fault);
}

}  // namespace
}  // namespace netprobe::test
