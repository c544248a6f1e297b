// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "intel/object_splitter.h"
#include "intel/stix_pattern.h"
#include "intel/testing/read.h"

namespace netprobe::intel {
namespace {

using testing::kNow;
using testing::read;
using Values = std::vector<std::string>;

std::string indicator(std::string_view pattern, std::string_view more = "") {
  return R"({"type":"indicator","spec_version":"2.1","pattern_type":"stix","pattern":")" +
         std::string(pattern) + R"(","valid_from":"2026-01-01T00:00:00Z")" + std::string(more) +
         "}";
}
std::string bundle(const std::string& objects) {
  return R"({"type":"bundle","id":"bundle--1","objects":[)" + objects + "]}";
}

TEST(StixPattern, ReadsSimpleComparisons) {
  EXPECT_EQ(simple_values("[ipv4-addr:value = '203.0.113.1']"), Values{"203.0.113.1"});
  EXPECT_EQ(simple_values("[ipv4-addr:value='203.0.113.1' OR domain-name:value='bad.example']"),
            (Values{"203.0.113.1", "bad.example"}));
  EXPECT_EQ(simple_values("[ipv6-addr:value='2001:db8::1'] OR [ipv4-addr:value='203.0.113.1']"),
            (Values{"2001:db8::1", "203.0.113.1"}));
  EXPECT_EQ(simple_values("[ipv4-addr:value IN ('203.0.113.1', '203.0.113.2')]"),
            (Values{"203.0.113.1", "203.0.113.2"}));
  EXPECT_EQ(simple_values("[ipv4-addr:value ISSUBSET '198.51.100.0/24']"),
            Values{"198.51.100.0/24"});
  EXPECT_EQ(simple_values("[file:hashes.'SHA-256'='aa' OR ipv4-addr:value='203.0.113.1']"),
            Values{"203.0.113.1"});
  EXPECT_EQ(simple_values(R"([domain-name:value='a\'b\\c'])"), Values{R"(a'b\c)"});
}

TEST(StixPattern, LeavesOutWhatNeedsMore) {
  for (const std::string_view pattern :
       {"", "[", "[]", "[ipv4-addr:value='1.2.3.4'", "ipv4-addr:value='1.2.3.4'",
        "[ipv4-addr:value='203.0.113.1' AND network-traffic:dst_port=443]",
        "[ipv4-addr:value='203.0.113.1'] AND [ipv4-addr:value='203.0.113.2']",
        "[ipv4-addr:value='203.0.113.1'] FOLLOWEDBY [ipv4-addr:value='203.0.113.2']",
        "[ipv4-addr:value='203.0.113.1'] WITHIN 5 SECONDS", "[ipv4-addr:value != '203.0.113.1']",
        "[ipv4-addr:value NOT = '203.0.113.1']", "[ipv4-addr:value MATCHES '203.*']",
        "[ipv4-addr:value='203.0.113.1", "[ipv4-addr:value IN ()]", "[file:name='x']",
        "[ipv4-addr:value='203.0.113.1' ORR ipv4-addr:value='203.0.113.1']"})
    EXPECT_TRUE(simple_values(pattern).empty()) << pattern;
}

