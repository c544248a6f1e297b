// SPDX-License-Identifier: Apache-2.0
#include "detect/intel/intel_detector.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace netprobe {
namespace {

constexpr Micros kSecondMicros = 1'000'000;
constexpr Micros kStart = 1'790'000'000 * kSecondMicros;

/// A list of whole addresses.
class FakeList final : public AddressWatchlist {
 public:
  std::map<std::string, std::vector<WatchlistMatch>> entries;

  [[nodiscard]] bool has(const IpAddress& address) const override {
    return entries.contains(address.to_string());
  }
  [[nodiscard]] std::vector<WatchlistMatch> find(const IpAddress& address) const override {
    const auto found = entries.find(address.to_string());
    return found == entries.end() ? std::vector<WatchlistMatch>() : found->second;
  }
  [[nodiscard]] std::vector<WatchlistMatch> find_name(std::string_view name) const override {
    if (!name.ends_with(".bad.example")) return {};
    return {{"names", "*.bad.example", "botnet", Severity::kCritical, 0.9}};
  }
};

class IntelDetectorTest : public ::testing::Test {
 protected:
  IntelDetectorTest() {
    list->entries["203.0.113.7"] = {{"c2", "203.0.113.7", "Emotet", Severity::kHigh, 0.9}};
    list->entries["2001:db8::7"] = {{"six", "2001:db8::/32", "", Severity::kCritical, 0.5},
                                    {"own", "2001:db8::7", "seen", Severity::kLow, 0.7}};
    pod->kind = IdentityKind::kPod;
    pod->name = "web-1";
    pod->name_space = "shop";
    pod->workload_kind = "Deployment";
    pod->workload = "web";
  }

  FlowRecord flow(std::string_view src, std::string_view dst) {
    FlowRecord record;
    record.tuple = {IpAddress::parse(src).value(), IpAddress::parse(dst).value(), 40'000, 443,
                    kProtoTcp};
    record.flow_id = ++flows;
    record.time = record.first_seen = record.last_seen = now;
    record.forward = {3, 180};
    record.tcp_flags = kTcpSyn;
    record.began = true;
    return record;
  }
  FlowRecord call() {
    FlowRecord record = flow("10.0.0.5", "203.0.113.7");
    record.src = pod;
    return record;
  }
  FlowRecord knock() {
    FlowRecord record = flow("203.0.113.7", "10.0.0.5");
    record.dst = pod;
    return record;
  }
  static void answer(FlowRecord& record) {
    record.reverse = {2, 100};
    record.reverse_tcp_flags = kTcpSyn | kTcpAck;
    record.tcp_flags = kTcpSyn | kTcpAck;
  }
  void ask(const std::string& name, std::string_view client = "10.0.0.5", bool is_pod = true) {
    DnsMessage message;
    message.time = now;
    message.client = IpAddress::parse(client).value();
    message.server = IpAddress::parse("10.96.0.10").value();
    message.client_port = 40'000;
    message.name = name;
    message.bytes = 40;
    if (is_pod) message.client_identity = pod;
    detector.on_dns(message);
  }
  /// Answers somebody, about a name that is on no list.
  void serve(std::string_view server) {
    DnsMessage message;
    message.time = now;
    message.is_response = true;
    message.client = IpAddress::parse("10.0.0.5").value();
    message.server = IpAddress::parse(server).value();
    message.name = "www.good.example";
    detector.on_dns(message);
  }
  std::vector<Finding> tick(Micros later = kSecondMicros) {
    now += later;
    std::vector<Finding> found;
    detector.tick(now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    return found;
  }

  std::shared_ptr<FakeList> list = std::make_shared<FakeList>();
  std::shared_ptr<Identity> pod = std::make_shared<Identity>();
  Micros now = kStart;
  std::uint64_t flows = 0;
  AddressWatchlistPtr current = list;
  IntelDetector detector{[this] { return current; }, {.most_pairs = 100, .most_findings = 10}};
};

TEST_F(IntelDetectorTest, FindsAPodThatAsksForAListedName) {
  ask("www.good.example");
  ask("c2.bad.example");
  const auto found = tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "threat_intel");
  EXPECT_EQ(found[0].technique, "T1071.004");
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_EQ(found[0].key, "shop/Deployment/web>*.bad.example");
  EXPECT_EQ(found[0].source.address.to_string(), "10.0.0.5");
  EXPECT_EQ(found[0].target.text, "c2.bad.example");
  EXPECT_EQ(found[0].unit, "questions");
  EXPECT_TRUE(found[0].spoofable);  // a datagram
  EXPECT_EQ(found[0].evidence.size(), 1U);
  ask("c2.bad.example");
  EXPECT_EQ(tick(20 * kSecondMicros).at(0).count, 2U);
}

TEST_F(IntelDetectorTest, AResolverThatPassesAQuestionOnIsNotToldOf) {
  serve("10.0.0.53");
  ask("c2.bad.example");
  now += 1'000;
  ask("c2.bad.example", "10.0.0.53", false);
  const auto found = tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].source.address.to_string(), "10.0.0.5");
  EXPECT_EQ(detector.matches("names"), 2U);
  // By itself, later, it is.
  now += 60 * kSecondMicros;
  ask("c2.bad.example", "10.0.0.53", false);
  EXPECT_EQ(tick().size(), 1U);
}

