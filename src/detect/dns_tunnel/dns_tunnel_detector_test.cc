// SPDX-License-Identifier: Apache-2.0
#include "detect/dns_tunnel/dns_tunnel_detector.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace netprobe {
namespace {

constexpr Micros kOneSecond = 1'000'000;
constexpr Micros kStart = 1'790'000'000 * kOneSecond;

class DnsTunnelTest : public ::testing::Test {
 protected:
  static DnsMessage message(const std::string& name, Micros time, const std::string& client) {
    DnsMessage made;
    made.time = time;
    made.client = IpAddress::parse(client).value();
    made.server = IpAddress::parse("10.0.0.53").value();
    made.client_port = 40'000;
    made.name = name;
    made.name_bytes = static_cast<std::uint16_t>(name.size() + 2);
    made.bytes = static_cast<std::uint32_t>(name.size() + 18);
    return made;
  }
  void ask(const std::string& name, const std::string& client = "10.0.0.9") {
    detector.on_dns(message(name, now, client));
  }
  void answer(const std::string& name, std::uint8_t rcode, std::uint32_t data = 0) {
    DnsMessage made = message(name, now, "10.0.0.9");
    made.is_response = true;
    made.rcode = rcode;
    made.data_bytes = data;
    detector.on_dns(made);
  }
  std::string random_text(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "abcdefghijklmnopqrstuvwxyz234567"[random() % 32];
    return text;
  }
  void wait(double seconds) {
    now += static_cast<Micros>(seconds * 1e6);
    if (now - last_tick >= kOneSecond) {
      last_tick = now;
      detector.tick(now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    }
  }

  std::mt19937 random{7};
  Micros now = kStart;
  Micros last_tick = kStart;
  std::vector<Finding> found;
  DnsTunnelDetector detector;
};

TEST_F(DnsTunnelTest, FindsDataInNames) {
  for (int i = 0; i < 200 && found.empty(); ++i) {
    const std::string name = random_text(60) + "." + random_text(50) + ".t.evil-example.com";
    ask(name);
    answer(name, kDnsNoError, 20);
    wait(0.5);
  }
  ASSERT_FALSE(found.empty());
  const Finding& finding = found.front();
  EXPECT_EQ(finding.kind, "dns_tunnel");
  EXPECT_EQ(finding.technique, "T1071.004");
  EXPECT_EQ(finding.source.address.to_string(), "10.0.0.9");
  EXPECT_EQ(finding.target.text, "evil-example.com");
  EXPECT_EQ(finding.key, "10.0.0.9>evil-example.com");
  EXPECT_GE(finding.value, finding.threshold);
  EXPECT_FALSE(finding.spoofable);
  EXPECT_FALSE(finding.evidence.empty());
  // As soon as the definition holds.
  EXPECT_LE(now - kStart, 32 * kOneSecond);
}

TEST_F(DnsTunnelTest, FindsDataInAnswersToShortNames) {
  for (int i = 0; i < 200 && found.empty(); ++i) {
    const std::string name = random_text(8) + ".t.evil-example.com";
    ask(name);
    answer(name, kDnsNoError, 400);
    wait(0.5);
  }
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front().threshold, DnsTunnelOptions().least_data);
}

TEST_F(DnsTunnelTest, FindsABurstThatIsOverSoon) {
  for (int i = 0; i < 200; ++i) {
    ask(random_text(60) + "." + random_text(50) + ".evil-example.com");
    wait(0.01);
  }
  EXPECT_TRUE(found.empty());
  for (int i = 0; i < 40; ++i) wait(1);
  EXPECT_EQ(found.size(), 1U);
}

TEST_F(DnsTunnelTest, ToldAgainWhileItGoesOnButNotEachSecond) {
  for (int i = 0; i < 600; ++i) {
    ask(random_text(60) + "." + random_text(50) + ".evil-example.com");
    wait(0.1);
  }
  EXPECT_GE(found.size(), 2U);  // from its 30th second on, each ten
  EXPECT_LE(found.size(), 4U);
}

TEST_F(DnsTunnelTest, ForwardersOfAQuestionAreNotItsSource) {
  for (int i = 0; i < 200 && found.empty(); ++i) {
    const std::string name = random_text(60) + "." + random_text(50) + ".evil-example.com";
    ask(name);
    now += 1'000;
    ask(name, "10.0.0.53");
    wait(0.5);
  }
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front().source.address.to_string(), "10.0.0.9");
}

