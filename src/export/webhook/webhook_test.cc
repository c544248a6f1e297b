// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>

#include "export/webhook/alert_body.h"
#include "export/webhook/signature.h"
#include "export/webhook/webhook_sender.h"
#include "outbox/testing/made_alerts.h"
#include "support/certificates.h"
#include "support/temp_dir.h"

namespace netprobe {
namespace {

using testing::made_alert_event;

boost::json::object body_of(const AlertEvent& event, bool retried = false) {
  std::string text;
  append_alert_body(text, event, "n1", retried);
  return boost::json::parse(text).as_object();
}

TEST(WebhookBody, HasWhatDocsSay) {
  const auto opened = body_of(made_alert_event("a1"));
  EXPECT_EQ(opened.at("event_id"), "a1-1764000000000000-opened");
  EXPECT_FALSE(opened.contains("retried"));
  EXPECT_EQ(opened.at("id"), "a1");
  EXPECT_EQ(opened.at("change"), "opened");
  EXPECT_EQ(opened.at("activity_id"), 1);
  EXPECT_EQ(opened.at("state"), "active");
  EXPECT_EQ(opened.at("kind"), "port_scan");
  EXPECT_EQ(opened.at("key"), "fd00::9>a1");
  EXPECT_EQ(opened.at("severity"), "medium");
  EXPECT_EQ(opened.at("severity_id"), 3);
  EXPECT_EQ(opened.at("technique"), "T1595.001");
  EXPECT_EQ(opened.at("technique_name"), "Active Scanning: Scanning IP Blocks");
  EXPECT_EQ(opened.at("tactic"), "TA0043");
  EXPECT_EQ(opened.at("tactic_name"), "Reconnaissance");
  EXPECT_EQ(opened.at("observer"), "n1");
  EXPECT_EQ(opened.at("protocol"), "tcp");
  EXPECT_EQ(opened.at("count"), 40);
  EXPECT_EQ(opened.at("source").at("ip"), "fd00::9");
  EXPECT_EQ(opened.at("target").at("name"), "shop/web-1");
  EXPECT_EQ(opened.at("target").at("namespace"), "shop");
  EXPECT_EQ(opened.at("target").at("workload"), "web");
  EXPECT_EQ(opened.at("evidence").at("threshold").as_double(), 20);
  EXPECT_EQ(opened.at("evidence").at("flows").at(0).at("packets"), 2);
  EXPECT_FALSE(opened.contains("resolved"));
}

TEST(WebhookBody, TellsWhatChanged) {
  const auto worse = body_of(made_alert_event("a", AlertChange::kWorse, 5));
  EXPECT_EQ(worse.at("change"), "worse");
  EXPECT_EQ(worse.at("activity_id"), 2);
  EXPECT_EQ(worse.at("severity_id"), 4);
  const auto over = body_of(made_alert_event("a", AlertChange::kResolved, 2'000'000), true);
  EXPECT_EQ(over.at("state"), "resolved");
  EXPECT_EQ(over.at("activity_id"), 3);
  EXPECT_EQ(over.at("resolved"), over.at("time"));
  EXPECT_TRUE(over.at("retried").as_bool());
  // Each time that it is told is an event of its own.
  EXPECT_NE(worse.at("event_id"), over.at("event_id"));
  const auto at_once = body_of(made_alert_event("a", AlertChange::kResolved, 5));
  EXPECT_EQ(at_once.at("time"), worse.at("time"));
  EXPECT_NE(at_once.at("event_id"), worse.at("event_id"));
}

TEST(WebhookBody, IsJsonWhateverNamesAreMadeOf) {
  AlertEvent event = made_alert_event("a");
  event.summary = "a \"scan\"\n\xff";
  event.source_text = "10.0.0.0/8\t";
  event.evidence.clear();
  const auto body = body_of(event);
  EXPECT_EQ(body.at("summary"), "a \"scan\"\n\xef\xbf\xbd");
  EXPECT_EQ(body.at("source").at("text"), "10.0.0.0/8\t");
  EXPECT_TRUE(body.at("evidence").as_object().empty());
}

TEST(WebhookSignature, IsThatOfStandardWebhooks) {
  const test::TempDir dir;
  test::write_file(dir.file("secret"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  const auto secret = read_secret(dir.file("secret"));
  ASSERT_TRUE(secret) << secret.error().message;
  // The example that its libraries are tried with.
  const auto headers = webhook_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330 * kSecond,
                                       *secret, R"({"test": 2432232314})");
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0], "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek");
  EXPECT_EQ(headers[1], "webhook-timestamp: 1614265330");
  EXPECT_EQ(headers[2], "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  EXPECT_EQ(webhook_headers("x", 0, "", "{}").size(), 2U);
}

TEST(WebhookSignature, RefusesWhatIsNoSecret) {
  const test::TempDir dir;
  const auto why = [&](const std::string& text) {
    test::write_file(dir.file("s"), text);
    const auto secret = read_secret(dir.file("s"));
    EXPECT_FALSE(secret) << *secret;
    EXPECT_EQ(secret.error().message.find("hush"), std::string::npos);
    return secret.error().message;
  };
  EXPECT_NE(why(" \n").find("is empty"), std::string::npos);
  EXPECT_NE(why("whsec_hush!").find("no base64"), std::string::npos);
  EXPECT_NE(why("whsec_").find("no base64"), std::string::npos);
  EXPECT_NE(why(std::string(5000, 'x')).find("4096"), std::string::npos);
  EXPECT_NE(read_secret("/nowhere/s").error().message.find("cannot be read"), std::string::npos);
  test::write_file(dir.file("s"), "\n  plain words \n");
  EXPECT_EQ(*read_secret(dir.file("s")), "plain words");
}

TEST(WebhookTarget, TakesAlertsAlone) {
  const std::array schemes{kWebhookHttpExport, kWebhookHttpsExport};
  const SystemClock clock;
  const auto target = [&](const std::string& url) {
    return parse_export_target(url, schemes, clock.wall());
  };
  ASSERT_TRUE(target("webhook+http://h/x"));
  EXPECT_EQ(target("webhook+http://h/x")->kinds, std::vector{RecordKind::kAlert});
  EXPECT_EQ(target("webhook+https://h/x?records=alerts")->kinds, std::vector{RecordKind::kAlert});
  EXPECT_EQ(target("webhook+https://h/x?filter=src.namespace=shop")->kinds.size(), 1U);
  for (const char* records : {"flows", "alerts,drops"}) {
    const auto wrong = target("webhook+http://h/x?records=" + std::string(records));
    ASSERT_FALSE(wrong) << records;
    EXPECT_EQ(wrong.error().kind, ErrorKind::kUsage);
    EXPECT_NE(wrong.error().message.find("alerts alone"), std::string::npos)
        << wrong.error().message;
  }
  // What only flows have: there is nothing that it could send.
  EXPECT_FALSE(target("webhook+http://h/x?filter=bytes>5"));
  const auto made = make_webhook_sender(*target("webhook+http://h/x?secret=/nowhere"), clock);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::kUsage);
  EXPECT_FALSE(make_webhook_sender(*target("webhook+http:"), clock));
}

}  // namespace
}  // namespace netprobe