TEST(StixFeed, HonoursValidityRevocationAndConfidence) {
  const auto list = read(bundle(
      indicator("[ipv4-addr:value='203.0.113.1']", R"(,"name":"C2 of x","confidence":95)") + "," +
      indicator("[ipv4-addr:value='203.0.113.2']", R"(,"revoked":true)") + "," +
      indicator("[ipv4-addr:value='203.0.113.3']", R"(,"valid_until":"2026-02-01T00:00:00Z")") +
      "," +
      indicator("[ipv4-addr:value='203.0.113.4']", R"(,"valid_until":"2026-12-01T00:00:00.5Z")") +
      "," +
      R"({"type":"indicator","pattern":"[ipv4-addr:value='203.0.113.5']",)"
      R"("pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z"},)"
      R"({"type":"indicator","pattern":"alert ip any","pattern_type":"snort",)"
      R"("valid_from":"2026-01-01T00:00:00Z"},)"
      R"({"type":"malware","name":"x"},)" +
      indicator("[domain-name:value='bad.example']", R"(,"description":"told")")));
  ASSERT_TRUE(list.status) << list.status.error().message;
  EXPECT_EQ(list.of("203.0.113.1"), "203.0.113.1 C2 of x");
  const auto match = list.index->find(IpAddress::parse("203.0.113.1").value());
  EXPECT_DOUBLE_EQ(match.at(0).confidence, 0.95);
  EXPECT_DOUBLE_EQ(list.index->find(IpAddress::parse("203.0.113.4").value()).at(0).confidence, 0.5);
  EXPECT_EQ(list.of("203.0.113.2"), "-");
  EXPECT_EQ(list.of("203.0.113.3"), "-");
  EXPECT_EQ(list.of("203.0.113.5"), "-");
  EXPECT_EQ(list.of("bad.example"), "bad.example told");
  const auto& refused = list.counts.refused;
  EXPECT_EQ(refused.of(Refusal::kRevoked), 1);
  EXPECT_EQ(refused.of(Refusal::kExpired), 1);
  EXPECT_EQ(refused.of(Refusal::kNotYet), 1);
  EXPECT_EQ(refused.of(Refusal::kNotSimple), 1);
  EXPECT_EQ(refused.suspicious(), 0);
  // The first of November is before the first of December.
  EXPECT_EQ(list.next_change, 1'793'491'200 * kSecond);
  EXPECT_GT(list.next_change, kNow);
}

TEST(StixFeed, TakesEnvelopesAndArrays) {
  const std::string one = indicator("[ipv4-addr:value='203.0.113.1']");
  EXPECT_EQ(read(R"({"more":false,"objects":[)" + one + "]}").of("203.0.113.1"), "203.0.113.1");
  EXPECT_EQ(read("[" + one + "]").of("203.0.113.1"), "203.0.113.1");
  EXPECT_EQ(read(R"({"objects":[[)" + one + "]]}").of("203.0.113.1"), "-");
}

TEST(StixFeed, RefusesWhatIsNoJson) {
  const FeedSyntax stix{.format = FeedFormat::kStix, .column = {}, .reason = {}};
  EXPECT_FALSE(read("", stix).status);
  EXPECT_FALSE(read("203.0.113.1\n", stix).status);
  EXPECT_FALSE(read(R"({"objects":[{"type":"indicator")", stix).status);
  EXPECT_FALSE(read(R"({"objects":]})", stix).status);
  EXPECT_FALSE(read("{}{}", stix).status);
  EXPECT_FALSE(read(R"({"objects":["abc)", stix).status);
  // One object that is broken costs itself alone.
  const auto list =
      read(bundle(R"({"type":indicator},)" + indicator("[ipv4-addr:value='203.0.113.1']")));
  EXPECT_TRUE(list.status);
  EXPECT_EQ(list.counts.refused.of(Refusal::kNoEntry), 1);
  EXPECT_EQ(list.counts.taken, 1);
}

TEST(StixFeed, IsNotImpressedByDepthAndSize) {
  const FeedSyntax stix{.format = FeedFormat::kStix, .column = {}, .reason = {}};
  EXPECT_FALSE(read(std::string(3'000'000, '['), stix).status);
  const auto deep =
      read(bundle(R"({"type":"indicator","x":)" + std::string(100'000, '[') +
                  std::string(100'000, ']') + "}," + indicator("[ipv4-addr:value='203.0.113.1']")));
  EXPECT_EQ(deep.counts.refused.of(Refusal::kNoEntry), 1);
  EXPECT_EQ(deep.counts.taken, 1);
  const auto large = read(bundle(R"({"type":"indicator","x":")" + std::string(kMostObject, 'x') +
                                 "\"}," + indicator("[ipv4-addr:value='203.0.113.1']")));
  EXPECT_EQ(large.counts.refused.of(Refusal::kTooLong), 1);
  EXPECT_EQ(large.counts.taken, 1);
}

}  // namespace
}  // namespace netprobe::intel
