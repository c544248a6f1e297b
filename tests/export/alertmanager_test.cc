// SPDX-License-Identifier: Apache-2.0
// A real Alertmanager shows alerts as active, each once, for as long as they go on, and as
// over when they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "export/alertmanager/alertmanager_sender.h"
#include "export/eventually.h"
#include "export/http_receiver.h"
#include "outbox/outbox.h"
#include "outbox/testing/made_alerts.h"
#include "support/certificates.h"
#include "support/clickhouse_server.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

using netprobe::testing::alerts_batch;
using netprobe::testing::made_alert_event;

const SystemClock kClock;

/// Of a node whose clock is ahead of Alertmanager's.
class ClockAhead final : public Clock {
 public:
  [[nodiscard]] Nanos wall() const override { return kClock.wall() + 3 * kSecond; }
  [[nodiscard]] Nanos monotonic() const override { return kClock.monotonic(); }
};
const ClockAhead kClockAhead;
constexpr Nanos kPatience = 10 * kSecond;

/// Alertmanager on loopback, alone, with a folder of its own.
class Alertmanager {
 public:
  void start() {
    write_file(dir_.file("a.yml"),
               "route: {receiver: none, group_wait: 1s, group_interval: 1s}\n"
               "receivers: [{name: none}]\n");
    auto started = Process::start(
        {"prometheus-alertmanager", "--config.file=" + dir_.file("a.yml"),
         "--storage.path=" + dir_.file("data"),
         "--cluster.listen-address=", "--web.listen-address=127.0.0.1:" + std::to_string(port_)});
    ASSERT_TRUE(started) << started.error().message;
    process_.emplace(std::move(*started));
    ASSERT_TRUE(eventually([&] {
      const auto ready = plain_http(port_, "/-/ready", "", "", kSecond);
      return ready && ready->status == 200;
    })) << process_->err();
  }
  /// With nothing kept: as a pod of it that is made anew.
  void kill() {
    process_.reset();
    std::filesystem::remove_all(dir_.file("data"));
  }
  [[nodiscard]] std::string url(const std::string& more) const {
    return "alertmanager+http://127.0.0.1:" + std::to_string(port_) + "?interval=20ms&" + more;
  }

  /// What it has now.
  [[nodiscard]] boost::json::array alerts(const std::string& which = "") const {
    const auto reply = plain_http(port_, "/api/v2/alerts" + which, "", "", 10 * kSecond);
    if (!reply || reply->status != 200) return {};
    return boost::json::parse(reply->body).as_array();
  }
  /// "key severity" of those that are active.
  [[nodiscard]] std::multiset<std::string> active() const {
    std::multiset<std::string> all;
    for (const auto& alert : alerts("?active=true"))
      if (alert.at("status").at("state") != "suppressed")
        all.insert(std::string(alert.at("labels").at("key").as_string()) + ' ' +
                   std::string(alert.at("labels").at("severity").as_string()));
    return all;
  }

 private:
  TempDir dir_;
  int port_ = free_loopback_port();
  std::optional<Process> process_;
};

class AlertmanagerTest : public ::testing::Test {
 protected:
  void open(const std::string& more = "", const Clock& clock = kClock) {
    const std::array schemes{kAlertmanagerHttpExport, kAlertmanagerHttpsExport};
    const auto target = parse_export_target(receiver_.url(more), schemes, kClock.wall());
    ASSERT_TRUE(target) << target.error().message;
    auto sender = make_alertmanager_sender(*target, clock);
    ASSERT_TRUE(sender) << sender.error().message;
    outbox_ = Outbox::make(*target, std::move(*sender), kClock);
    outbox_->start();
  }
  void tell(std::vector<AlertEvent> events) {
    sent_ += events.size();
    outbox_->put(alerts_batch(std::move(events)));
    ASSERT_TRUE(eventually([&] { return outbox_->status().sent == sent_; }))
        << outbox_->status().problem;
  }
  [[nodiscard]] static Micros now() { return to_micros(kClock.wall()); }
  [[nodiscard]] AlertEvent event(const std::string& id, AlertChange change = AlertChange::kOpened) {
    return made_alert_event(id, change, now() - began_, began_);
  }

  Alertmanager receiver_;
  std::unique_ptr<Outbox> outbox_;
  std::uint64_t sent_ = 0;
  const Micros began_ = now() - 5'000'000;
};

using Keys = std::multiset<std::string>;

