// SPDX-License-Identifier: Apache-2.0
#include "intel/feed_parser.h"

#include <gtest/gtest.h>

#include <random>

#include "intel/csv_rows.h"
#include "intel/testing/read.h"

namespace netprobe::intel {
namespace {

using testing::read;

TEST(PlainFeed, ReadsLinesCommentsAndReasons) {
  const auto list = read(
      "\xef\xbb\xbf# a list\r\n; of\r\n// comments\r\n\r\n"
      "203.0.113.1\r\n  203.0.113.2 # why\r\n198.51.100.0/24 ; SBL1, and more\r\n"
      "bad.example // told by a, b\r\n203.0.113.3#tight\r\n2001:db8::7\tbotnet C2");
  ASSERT_TRUE(list.status) << list.status.error().message;
  EXPECT_EQ(list.counts.taken, 6);
  EXPECT_EQ(list.counts.refused.total(), 0) << list.counts.refused.to_text();
  EXPECT_EQ(list.of("203.0.113.1"), "203.0.113.1");
  EXPECT_EQ(list.of("203.0.113.2"), "203.0.113.2 why");
  EXPECT_EQ(list.of("198.51.100.9"), "198.51.100.0/24 SBL1, and more");
  EXPECT_EQ(list.of("bad.example"), "bad.example told by a, b");
  EXPECT_EQ(list.of("203.0.113.3"), "203.0.113.3 tight");
  EXPECT_EQ(list.of("2001:db8::7"), "2001:db8::7 botnet C2");
}

TEST(PlainFeed, ReadsHostsFiles) {
  const auto list = read(
      "127.0.0.1\tlocalhost\n::1 localhost ip6-localhost\n"
      "0.0.0.0 bad.example worse.example # ads\n127.0.0.1 worst.example\n:: six.example\n"
      "0.0.0.0 a.example\n");
  ASSERT_TRUE(list.status);
  EXPECT_EQ(list.of("bad.example"), "bad.example ads");
  EXPECT_EQ(list.of("worse.example"), "worse.example ads");
  EXPECT_EQ(list.of("worst.example"), "worst.example");
  EXPECT_EQ(list.of("six.example"), "six.example");
  EXPECT_EQ(list.counts.refused.of(Refusal::kLoopback), 3);
  EXPECT_EQ(list.of("127.0.0.1"), "-");
}

TEST(PlainFeed, CountsByCauseWhatItDoesNotTake) {
  const auto list =
      read("0.0.0.0/0\n10.0.0.0/8\n127.0.0.1\n169.254.1.1\n224.0.0.1\n8.8.8.8\nnot@an@entry\n" +
           std::string(5000, 'a') + "\n203.0.113.1\n");
  ASSERT_TRUE(list.status);
  const auto& refused = list.counts.refused;
  EXPECT_EQ(refused.of(Refusal::kTooWide), 1);
  EXPECT_EQ(refused.of(Refusal::kPrivate), 1);
  EXPECT_EQ(refused.of(Refusal::kLoopback), 1);
  EXPECT_EQ(refused.of(Refusal::kLinkLocal), 1);
  EXPECT_EQ(refused.of(Refusal::kMulticast), 1);
  EXPECT_EQ(refused.of(Refusal::kWellKnown), 1);
  EXPECT_EQ(refused.of(Refusal::kNoEntry), 1);
  EXPECT_EQ(refused.of(Refusal::kTooLong), 1);
  EXPECT_EQ(refused.suspicious(), 8);
  EXPECT_EQ(list.counts.example, "'0.0.0.0/0': too wide");
  EXPECT_EQ(list.counts.taken, 1);
}

TEST(PlainFeed, StopsTakingAtItsBound) {
  const auto list =
      read("203.0.113.1\n203.0.113.2\n203.0.113.3\n", {}, 0, std::make_shared<const Guard>(), 2);
  EXPECT_EQ(list.counts.taken, 2);
  EXPECT_EQ(list.counts.refused.of(Refusal::kTooMany), 1);
  EXPECT_EQ(list.of("203.0.113.3"), "-");
}

TEST(PlainFeed, HasRoomForSoManyReasons) {
  std::string text;
  for (int i = 0; i < 70'000; ++i)
    text += IpAddress::v4(0xcb000000U + static_cast<std::uint32_t>(i)).to_string() + " r" +
            std::to_string(i) + "\n";
  const auto list = read(text);
  EXPECT_EQ(list.counts.taken, 70'000);
  EXPECT_EQ(list.counts.notes_lost, 70'000 - 65'535);
  EXPECT_EQ(list.of("203.0.0.9"), "203.0.0.9 r9");
  EXPECT_EQ(list.of(IpAddress::v4(0xcb000000U + 69'999).to_string()),
            IpAddress::v4(0xcb000000U + 69'999).to_string());
}

TEST(CsvFeed, FindsColumnsByTheirNames) {
  const auto list = read(
      "first_seen,reporter,dst_ip,dst_port,malware\r\n"
      "2026-01-01 00:00:00,192.0.2.9,203.0.113.1,443,\"Emotet, v2\"\r\n"
      "2026-01-02 00:00:00,192.0.2.9,203.0.113.2,8080,\"say \"\"hi\"\"\"\r\n");
  ASSERT_TRUE(list.status) << list.status.error().message;
  EXPECT_EQ(list.of("203.0.113.1"), "203.0.113.1 Emotet, v2");
  EXPECT_EQ(list.of("203.0.113.2"), "203.0.113.2 say \"hi\"");
  EXPECT_EQ(list.of("192.0.2.9"), "-");
}

TEST(CsvFeed, FindsColumnsByTheRowsOrTheLastComment) {
  const auto rows = read("1,203.0.113.1,x.exe\n2,203.0.113.2:443,y.exe\n3,2001:db8::1,z.exe\n");
  ASSERT_TRUE(rows.status);
  EXPECT_EQ(rows.counts.taken, 3);
  EXPECT_EQ(rows.of("203.0.113.2"), "203.0.113.2");
  const auto comment = read(
      "################\n# \"id\",\"ioc_value\",\"threat_type\"\n"
      "\"1\",\"bad.example\",\"botnet\"\n\"2\",\"worse.example\",\"payload\"\n");
  ASSERT_TRUE(comment.status) << comment.status.error().message;
  EXPECT_EQ(comment.of("bad.example"), "bad.example botnet");
  const auto semicolons = read("ip;reason\n203.0.113.1;a, b\n");
  ASSERT_TRUE(semicolons.status);
  EXPECT_EQ(semicolons.of("203.0.113.1"), "203.0.113.1 a, b");
}

TEST(CsvFeed, TakesTheColumnThatIsSaid) {
  const FeedSyntax by_name{.format = FeedFormat::kCsv, .column = "Src IP", .reason = "who"};
  const std::string_view text = "dst_ip,src ip,who\n203.0.113.1,198.51.100.1,me\n";
  EXPECT_EQ(read(text, by_name).of("198.51.100.1"), "198.51.100.1 me");
  EXPECT_EQ(read(text, by_name).of("203.0.113.1"), "-");
  const FeedSyntax by_number{.format = FeedFormat::kCsv, .column = "2", .reason = {}};
  EXPECT_EQ(read(text, by_number).of("198.51.100.1"), "198.51.100.1");
  const auto wrong = read(text, {.format = FeedFormat::kCsv, .column = "ip", .reason = {}});
  ASSERT_FALSE(wrong.status);
  EXPECT_EQ(wrong.status.error().message, "it has no column 'ip': dst_ip, src ip, who");
  const auto none = read("a,b\nc,d\n", {.format = FeedFormat::kCsv, .column = {}, .reason = {}});
  ASSERT_FALSE(none.status);
  EXPECT_TRUE(none.status.error().message.contains("name it with column="));
}

TEST(CsvFeed, LosesOneRowToAQuoteThatNobodyCloses) {
  std::string text = "ip,reason\n203.0.113.1,ok\n203.0.113.2,\"open\n";
  for (int i = 0; i < 20'000; ++i) text += "203.0.113.77,x\n";
  const auto list = read(text);
  ASSERT_TRUE(list.status);
  EXPECT_EQ(list.counts.refused.of(Refusal::kTooLong), 1);
  EXPECT_EQ(list.of("203.0.113.1"), "203.0.113.1 ok");
  EXPECT_EQ(list.of("203.0.113.77"), "203.0.113.77 x");
}

TEST(AnyFeed, TellsWhatIsNoList) {
  const auto error = [](std::string_view text) {
    const auto list = read(text);
    return list.status ? std::string() : list.status.error().message;
  };
  EXPECT_EQ(error("<!DOCTYPE html><html>"), "it is a web page or XML, not a list");
  EXPECT_EQ(error("\x1f\x8b\x08\x01\x02"), "it is compressed: unpack it first");
  EXPECT_EQ(error(std::string_view("MZ\0\1\2", 5)), "it is binary, not text");
  EXPECT_EQ(error("[{}]x"), "something stands behind the end of the JSON");
}

TEST(AnyFeed, GivesUpOnEndlessGarbage) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "@\n";
  const auto list = read(text, {}, 4096);
  ASSERT_FALSE(list.status);
  EXPECT_TRUE(list.status.error().message.starts_with("most of it is no list"));
  EXPECT_LT(list.counts.refused.total(), 110'000);
}

TEST(AnyFeed, DoesNotMindWhereATextIsCut) {
  const std::vector<std::string> texts{
      "203.0.113.1 # a\n\r\n198.51.100.0/24 ; b\n0.0.0.0 bad.example x.example",
      "# id,ip,reason\n1,203.0.113.1,\"a \"\"b\"\"\nc\"\n2,203.0.113.2,d",
      R"({"type":"bundle","objects":[{"type":"indicator","name":"a\"]}","pattern":)"
      R"("[ipv4-addr:value = '203.0.113.1']","valid_from":"2026-01-01T00:00:00Z"},{"type":"x"}]})"};
  for (const std::string& text : texts) {
    const auto whole = read(text);
    for (std::size_t piece = 1; piece < 40; ++piece) {
      const auto cut = read(text, {}, piece);
      EXPECT_EQ(cut.status.has_value(), whole.status.has_value());
      EXPECT_EQ(cut.counts.taken, whole.counts.taken) << piece;
      EXPECT_EQ(cut.counts.refused.counts, whole.counts.refused.counts) << piece;
      EXPECT_EQ(cut.of("203.0.113.1"), whole.of("203.0.113.1")) << piece;
    }
    EXPECT_NE(whole.of("203.0.113.1"), "-") << text;
  }
}

TEST(CsvRows, SplitsAsTheRfcHasIt) {
  EXPECT_EQ(split_csv_line("a,\"b,c\", d ,\"e\"\"f\"", ','), (CsvRow{"a", "b,c", "d", "e\"f"}));
  EXPECT_EQ(guess_separator("a;b;c,d"), ';');
  EXPECT_EQ(guess_separator("\"a;b;c\",d"), ',');
  EXPECT_EQ(split_csv_line(std::string(1000, ','), ','), CsvRow{});
}

}  // namespace
}  // namespace netprobe::intel