TEST_F(DnsTunnelTest, SearchDomainsAreNone) {
  // A crawler in a cluster whose nodes have a search domain of their own.
  for (int i = 0; i < 300; ++i) {
    const std::string site = random_text(30) + "." + random_text(40) + ".com";
    for (const char* suffix :
         {".shop.svc.cluster.local", ".svc.cluster.local", ".cluster.local", ".corp-example.org"}) {
      ask(site + suffix);
      answer(site + suffix, kDnsNoSuchName);
    }
    ask(site);
    answer(site, kDnsNoError);
    wait(0.3);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(DnsTunnelTest, NamesThatAreAskedAgainAreNone) {
  std::vector<std::string> names;
  for (int i = 0; i < 60; ++i)
    names.push_back(random_text(60) + "." + random_text(40) + ".example.com");
  for (int turn = 0; turn < 10; ++turn)
    for (const std::string& name : names) {
      ask(name);
      wait(0.2);
    }
  EXPECT_TRUE(found.empty());
}

TEST_F(DnsTunnelTest, WhatManyAskIsAService) {
  for (int i = 0; i < 600; ++i) {
    ask(random_text(60) + "." + random_text(40) + ".example.com",
        "10.0.1." + std::to_string(i % 6 + 1));
    wait(0.1);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(DnsTunnelTest, AddressesInNamesAreNoData) {
  // A mail server asks a list of bad senders; reverse zones have nobody's domain.
  for (int i = 0; i < 600; ++i) {
    const auto part = [&] { return std::to_string(random() % 256) + "."; };
    ask(part() + part() + part() + part() + "list.example.com");
    ask(part() + part() + part() + part() + "in-addr.arpa");
    std::string six;
    for (int k = 0; k < 32; ++k) six += std::string(1, "0123456789abcdef"[random() % 16]) + ".";
    if (i % 8 == 0) ask(six + "six.example.com");
    wait(0.1);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(DnsTunnelTest, KeysBehindAddressesAreNoData) {
  // A mail server that pays for a list has a key in each question.
  const std::string key = random_text(26);
  for (int i = 0; i < 600; ++i) {
    const auto part = [&] { return std::to_string(random() % 256) + "."; };
    ask(part() + part() + part() + part() + key + ".zen.dq.example.com");
    std::string six;
    for (int k = 0; k < 32; ++k) six += std::string(1, "0123456789abcdef"[random() % 16]) + ".";
    if (i % 8 == 0) ask(six + key + ".zen.dq.six-example.com");
    wait(0.1);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(DnsTunnelTest, FindsDataBehindAddresses) {
  for (int i = 0; i < 400 && found.empty(); ++i) {
    ask("10.1.2." + std::to_string(i % 256) + "." + random_text(40) + ".evil-example.com");
    wait(0.2);
  }
  EXPECT_FALSE(found.empty());
}

TEST_F(DnsTunnelTest, AntivirusServicesAreLeftOut) {
  for (int i = 0; i < 600; ++i) {
    ask(random_text(26) + "." + random_text(30) + ".avqs.mcafee.com");
    ask(random_text(26) + "." + random_text(30) + ".dq.spamhaus.net");
    ask(random_text(40) + ".malware.hash.cymru.com");
    ask(random_text(40) + ".ebl.msbl.org");
    ask(random_text(40) + ".fuzzy.rspamd.com");
    wait(0.1);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(DnsTunnelTest, ABrowserIsNone) {
  for (int i = 0; i < 2000; ++i) {
    ask("r" + std::to_string(random() % 30) + "---sn-" + random_text(8) + ".video-example.com");
    ask("www.site" + std::to_string(random() % 500) + ".com");
    wait(1);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(DnsTunnelTest, RoomIsBoundedWhateverIsAsked) {
  DnsTunnelDetector small({.domains = 50});
  for (int i = 0; i < 20'000; ++i) {
    const std::string domain = "d" + std::to_string(i % 1000) + ".com";
    for (int k = 0; k < 12; ++k)
      small.on_dns(message(random_text(10) + "." + domain, now + i, "10.0.0.9"));
  }
  EXPECT_LE(small.bytes(), 50U * 16'384U + 200'000U);
  EXPECT_GT(small.not_followed(), 0U);
}

}  // namespace
}  // namespace netprobe
