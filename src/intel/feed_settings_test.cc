// SPDX-License-Identifier: Apache-2.0
#include "intel/feed_settings.h"

#include <gtest/gtest.h>

namespace netprobe::intel {
namespace {

std::string error_of(std::string_view text) {
  const auto settings = parse_feed_settings(text);
  if (settings) return "none";
  EXPECT_EQ(settings.error().kind, ErrorKind::kUsage);
  return settings.error().message;
}

TEST(FeedSettings, HaveDefaults) {
  const auto settings = parse_feed_settings("bad=/etc/netprobe/bad.txt");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->name, "bad");
  EXPECT_EQ(settings->location, "/etc/netprobe/bad.txt");
  EXPECT_FALSE(settings->is_url());
  EXPECT_EQ(settings->syntax.format, FeedFormat::kAuto);
  EXPECT_EQ(settings->every, 3600 * kSecond);
  EXPECT_EQ(settings->severity, Severity::kHigh);
  EXPECT_DOUBLE_EQ(settings->confidence, 0.8);
}

TEST(FeedSettings, TakeAllOptions) {
  const auto settings = parse_feed_settings(
      "c2=https://lists.example/x.csv?format=csv&column=dst%20ip&reason=malware&every=15m&"
      "severity=critical&confidence=95&max-bytes=1MiB&max-entries=500&may-be-empty=true&"
      "headers=/etc/key&ca-file=/etc/ca.pem");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->location, "https://lists.example/x.csv");
  EXPECT_EQ(settings->syntax.format, FeedFormat::kCsv);
  EXPECT_EQ(settings->syntax.column, "dst ip");
  EXPECT_EQ(settings->syntax.reason, "malware");
  EXPECT_EQ(settings->every, 900 * kSecond);
  EXPECT_EQ(settings->severity, Severity::kCritical);
  EXPECT_DOUBLE_EQ(settings->confidence, 0.95);
  EXPECT_EQ(settings->max_bytes, 1U << 20U);
  EXPECT_EQ(settings->max_entries, 500);
  EXPECT_TRUE(settings->may_be_empty);
  EXPECT_EQ(settings->headers, "/etc/key");
  EXPECT_EQ(settings->ca_file, "/etc/ca.pem");
  EXPECT_TRUE(settings->passed_on.empty());
}

TEST(FeedSettings, LeaveTheUrlItsOwnParameters) {
  const auto settings =
      parse_feed_settings("a=http://[::1]:80/l?key=a%20b&every=1h&f%6Frmat=text&x");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->location, "http://[::1]:80/l?key=a%20b&f%6Frmat=text&x");
  EXPECT_EQ(settings->passed_on, "key, f%6Frmat, x");
  EXPECT_EQ(settings->every, 3600 * kSecond);
}

TEST(FeedSettings, SayWhatIsWrong) {
  EXPECT_TRUE(error_of("/etc/bad.txt").starts_with("a feed is NAME=PATH or NAME=URL"));
  EXPECT_TRUE(error_of("../x=/etc/bad.txt").starts_with("a feed is NAME=PATH"));
  EXPECT_TRUE(error_of(".x=/etc/bad.txt").starts_with("a feed is NAME=PATH"));
  EXPECT_TRUE(error_of("=/x").starts_with("a feed is NAME=PATH"));
  EXPECT_EQ(error_of("a=bad.txt"),
            "feed a: a file is named by its whole path, such as /etc/netprobe/bad.txt");
  EXPECT_EQ(error_of("a=ftp://x/y"), "feed a: a URL begins with http:// or https://");
  EXPECT_EQ(error_of("a=http://"), "feed a: it is no URL such as https://lists.example/bad.txt");
  EXPECT_EQ(error_of("a=http://x/a b"),
            "feed a: it is no URL such as https://lists.example/bad.txt");
  EXPECT_EQ(error_of("a=/x?format=xml"), "feed a: format takes auto, plain, csv or stix");
  EXPECT_EQ(error_of("a=/x?every=1s"), "feed a: every takes a time from 10s to 30d, such as 1h");
  EXPECT_EQ(error_of("a=/x?confidence=101"), "feed a: confidence takes a number from 0 to 100");
  EXPECT_EQ(error_of("a=/x?confidence=1x"), "feed a: confidence takes a number from 0 to 100");
  EXPECT_EQ(error_of("a=/x?severity=bad"),
            "feed a: severity takes info, low, medium, high or critical");
  EXPECT_EQ(error_of("a=/x?headers=/y"), "feed a: headers is for a URL");
  EXPECT_TRUE(error_of("a=/x?evry=1h").starts_with("feed a: it has no option 'evry'; there are "));
  EXPECT_NE(error_of("a=/x?column=%zz"), "none");
  EXPECT_EQ(error_of(std::string(5000, 'a')), "a feed's settings are too long");
}

}  // namespace
}  // namespace netprobe::intel