TEST_F(IntelDetectorTest, AnotherThatAsksBesideOneThatAsksAllTheTimeIsToldOf) {
  serve("10.0.0.53");
  for (int i = 0; i < 5; ++i) {
    ask("c2.bad.example");
    ask("c2.bad.example", "10.0.0.53", false);
    tick(4 * kSecondMicros);
  }
  ask("c2.bad.example", "10.0.0.6", false);
  const auto found = tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].source.address.to_string(), "10.0.0.6");
  EXPECT_EQ(detector.matches("names"), 11U);
}

TEST_F(IntelDetectorTest, RoomForServersIsBounded) {
  for (std::uint32_t i = 0; i < 100'000; ++i) serve(IpAddress::v4(0x0a000000U + i).to_string());
  EXPECT_LT(detector.bytes(), 200'000U);
}

TEST_F(IntelDetectorTest, FindsAPodThatCallsAListedAddress) {
  FlowRecord record = call();
  answer(record);
  detector.on_flow(record);
  const auto found = tick();
  ASSERT_EQ(found.size(), 1);
  const Finding& finding = found[0];
  EXPECT_EQ(finding.kind, "threat_intel");
  EXPECT_EQ(finding.severity, Severity::kHigh);
  EXPECT_EQ(finding.technique, "T1071");
  EXPECT_EQ(finding.key, "shop/Deployment/web>203.0.113.7");
  EXPECT_EQ(finding.source.identity, pod);
  EXPECT_EQ(finding.target.address.to_string(), "203.0.113.7");
  EXPECT_EQ(finding.target.port, 443);
  EXPECT_EQ(finding.summary,
            "pod shop/web-1 (10.0.0.5) calls 203.0.113.7, which is listed by c2 (Emotet): 1 flow, "
            "5 packets, 280 bytes, answered");
  EXPECT_DOUBLE_EQ(finding.confidence, 0.9);
  EXPECT_FALSE(finding.spoofable);
  ASSERT_EQ(finding.evidence.size(), 1);
  EXPECT_EQ(finding.evidence[0].packets, 5);
  EXPECT_EQ(finding.first_seen, kStart);
}

TEST_F(IntelDetectorTest, TellsAKnockFromACall) {
  detector.on_flow(knock());
  auto found = tick();
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].severity, Severity::kLow);
  EXPECT_EQ(found[0].technique, "T1595");
  EXPECT_EQ(found[0].key, "203.0.113.7>shop/Deployment/web");
  EXPECT_EQ(found[0].source.address.to_string(), "203.0.113.7");
  EXPECT_EQ(found[0].target.identity, pod);
  EXPECT_TRUE(found[0].spoofable);
  EXPECT_EQ(found[0].summary,
            "203.0.113.7, which is listed by c2 (Emotet), knocks at pod shop/web-1 (10.0.0.5): "
            "1 flow, 3 packets, 180 bytes");
  // A reset is no answer, and no reason to tell it again at once.
  FlowRecord refused = knock();
  refused.reverse = {1, 40};
  refused.reverse_tcp_flags = kTcpRst | kTcpAck;
  detector.on_flow(refused);
  EXPECT_TRUE(tick().empty());
  // An answer makes it worse, which is told at once.
  FlowRecord answered = knock();
  answer(answered);
  detector.on_flow(answered);
  found = tick();
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].severity, Severity::kMedium);
  EXPECT_FALSE(found[0].spoofable);
  EXPECT_EQ(found[0].count, 3);
  EXPECT_TRUE(found[0].summary.contains("is answered by pod shop/web-1"));
}

