// SPDX-License-Identifier: Apache-2.0
#include "probes/dns/dns_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace netprobe {
namespace {

using Bytes = std::vector<std::uint8_t>;

void put16(Bytes& to, std::uint16_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8U));
  to.push_back(static_cast<std::uint8_t>(value));
}
void put_name(Bytes& to, const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    to.push_back(static_cast<std::uint8_t>(label.size()));
    to.insert(to.end(), label.begin(), label.end());
  }
  to.push_back(0);
}
Bytes header(std::uint16_t flags, std::uint16_t questions, std::uint16_t answers) {
  Bytes bytes;
  for (const std::uint16_t word :
       {std::uint16_t{0x1234}, flags, questions, answers, std::uint16_t{0}, std::uint16_t{0}})
    put16(bytes, word);
  return bytes;
}
Bytes question(std::uint16_t flags, std::uint16_t answers = 0) {
  Bytes bytes = header(flags, 1, answers);
  put_name(bytes, {"WWW", "Example", "com"});
  put16(bytes, kDnsTypeA);
  put16(bytes, 1);
  return bytes;
}
/// A record whose name is a pointer to the question's.
void put_record(Bytes& to, std::uint16_t type, std::uint16_t ttl, const Bytes& data) {
  put16(to, 0xc00c);
  put16(to, type);
  put16(to, 1);
  put16(to, 0);
  put16(to, ttl);
  put16(to, static_cast<std::uint16_t>(data.size()));
  to.insert(to.end(), data.begin(), data.end());
}

TEST(DnsParser, ReadsAQuestion) {
  const Bytes bytes = question(0x0100);
  const auto message = parse_dns(bytes, bytes.size());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id, 0x1234);
  EXPECT_FALSE(message->is_response);
  EXPECT_EQ(message->name, "www.example.com");
  EXPECT_EQ(message->name_bytes, 17);
  EXPECT_EQ(message->type, kDnsTypeA);
  EXPECT_EQ(message->bytes, bytes.size());
  EXPECT_FALSE(message->is_cut);
}

TEST(DnsParser, ReadsAnswersOfBothFamilies) {
  Bytes bytes = question(0x8180, 3);
  put_record(bytes, kDnsTypeCname, 60, {3, 'c', 'd', 'n', 0xc0, 0x10});
  put_record(bytes, kDnsTypeA, 30, {192, 0, 2, 7});
  put_record(bytes, kDnsTypeAaaa, 90, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7});
  const auto message = parse_dns(bytes, bytes.size());
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_response);
  ASSERT_EQ(message->answers.size(), 3U);
  EXPECT_EQ(message->answers[1].address.to_string(), "192.0.2.7");
  EXPECT_EQ(message->answers[1].ttl, 30U);
  EXPECT_EQ(message->answers[2].address.to_string(), "2001:db8::7");
  EXPECT_TRUE(message->answers[0].address.is_unspecified());
  EXPECT_EQ(message->data_bytes, 6U);  // of the alias alone
}

TEST(DnsParser, KnowsThatANameDoesNotExist) {
  const Bytes bytes = question(0x8183);
  EXPECT_EQ(parse_dns(bytes, bytes.size())->rcode, kDnsNoSuchName);
}

TEST(DnsParser, WritesBytesThatAreNoText) {
  Bytes bytes = header(0, 1, 0);
  put_name(bytes, {std::string("a.\xff", 3) + " ", "de"});
  put16(bytes, 10);
  put16(bytes, 1);
  EXPECT_EQ(parse_dns(bytes, bytes.size())->name, "a\\046\\255\\032.de");
}

TEST(DnsParser, SaysWhatWasCut) {
  Bytes bytes = question(0x8180, 2);
  put_record(bytes, kDnsTypeA, 30, {192, 0, 2, 7});
  const std::size_t whole = bytes.size();
  put_record(bytes, 16, 30, Bytes(200, 'x'));
  for (std::size_t size = whole; size < bytes.size(); ++size) {
    const auto message = parse_dns(std::span(bytes).first(size), bytes.size());
    ASSERT_TRUE(message);
    EXPECT_TRUE(message->is_cut) << size;
    EXPECT_EQ(message->answers.size(), 1U);
  }
}

TEST(DnsParser, RefusesEveryCutQuestion) {
  const Bytes bytes = question(0x0100);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse_dns(std::span(bytes).first(size), bytes.size())) << size;
}

TEST(DnsParser, RefusesPointersThatDoNotLeadBack) {
  for (const std::uint8_t to :
       std::initializer_list<std::uint8_t>{0x0c, 0x0d, 0x20}) {  // itself, into itself, forward
    Bytes bytes = header(0, 1, 0);
    bytes.insert(bytes.end(), {0xc0, to});
    bytes.insert(bytes.end(), 40, 0);
    EXPECT_FALSE(parse_dns(bytes, bytes.size())) << int{to};
  }
  // Two that lead to one another.
  Bytes bytes = header(0, 1, 0);
  bytes.insert(bytes.end(), {1, 'a', 0xc0, 0x0c, 0, 1, 0, 1});
  EXPECT_FALSE(parse_dns(bytes, bytes.size()));
}

TEST(DnsParser, RefusesNamesThatAreTooLong) {
  Bytes bytes = header(0, 1, 0);
  put_name(bytes, std::vector<std::string>(5, std::string(63, 'a')));
  put16(bytes, 1);
  put16(bytes, 1);
  EXPECT_FALSE(parse_dns(bytes, bytes.size()));
}

TEST(DnsParser, RefusesWhatIsNoQuestion) {
  Bytes update = question(0x2800);  // RFC 2136
  EXPECT_FALSE(parse_dns(update, update.size()));
  Bytes many = header(0, 2, 0);
  put_name(many, {"a"});
  put16(many, 1);
  put16(many, 1);
  EXPECT_FALSE(parse_dns(many, many.size()));
}

TEST(DnsParser, KeepsNoMoreAnswersThanItSays) {
  Bytes bytes = question(0x8180, 1000);
  for (int i = 0; i < 1000; ++i) put_record(bytes, kDnsTypeA, 1, {10, 0, 0, 1});
  EXPECT_EQ(parse_dns(bytes, bytes.size())->answers.size(), kMostDnsAnswers);
}

}  // namespace
}  // namespace netprobe