TEST_F(AlertmanagerTest, ShowsAnAlertOnceFromItsOpeningToItsEnd) {
  receiver_.start();
  open("labels=cluster=west");
  tell({event("a"), event("b")});
  EXPECT_EQ(receiver_.active(), (Keys{"fd00::9>a medium", "fd00::9>b medium"}));
  tell({event("a", AlertChange::kOngoing)});
  EXPECT_EQ(receiver_.active(), (Keys{"fd00::9>a medium", "fd00::9>b medium"}));
  const auto all = receiver_.alerts();
  for (const auto& alert : all) {
    const auto& labels = alert.at("labels").as_object();
    EXPECT_EQ(labels.at("alertname"), "NetProbePortScan");
    EXPECT_EQ(labels.at("cluster"), "west");
    EXPECT_EQ(labels.at("namespace"), "shop");
    EXPECT_EQ(labels.at("node"), "n1");
    EXPECT_EQ(alert.at("annotations").at("tactic_name"), "Reconnaissance");
  }
  // Worse: the same one, of another severity.
  tell({event("a", AlertChange::kWorse)});
  EXPECT_EQ(receiver_.active(), (Keys{"fd00::9>a high", "fd00::9>b medium"}));
  AlertEvent over = event("a", AlertChange::kResolved);
  over.severity = "high";
  tell({over});
  EXPECT_EQ(receiver_.active(), Keys{"fd00::9>b medium"});
  tell({event("b", AlertChange::kResolved)});
  EXPECT_EQ(receiver_.active(), Keys{});
  outbox_->stop(kPatience);
}

TEST_F(AlertmanagerTest, EndsWhatIsOverThoughOurClockIsAhead) {
  receiver_.start();
  open("resend=1s", kClockAhead);
  tell({event("a")});
  tell({event("a", AlertChange::kWorse)});
  EXPECT_EQ(receiver_.active(), Keys{"fd00::9>a high"});
  const Micros ahead = to_micros(kClockAhead.wall()) - began_;
  AlertEvent over = made_alert_event("a", AlertChange::kResolved, ahead, began_);
  over.severity = "high";
  tell({over});
  EXPECT_TRUE(eventually([&] { return receiver_.active().empty(); }));
  outbox_->stop(kPatience);
}

TEST_F(AlertmanagerTest, HearsAgainOfOneThatGoesOnAlsoAfterItForgotAll) {
  receiver_.start();
  open("resend=1s");
  tell({event("a")});
  receiver_.kill();
  receiver_.start();
  ASSERT_TRUE(eventually([&] { return receiver_.active() == Keys{"fd00::9>a medium"}; }));
  // Longer than one telling holds (4 s): it is told again and again.
  std::this_thread::sleep_for(std::chrono::seconds(6));
  EXPECT_EQ(receiver_.active(), Keys{"fd00::9>a medium"});
  // An agent that is gone tells nothing, and nothing stays for ever.
  outbox_->stop(kPatience);
  EXPECT_TRUE(eventually([&] { return receiver_.active().empty(); }));
}

TEST_F(AlertmanagerTest, GetsWhatWasFoundWhileItWasAway) {
  open("timeout=1s");
  outbox_->put(alerts_batch({event("a"), event("b"), event("b", AlertChange::kResolved)}));
  ASSERT_TRUE(eventually([&] { return outbox_->status().retries > 1; }));
  EXPECT_EQ(outbox_->status().waiting, 3U);
  receiver_.start();
  ASSERT_TRUE(eventually([&] { return outbox_->status().sent == 3; }));
  // Also what is over by now: somebody is to hear of it.
  EXPECT_EQ(receiver_.active(), (Keys{"fd00::9>a medium", "fd00::9>b medium"}));
  outbox_->stop(kPatience);
  const auto status = outbox_->status();
  EXPECT_EQ(status.seen, status.sent);
}

/// The real one finds nothing wrong with what we send: one that is as picky as it says.
TEST(AlertmanagerSender, WhatIsRefusedIsFoundAndTheRestIsTaken) {
  Mutex mutex;
  std::multiset<std::string> taken;
  HttpReceiver receiver([&](const HttpReceiver::Request& request) {
    const auto alerts = boost::json::parse(request.body).as_array();
    const MutexLock lock(mutex);
    bool wrong = false;
    for (const auto& alert : alerts) {
      const std::string key(alert.at("labels").at("key").as_string());
      if (key.ends_with("wrong"))
        wrong = true;
      else
        taken.insert(key);
    }
    return HttpReceiver::Reply{.status = wrong ? 400 : 200, .body = wrong ? "bad label" : ""};
  });
  const auto target = parse_export_target(
      "alertmanager+http://127.0.0.1:" + std::to_string(receiver.port()) + "/am/?interval=20ms",
      std::span(&kAlertmanagerHttpExport, 1), kClock.wall());
  ASSERT_TRUE(target) << target.error().message;
  auto sender = make_alertmanager_sender(*target, kClock);
  ASSERT_TRUE(sender);
  const auto outbox = Outbox::make(*target, std::move(*sender), kClock);
  outbox->start();
  outbox->put(alerts_batch({made_alert_event("a"), made_alert_event("wrong"), made_alert_event("b"),
                            made_alert_event("c")}));
  ASSERT_TRUE(eventually([&] { return outbox->status().sent == 3; })) << outbox->status().problem;
  const auto lost = outbox->status().lost;
  EXPECT_TRUE(std::ranges::any_of(
      lost, [](const auto& each) { return each.first == "rejected" && each.second == 1; }));
  EXPECT_EQ(outbox->status().problem, "it answers 400: bad label");
  outbox->stop(kPatience);
  const MutexLock lock(mutex);
  for (const char* key : {"fd00::9>a", "fd00::9>b", "fd00::9>c"}) EXPECT_TRUE(taken.contains(key));
}

}  // namespace
}  // namespace netprobe::test
