// SPDX-License-Identifier: Apache-2.0
// A webhook's receiver that is down, slow, broken or picky: no alert is lost in silence, and
// none comes twice without saying that it may have come before.
#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "export/export_testing.h"
#include "export/http_receiver.h"
#include "export/webhook/webhook_sender.h"
#include "outbox/testing/made_alerts.h"
#include "support/certificates.h"
#include "support/loopback.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

using netprobe::testing::alerts_batch;
using netprobe::testing::made_alert_event;

/// Remembers what came, and does what a test wants with it.
class Hook {
 public:
  using Decide = std::function<HttpReceiver::Reply(const HttpReceiver::Request&, std::size_t)>;
  explicit Hook(Decide decide = nullptr)
      : decide_(std::move(decide)),
        receiver_([this](const HttpReceiver::Request& request) { return take(request); }) {}

  [[nodiscard]] std::string url(const std::string& more = "") const {
    return "webhook+http://127.0.0.1:" + std::to_string(receiver_.port()) +
           "/hook?interval=50ms&timeout=300ms" + more;
  }
  [[nodiscard]] std::vector<HttpReceiver::Request> requests() const {
    const MutexLock lock(mutex_);
    return requests_;
  }
  /// By event_id: how often each came, and how often it said that it may have come before.
  struct Came {
    int times = 0;
    int retried = 0;
  };
  [[nodiscard]] std::map<std::string, Came> came() const {
    std::map<std::string, Came> all;
    for (const auto& request : requests()) {
      const auto body = boost::json::parse(request.body);
      for (const auto& alert : body.at("alerts").as_array()) {
        Came& one = all[std::string(alert.at("event_id").as_string())];
        ++one.times;
        if (alert.as_object().contains("retried")) ++one.retried;
      }
    }
    return all;
  }

 private:
  HttpReceiver::Reply take(const HttpReceiver::Request& request) {
    std::size_t number = 0;
    {
      const MutexLock lock(mutex_);
      number = requests_.size();
      requests_.push_back(request);
    }
    return decide_ ? decide_(request, number) : HttpReceiver::Reply{.status = 204};
  }

  mutable Mutex mutex_;
  std::vector<HttpReceiver::Request> requests_ NETPROBE_GUARDED_BY(mutex_);
  const Decide decide_;
  HttpReceiver receiver_;
};

std::unique_ptr<Outbox> outbox_of(const std::string& url) {
  const std::array schemes{kWebhookHttpExport, kWebhookHttpsExport};
  const auto target = parse_export_target(url, schemes, kClock.wall());
  EXPECT_TRUE(target) << target.error().message;
  auto sender = make_webhook_sender(*target, kClock);
  EXPECT_TRUE(sender) << sender.error().message;
  auto outbox = Outbox::make(*target, std::move(*sender), kClock);
  outbox->start();
  return outbox;
}

std::vector<AlertEvent> alerts(int count, int first = 0) {
  std::vector<AlertEvent> events;
  for (int i = first; i < first + count; ++i)
    events.push_back(made_alert_event("alert-" + std::to_string(i)));
  return events;
}

bool all_sent(const Outbox& outbox, std::uint64_t count) {
  return eventually([&] { return outbox.status().sent == count; });
}

TEST(Webhook, TellsAlertsAndNothingElseAsTheyChange) {
  const TempDir dir;
  write_file(dir.file("secret"), "hush\n");
  write_file(dir.file("headers"), "Authorization: Bearer x\n");
  Hook hook;
  const auto outbox =
      outbox_of(hook.url("&secret=" + dir.file("secret") + "&headers=" + dir.file("headers")));
  outbox->put(netprobe::testing::made_flows(10));
  outbox->put(alerts_batch({made_alert_event("a"), made_alert_event("a", AlertChange::kWorse, 9),
                            made_alert_event("a", AlertChange::kResolved, 99)}));
  ASSERT_TRUE(all_sent(*outbox, 3));
  outbox->stop(kPatience);
  const auto requests = hook.requests();
  ASSERT_EQ(requests.size(), 1U);
  const auto& request = requests.front();
  EXPECT_EQ(request.target, "/hook");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer x");
  const auto body = boost::json::parse(request.body);
  EXPECT_EQ(body.at("schema"), "netprobe.alerts/1");
  EXPECT_EQ(body.at("sender").at("node"), "n1");
  std::string changes;
  for (const auto& alert : body.at("alerts").as_array())
    changes += std::string(alert.at("change").as_string()) + ' ';
  EXPECT_EQ(changes, "opened worse resolved ");
  // As a receiver checks it.
  const std::string message = request.headers.at("webhook-id") + "." +
                              request.headers.at("webhook-timestamp") + "." + request.body;
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), "hush", 4, reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), digest.data(), &size);
  std::array<unsigned char, 45> text{};
  EVP_EncodeBlock(text.data(), digest.data(), 32);
  EXPECT_EQ(request.headers.at("webhook-signature"),
            "v1," + std::string(reinterpret_cast<const char*>(text.data())));
}