TEST_F(IntelDetectorTest, NamesAllListsAndTheNarrowestEntryOfTheFirst) {
  FlowRecord record = flow("fd00::5", "2001:db8::7");
  detector.on_flow(record);
  const auto found = tick();
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].severity, Severity::kCritical);
  EXPECT_DOUBLE_EQ(found[0].confidence, 0.7);
  EXPECT_EQ(found[0].key, "fd00::5>2001:db8::/32");
  EXPECT_EQ(found[0].summary,
            "fd00::5 calls 2001:db8::7 in 2001:db8::/32, which is listed by six, own (seen): "
            "1 flow, 3 packets, 180 bytes, not answered");
}

TEST_F(IntelDetectorTest, IsQuietOnAllElse) {
  detector.on_flow(flow("10.0.0.5", "198.51.100.1"));
  FlowRecord inside = call();  // a pod that has that address is a pod
  inside.dst = pod;
  detector.on_flow(inside);
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(detector.bytes(), 0);
}

TEST_F(IntelDetectorTest, LooksBehindTranslation) {
  auto service = std::make_shared<Identity>();
  service->kind = IdentityKind::kExternal;
  FlowRecord record = flow("10.0.0.5", "10.96.0.10");
  record.src = pod;
  record.dst = service;
  record.nat = true;
  record.translated = record.tuple;
  record.translated.dst = IpAddress::parse("203.0.113.7").value();
  detector.on_flow(record);
  const auto found = tick();
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].target.address.to_string(), "203.0.113.7");
}

TEST_F(IntelDetectorTest, TellsOnceAndAgainAsItGoesOn) {
  FlowRecord record = call();
  detector.on_flow(record);
  ASSERT_EQ(tick().size(), 1);
  record.began = false;
  std::size_t told = 0;
  for (int i = 0; i < 60; ++i) {
    record.time = record.last_seen = now;
    detector.on_flow(record);
    for (const Finding& finding : tick()) {
      ++told;
      EXPECT_EQ(finding.count, 1);
      EXPECT_EQ(finding.evidence.size(), 1);
    }
  }
  EXPECT_EQ(told, 6);
  // Another pod of the workload is the same; another workload is not.
  auto other = std::make_shared<Identity>(*pod);
  other->name = "web-2";
  FlowRecord second = call();
  second.src = other;
  detector.on_flow(second);
  EXPECT_TRUE(tick().empty());
  auto job = std::make_shared<Identity>(*pod);
  job->workload = "job";
  second.src = job;
  detector.on_flow(second);
  EXPECT_EQ(tick().size(), 1);
}

TEST_F(IntelDetectorTest, ForgetsWhatIsQuiet) {
  detector.on_flow(call());
  ASSERT_EQ(tick().size(), 1);
  tick(1000 * kSecondMicros);
  detector.on_flow(call());
  const auto found = tick();
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].count, 1);
}

TEST_F(IntelDetectorTest, TakesTheNewListWithTheNextTick) {
  auto next = std::make_shared<FakeList>();
  next->entries["198.51.100.1"] = {{"new", "198.51.100.1", "", Severity::kMedium, 1}};
  current = next;
  tick();
  detector.on_flow(call());
  detector.on_flow(flow("10.0.0.5", "198.51.100.1"));
  const auto found = tick();
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].severity, Severity::kMedium);
}

TEST_F(IntelDetectorTest, IsBounded) {
  for (int i = 0; i < 1000; ++i) {
    FlowRecord record = flow("203.0.113.7", "10.0.0.1");
    record.tuple.dst = IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(i));
    detector.on_flow(record);
  }
  EXPECT_EQ(detector.not_followed(), 900);
  EXPECT_EQ(tick().size(), 10);  // and the rest by and by
  std::size_t told = 10;
  for (int i = 0; i < 9; ++i) told += tick(1).size();
  EXPECT_EQ(told, 100);
  EXPECT_LT(detector.bytes(), 300'000);
}

}  // namespace
}  // namespace netprobe
