// SPDX-License-Identifier: Apache-2.0
// What those who read lines and syslog get of an alert.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/unique_fd.h"
#include "export/json_lines/json_lines_sender.h"
#include "export/syslog/syslog_sender.h"
#include "outbox/testing/made_alerts.h"
#include "support/loopback.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

using netprobe::testing::made_alert_event;

const SystemClock kClock;

void send(RecordSender& sender, const AlertEvent& event) {
  const RecordRef record{RecordKind::kAlert, &event, "n1"};
  const auto outcome = sender.send(std::span(&record, 1));
  EXPECT_TRUE(outcome.again.empty()) << outcome.problem;
  EXPECT_EQ(outcome.rejected, 0U) << outcome.problem;
}

/// All that there is to know of it, its end among it.
void expect_alert(const boost::json::value& record, std::string_view change) {
  EXPECT_EQ(record.at("kind"), "alerts");
  EXPECT_EQ(record.at("observer"), "n1");
  EXPECT_EQ(record.at("alert.id"), "a");
  EXPECT_EQ(record.at("alert.kind"), "port_scan");
  EXPECT_EQ(record.at("alert.severity"), "medium");
  EXPECT_EQ(record.at("alert.technique"), "T1595.001");
  EXPECT_EQ(record.at("alert.count"), 40);
  EXPECT_EQ(record.at("src.ip"), "fd00::9");
  EXPECT_EQ(record.at("dst.pod"), "web-1");
  EXPECT_EQ(record.at("dst.namespace"), "shop");
  EXPECT_EQ(record.at("alert.summary"), "fd00::9 tried 40 ports of pod shop/web-1 (10.1.0.4)");
  const auto evidence = boost::json::parse(record.at("alert.evidence").as_string());
  EXPECT_EQ(evidence.at("change").as_string(), change);
  EXPECT_EQ(evidence.at("key"), "fd00::9>a");
  EXPECT_EQ(evidence.at("opened"), "2025-11-24T16:00:00.000000000Z");
  EXPECT_EQ(evidence.as_object().contains("resolved"), change == "resolved");
  EXPECT_EQ(evidence.at("flows").at(0).at("bytes"), 120);
}

constexpr const char* kFields =
    "records=alerts&fields=observer,alert.id,alert.kind,alert.severity,alert.technique,"
    "alert.summary,alert.evidence,alert.count,src.ip,dst.pod,dst.namespace";

TEST(AlertRecord, IsALineOfJson) {
  const TempDir dir;
  const auto target = parse_export_target("file://" + dir.file("alerts.jsonl") + "?" + kFields,
                                          std::span(&kFileExport, 1), 0);
  ASSERT_TRUE(target) << target.error().message;
  auto sender = make_file_sender(*target, kClock);
  ASSERT_TRUE(sender) << sender.error().message;
  send(**sender, made_alert_event("a"));
  send(**sender, made_alert_event("a", AlertChange::kResolved, 60'000'000));
  std::ifstream file(dir.file("alerts.jsonl"));
  std::string line;
  for (const char* change : {"opened", "resolved"}) {
    ASSERT_TRUE(std::getline(file, line));
    expect_alert(boost::json::parse(line), change);
  }
}

TEST(AlertRecord, IsAMessageOfSyslogOfItsOwnSeverity) {
  const UniqueFd receiver(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(receiver.get(), plain, size), 0);
  ASSERT_EQ(::getsockname(receiver.get(), plain, &size), 0);
  const auto target = parse_export_target(
      "syslog+udp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "?" + kFields,
      std::span(&kSyslogUdpExport, 1), 0);
  ASSERT_TRUE(target) << target.error().message;
  auto sender = make_syslog_sender(*target, kClock);
  ASSERT_TRUE(sender) << sender.error().message;
  send(**sender, made_alert_event("a", AlertChange::kOngoing, 60'000'000));
  std::array<char, 65'536> datagram{};
  const ssize_t got = ::recv(receiver.get(), datagram.data(), datagram.size(), 0);
  ASSERT_GT(got, 0);
  const std::string message(datagram.data(), static_cast<std::size_t>(got));
  // daemon (3), warning (4): medium.
  EXPECT_TRUE(message.starts_with("<28>1 2025-11-24T16:01:00")) << message;
  std::istringstream words(message);
  std::string word;
  for (int i = 0; i < 6; ++i) words >> word;
  EXPECT_EQ(word, "alerts") << message;
  expect_alert(boost::json::parse(message.substr(message.find('{'))), "ongoing");
}

}  // namespace
}  // namespace netprobe::test