TEST(Webhook, AReceiverThatIsDownGetsAllOfThemOnceWhenItIsBack) {
  const int port = free_loopback_port();
  const auto outbox = outbox_of("webhook+http://127.0.0.1:" + std::to_string(port) +
                                "/?interval=10ms&timeout=300ms");
  outbox->put(alerts_batch(alerts(30)));
  ASSERT_TRUE(eventually([&] { return outbox->status().retries > 0; }));
  EXPECT_FALSE(outbox->status().connected);
  EXPECT_NE(outbox->status().problem, "");
  std::map<std::string, int> seen;
  Mutex mutex;
  HttpReceiver receiver(
      [&](const HttpReceiver::Request& request) {
        const MutexLock lock(mutex);
        for (const auto& alert : boost::json::parse(request.body).at("alerts").as_array()) {
          ++seen[std::string(alert.at("id").as_string())];
          EXPECT_FALSE(alert.as_object().contains("retried"));
        }
        return HttpReceiver::Reply{};
      },
      port);
  ASSERT_TRUE(all_sent(*outbox, 30));
  outbox->stop(kPatience);
  expect_adds_up(outbox->status());
  const MutexLock lock(mutex);
  EXPECT_EQ(seen.size(), 30U);
  for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
}

/// Whatever goes wrong with the first few: all come, and what came before says so.
void expect_said_twice(const Hook::Decide& decide) {
  Hook hook(decide);
  const auto outbox = outbox_of(hook.url());
  outbox->put(alerts_batch(alerts(20)));
  ASSERT_TRUE(all_sent(*outbox, 20));
  outbox->stop(kPatience);
  expect_adds_up(outbox->status());
  EXPECT_EQ(lost_of(outbox->status()), 0U);
  const auto came = hook.came();
  EXPECT_EQ(came.size(), 20U);
  for (const auto& [id, one] : came) {
    EXPECT_GE(one.times, 2) << id;
    EXPECT_EQ(one.retried, one.times - 1) << id;
  }
  // One delivery, one name: receivers that know it may leave it.
  const auto requests = hook.requests();
  EXPECT_EQ(requests.front().headers.at("webhook-id"), requests.back().headers.at("webhook-id"));
}

TEST(Webhook, OneThatBreaksOffIsAskedAgain) {
  expect_said_twice(
      [](const auto&, std::size_t number) { return HttpReceiver::Reply{.hang_up = number < 2}; });
}

TEST(Webhook, HalfAnAnswerIsNone) {
  expect_said_twice([](const auto&, std::size_t number) {
    return number == 0 ? HttpReceiver::Reply{.raw = "HTTP/1.1 2"} : HttpReceiver::Reply{};
  });
}

TEST(Webhook, AnErrorOfTheServerIsNoEnd) {
  expect_said_twice([](const auto&, std::size_t number) {
    return HttpReceiver::Reply{.status = number < 2 ? 500 : 200, .body = "out of order"};
  });
}

TEST(Webhook, OneThatIsSlowerThanTheTimeoutIsAskedAgain) {
  expect_said_twice([](const auto&, std::size_t number) {
    if (number == 0) std::this_thread::sleep_for(std::chrono::milliseconds(600));
    return HttpReceiver::Reply{};
  });
}

TEST(Webhook, OneThatAsksForTimeGetsIt) {
  Hook hook([](const auto&, std::size_t number) {
    return HttpReceiver::Reply{.status = number == 0 ? 429 : 200, .headers = "Retry-After: 1\r\n"};
  });
  const auto outbox = outbox_of(hook.url());
  outbox->put(alerts_batch(alerts(3)));
  ASSERT_TRUE(all_sent(*outbox, 3));
  // It said that it did not take them.
  for (const auto& [id, one] : hook.came()) EXPECT_EQ(one.retried, 0) << id;
  outbox->stop(kPatience);
}

TEST(Webhook, WhatIsTooLargeGoesInPieces) {
  Hook hook([](const HttpReceiver::Request& request, std::size_t) {
    return HttpReceiver::Reply{.status = request.body.size() > 6'000 ? 413 : 200};
  });
  const auto outbox = outbox_of(hook.url());
  outbox->put(alerts_batch(alerts(40)));
  ASSERT_TRUE(all_sent(*outbox, 40));
  outbox->stop(kPatience);
  EXPECT_EQ(lost_of(outbox->status()), 0U);
  EXPECT_EQ(hook.came().size(), 40U);
}

TEST(Webhook, WhatItRefusesIsCountedAndSaid) {
  Hook hook([](const auto&, std::size_t) {
    return HttpReceiver::Reply{.status = 422, .body = "no such thing"};
  });
  const auto outbox = outbox_of(hook.url());
  outbox->put(alerts_batch(alerts(4)));
  ASSERT_TRUE(eventually([&] { return lost_of(outbox->status(), "rejected") == 4; }));
  EXPECT_EQ(outbox->status().problem, "it answers 422: no such thing");
  outbox->stop(kPatience);
}

TEST(Webhook, WhatFindsNoRoomIsCounted) {
  const auto outbox = outbox_of("webhook+http://127.0.0.1:" + std::to_string(free_loopback_port()) +
                                "/?queue=64KiB&timeout=300ms");
  outbox->put(alerts_batch(alerts(200)));
  outbox->stop(0);
  const auto status = outbox->status();
  EXPECT_GT(lost_of(status, "queue_full"), 0U);
  EXPECT_EQ(lost_of(status), 200U);
  expect_adds_up(status);
}

TEST(Webhook, ASecretThatIsChangedIsUsedAndOneThatIsGoneIsWaitedFor) {
  const TempDir dir;
  write_file(dir.file("s"), "one");
  Hook hook;
  const auto outbox = outbox_of(hook.url("&secret=" + dir.file("s")));
  std::filesystem::remove(dir.file("s"));
  outbox->put(alerts_batch(alerts(1)));
  ASSERT_TRUE(eventually([&] { return outbox->status().retries > 0; }));
  EXPECT_TRUE(hook.requests().empty());
  write_file(dir.file("s"), "two");
  ASSERT_TRUE(all_sent(*outbox, 1));
  outbox->stop(kPatience);
}

}  // namespace
}  // namespace netprobe::test
