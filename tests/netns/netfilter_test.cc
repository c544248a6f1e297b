// SPDX-License-Identifier: Apache-2.0
// The firewall of a node between two others: what went through each hook
// point, what was dropped and by which rule, and translated connections.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "agent.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

using Element = simdjson::dom::element;

struct Sums {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t dropped = 0;
  bool operator==(const Sums&) const = default;
};

/// left -- node -- right, both families. The node routes.
class Netfilter : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    for (const char* program : {"nft", "socat", "ping"})
      if (!have_program(program)) GTEST_SKIP() << "needs the program " << program;
    for (auto* ns : {&left_, &node_, &right_}) {
      auto made = NetNamespace::create();
      ASSERT_TRUE(made) << made.error().message;
      ns->emplace(std::move(*made));
    }
    ASSERT_TRUE(add_veth(*node_, "ln", *left_, "eth0"));
    ASSERT_TRUE(add_veth(*node_, "rn", *right_, "eth0"));
    for (const auto& [ns, device, net] :
         std::vector<std::tuple<NetNamespace*, std::string, std::string>>{
             {&*node_, "ln", "1.1"},
             {&*left_, "eth0", "1.2"},
             {&*node_, "rn", "2.1"},
             {&*right_, "eth0", "2.2"}}) {
      const std::string v6 = "fd0" + net.substr(0, 1) + "::" + net.substr(2);
      ASSERT_TRUE(
          ns->add_address(device, "10." + net.substr(0, 1) + ".0." + net.substr(2) + "/24"));
      ASSERT_TRUE(ns->add_address(device, v6 + "/64"));
    }
    ASSERT_TRUE(node_->run({"sysctl", "-qw", "net.ipv4.ip_forward=1",
                            "net.ipv6.conf.all.forwarding=1", "net.ipv4.icmp_ratelimit=0"}));
    ASSERT_TRUE(left_->ip({"route", "add", "default", "via", "10.1.0.1"}));
    ASSERT_TRUE(left_->ip({"-6", "route", "add", "default", "via", "fd01::1"}));
    ASSERT_TRUE(right_->ip({"route", "add", "10.1.0.0/24", "via", "10.2.0.1"}));
    ASSERT_TRUE(right_->ip({"-6", "route", "add", "fd01::/64", "via", "fd02::1"}));
    // Neighbours are known before anything is counted.
    ASSERT_TRUE(left_->run({"ping", "-c", "1", "-W", "5", "10.2.0.2"}));
    ASSERT_TRUE(left_->run({"ping", "-6", "-c", "1", "-W", "5", "fd02::2"}));
  }

  void nft(const std::string& rules) {
    const auto done = node_->run({"sh", "-c", "printf '%s' \"$1\" | nft -f -", "sh", rules});
    ASSERT_TRUE(done) << done.error().message;
  }
  void start(std::vector<std::string> flags = {}, const ProcessOptions& options = {}) {
    auto agent = Agent::start(*node_, std::move(flags), options);
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
  }
  /// What hook points counted; only those that are counted now.
  std::map<std::string, Sums> hooks() {
    const Json page = agent_->json("/api/netfilter");
    std::map<std::string, Sums> result;
    for (const auto hook : simdjson::dom::array(page["hooks"]))
      if (bool(hook["counted"]))
        result[text_of(hook, "family") + " " + text_of(hook, "hook")] = {
            number_of(hook, "packets"), number_of(hook, "bytes"), number_of(hook, "dropped")};
    return result;
  }
  /// The rule of that name.
  std::optional<std::string> rule(std::string_view name, std::uint64_t& packets, bool& exact) {
    const Json page = agent_->json("/api/netfilter");
    for (const auto each : simdjson::dom::array(page["rules"])) {
      if (text_of(each, "rule") != name) continue;
      exact = bool(each["counts_drops"]);
      if (each["packets"].get(packets) != simdjson::SUCCESS) packets = ~std::uint64_t{0};
      return text_of(each, "family") + " " + text_of(each, "table") + " " + text_of(each, "chain") +
             " " + text_of(each, "verdict");
    }
    return std::nullopt;
  }
  std::string probe(std::string_view key) {
    const Json page = agent_->json("/api/probes");
    for (const auto each : simdjson::dom::array(page["probes"]))
      if (text_of(each, "name") == "netfilter") return text_of(each, key);
    return "?";
  }
  /// `count` datagrams of 10 bytes: 38 bytes of IPv4, 58 of IPv6.
  static void send_udp(const NetNamespace& from, const std::string& to, int count) {
    const std::string target = (to.contains('[') ? "UDP6:" : "UDP4:") + to;
    const auto done = from.run({"sh", "-c",
                                "for i in $(seq " + std::to_string(count) +
                                    "); do printf 0123456789 | socat -u - " + target + "; done"});
    ASSERT_TRUE(done) << done.error().message;
  }
  [[nodiscard]] bool becomes(const std::string& hook, const Sums& want) {
    Sums last;
    const bool done = eventually([&] {
      last = hooks()[hook];
      return last == want;
    });
    if (!done)
      ADD_FAILURE() << hook << ": " << last.packets << " packets, " << last.bytes << " bytes, "
                    << last.dropped << " dropped";
    return done;
  }

  std::optional<NetNamespace> left_, node_, right_;
  std::optional<Agent> agent_;
};

// 20 forwarded datagrams of each family, every third rule's way of dropping.
TEST_F(Netfilter, CountsDropsOfEveryFamilyExactly) {
  nft("add table ip f4\n"
      "add chain ip f4 fw { type filter hook forward priority 0; }\n"
      "add rule ip f4 fw udp dport 1001 counter drop comment \"four\"\n"
      "add table ip6 f6\n"
      "add chain ip6 f6 fw { type filter hook forward priority 0; }\n"
      "add rule ip6 f6 fw udp dport 1001 counter drop comment \"six\"\n"
      "add table inet both\n"
      "add chain inet both fw { type filter hook forward priority 10; }\n"
      "add rule inet both fw udp dport 1002 drop comment \"silent\"\n"
      "add rule inet both fw udp dport 1003 counter reject comment \"rejects\"\n"
      "add rule inet both fw counter udp dport 1004 drop comment \"counts more\"\n");
  start();
  EXPECT_EQ(hooks().size(), 2U);
  for (const auto& [to, family, size] :
       {std::tuple{"10.2.0.2", "ipv4 forward", 38U}, {"[fd02::2]", "ipv6 forward", 58U}}) {
    const std::string target = to;
    send_udp(*left_, target + ":1001", 5);
    send_udp(*left_, target + ":1002", 4);
    send_udp(*left_, target + ":1003", 3);
    send_udp(*left_, target + ":1004", 2);
    // The other's way: nothing listens there, but port unreachable comes back.
    send_udp(*right_, std::string(target) == "10.2.0.2" ? "10.1.0.2:9" : "[fd01::2]:9", 0);
    EXPECT_TRUE(becomes(family, {14, 14 * size, 14})) << family;
  }
  std::uint64_t packets = 0;
  bool exact = false;
  ASSERT_TRUE(eventually([&] { return rule("six", packets, exact) && packets == 5; }));
  EXPECT_EQ(rule("four", packets, exact), "ip f4 fw drop");
  EXPECT_EQ(packets, 5U);
  EXPECT_TRUE(exact);
  EXPECT_EQ(rule("six", packets, exact), "ip6 f6 fw drop");
  EXPECT_EQ(packets, 5U);
  EXPECT_TRUE(exact);
  EXPECT_EQ(rule("silent", packets, exact), "inet both fw drop");
  EXPECT_EQ(packets, ~std::uint64_t{0});  // null
  EXPECT_FALSE(exact);
  ASSERT_TRUE(eventually([&] { return rule("rejects", packets, exact) && packets == 6; }));
  EXPECT_EQ(rule("rejects", packets, exact), "inet both fw reject");
  EXPECT_TRUE(exact);
  EXPECT_TRUE(rule("counts more", packets, exact));
  EXPECT_FALSE(exact);
  const std::string metrics = agent_->get("/metrics");
  for (
      const char* line :
      {R"(netprobe_netfilter_packets_total{family="ipv4",hook="forward"} 14)",
       R"(netprobe_netfilter_bytes_total{family="ipv6",hook="forward"} 812)",
       R"(netprobe_netfilter_dropped_packets_total{family="ipv6",hook="forward"} 14)",
       R"(netprobe_netfilter_rule_dropped_packets_total{family="inet",table="both",chain="fw"} 6)"})
    EXPECT_TRUE(metrics.contains(std::string(line) + "\n")) << line;
}

// A ping from the node, and one through it: who passes which hook point.
TEST_F(Netfilter, CountsEveryHookPoint) {
  start({"--netfilter-hooks=all"});
  const auto before = hooks();
  EXPECT_EQ(before.size(), 10U);
  ASSERT_TRUE(left_->run({"ping", "-c", "5", "-i", "0.01", "-s", "100", "-W", "5", "10.2.0.2"}));
  ASSERT_TRUE(
      left_->run({"ping", "-6", "-c", "4", "-i", "0.01", "-s", "100", "-W", "5", "fd02::2"}));
  // Asking for the numbers makes packets at all points but forward.
  EXPECT_TRUE(becomes("ipv4 forward", {10, 10 * 128, 0}));
  EXPECT_TRUE(becomes("ipv6 forward", {8, 8 * 148, 0}));
  ASSERT_TRUE(
      left_->run({"ping", "-6", "-c", "3", "-i", "0.01", "-s", "100", "-W", "5", "fd01::1"}));
  // Nobody asks over IPv6; neighbour discovery may add some.
  std::map<std::string, Sums> after;
  const auto more = [&](const std::string& hook) {
    return after[hook].packets - before.at(hook).packets;
  };
  EXPECT_TRUE(eventually([&] {
    after = hooks();
    return more("ipv6 input") >= 3 && more("ipv6 output") >= 3;
  }));
  EXPECT_GE(more("ipv6 prerouting"), 11U);
  EXPECT_GE(more("ipv6 postrouting"), 11U);
  EXPECT_LE(more("ipv6 input"), 3U + 10U);
  for (const auto& [name, sums] : after) EXPECT_EQ(sums.dropped, 0U) << name;
}

TEST_F(Netfilter, DropsAtEveryHookPointAndByPolicy) {
  nft("add table inet t\n"
      "add chain inet t pre { type filter hook prerouting priority -150; }\n"
      "add rule inet t pre udp dport 2001 drop\n"
      "add chain inet t inp { type filter hook input priority 0; policy drop; }\n"
      "add rule inet t inp iif lo accept\n"
      "add rule inet t inp meta l4proto { icmp, icmpv6 } accept\n"
      "add chain inet t outp { type filter hook output priority 0; }\n"
      "add rule inet t outp udp dport 2003 drop\n"
      "add chain inet t post { type filter hook postrouting priority 0; }\n"
      "add rule inet t post udp dport 2004 drop\n");
  start();
  const auto names = [&] {
    std::set<std::string> all;
    for (const auto& [name, sums] : hooks()) all.insert(name);
    return all;
  };
  EXPECT_EQ(names().size(), 8U);
  EXPECT_FALSE(names().contains("ipv4 forward"));
  send_udp(*left_, "10.2.0.2:2001", 3);
  send_udp(*left_, "10.1.0.1:2002", 4);  // by policy
  // A program hears of a drop on its way out (EPERM): that is no error here.
  (void)node_->run(
      {"sh", "-c", "for i in 1 2 3 4 5; do printf x | socat -u - UDP4:10.2.0.2:2003; done; true"});
  send_udp(*left_, "10.2.0.2:2004", 6);
  const auto dropped = [&](const std::string& hook) { return hooks()[hook].dropped; };
  EXPECT_TRUE(eventually([&] { return dropped("ipv4 postrouting") == 6; }));
  EXPECT_EQ(dropped("ipv4 prerouting"), 3U);
  EXPECT_EQ(dropped("ipv4 input"), 4U);
  EXPECT_EQ(dropped("ipv4 output"), 5U);
  std::uint64_t packets = 0;
  bool exact = true;
  EXPECT_EQ(rule("policy", packets, exact), "inet t inp drop");
  EXPECT_FALSE(exact);  // nobody counts it
}

// Fragments go in, a datagram comes out: that is no drop.
TEST_F(Netfilter, ReassemblyIsNoDrop) {
  nft("add table inet t\n"
      "add chain inet t pre { type filter hook prerouting priority 0; }\n"
      "add rule inet t pre ct state invalid drop\n"
      "add rule inet t pre udp dport 2001 counter drop\n");
  start();
  ASSERT_TRUE(left_->run({"ping", "-c", "3", "-i", "0.01", "-s", "4000", "-W", "5", "10.2.0.2"}));
  ASSERT_TRUE(
      left_->run({"ping", "-6", "-c", "3", "-i", "0.01", "-s", "4000", "-W", "5", "fd02::2"}));
  const auto done = left_->run({"sh", "-c",
                                "head -c 4000 /dev/zero | socat -u -b 4000 - "
                                "UDP4:10.2.0.2:2001"});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(eventually([&] { return hooks()["ipv4 prerouting"].dropped == 1; }));
  EXPECT_EQ(hooks()["ipv6 prerouting"].dropped, 0U);
  EXPECT_GE(hooks()["ipv6 prerouting"].packets, 6U);
}

// Super-packets are wire packets, and their repeated headers wire bytes.
TEST_F(Netfilter, SuperPacketsAreWirePackets) {
  nft("add table inet t\n"
      "add chain inet t fw { type filter hook forward priority 0; policy accept; }\n"
      "add rule inet t fw udp dport 1 drop\n");
  start();
  auto server = right_->start({"socat", "-u", "TCP-LISTEN:5001,reuseaddr", "OPEN:/dev/null"});
  ASSERT_TRUE(server);
  ASSERT_TRUE(left_->run({"sh", "-c",
                          "head -c 3000000 /dev/zero | socat -u - "
                          "TCP4:10.2.0.2:5001,retry=50,interval=0.1"}));
  // The flow's own counters at the interface that the packets came in by.
  const Json page = flows_when(*agent_, "protocol=tcp&port=5001", [](const Json& json) {
    // Beside attempts that came before the server did.
    for (const auto flow : simdjson::dom::array(json["flows"]))
      if (bool(flow["ended"]) && number_of(flow, "bytes") > 3'000'000) return true;
    return false;
  });
  Sums want;
  for (const auto flow : simdjson::dom::array(page["flows"])) {
    want.packets += number_of(flow, "packets") + number_of(flow, "reverse_packets");
    want.bytes += number_of(flow, "bytes") + number_of(flow, "reverse_bytes");
  }
  EXPECT_GT(want.packets, 2000U);
  EXPECT_TRUE(becomes("ipv4 forward", want)) << want.packets << " " << want.bytes;
}

TEST_F(Netfilter, FollowsTheRules) {
  start();
  EXPECT_TRUE(hooks().empty());  // nothing can drop
  nft("add table inet t\n"
      "add chain inet t fw { type filter hook forward priority 0; policy accept; }\n"
      "add rule inet t fw udp dport 3001 counter drop comment \"first\"\n");
  ASSERT_TRUE(eventually([&] { return hooks().contains("ipv4 forward"); }));
  send_udp(*left_, "10.2.0.2:3001", 2);
  EXPECT_TRUE(becomes("ipv4 forward", {2, 76, 2}));
  nft("add rule inet t fw udp dport 3002 counter drop comment \"second\"\n");
  std::uint64_t packets = 0;
  bool exact = false;
  EXPECT_TRUE(eventually([&] { return rule("second", packets, exact).has_value(); }));
  nft("delete table inet t\n");
  EXPECT_TRUE(eventually([&] { return hooks().empty(); }));
  EXPECT_FALSE(rule("first", packets, exact));
  // What was counted is still told.
  const Json page = agent_->json("/api/netfilter");
  for (const auto hook : simdjson::dom::array(page["hooks"]))
    if (text_of(hook, "family") == "ipv4" && text_of(hook, "hook") == "forward")
      EXPECT_EQ(number_of(hook, "dropped"), 2U);
  EXPECT_EQ(probe("state"), "on");
}

TEST_F(Netfilter, OffMeansOff) {
  nft("add table inet t\n"
      "add chain inet t fw { type filter hook forward priority 0; policy drop; }\n");
  start({"--netfilter-hooks=off"});
  EXPECT_TRUE(hooks().empty());
  std::uint64_t packets = 0;
  bool exact = false;
  EXPECT_EQ(rule("policy", packets, exact), "inet t fw drop");  // rules are read
  EXPECT_EQ(probe("rung"), "rules and conntrack");
}

// The kernel refuses the programs: this part alone is off.
TEST_F(Netfilter, ARefusedObjectTurnsOffTheHooksAlone) {
  nft("add table inet t\n"
      "add chain inet t fw { type filter hook forward priority 0; }\n"
      "add rule inet t fw udp dport 4001 counter drop comment \"counted\"\n");
  start({}, {.environment = {{"NETPROBE_FAULT_LOAD", "netfilter"}}});
  EXPECT_EQ(probe("state"), "failed");
  EXPECT_TRUE(probe("why").contains("netfilter")) << probe("why");
  EXPECT_TRUE(hooks().empty());
  EXPECT_TRUE(agent_->watches("ln"));
  send_udp(*left_, "10.2.0.2:4001", 3);
  std::uint64_t packets = 0;
  bool exact = false;
  EXPECT_TRUE(eventually([&] { return rule("counted", packets, exact) && packets == 3; }));
}

TEST_F(Netfilter, ConntrackFillsAndEmpties) {
  nft("add table inet t\n"
      "add chain inet t fw { type filter hook forward priority 0; }\n"
      "add rule inet t fw ct state new accept\n");
  start();
  const auto conntrack = [&](std::string_view key) {
    const Json page = agent_->json("/api/netfilter");
    return number_of(page["conntrack"].value(), key);
  };
  ASSERT_TRUE(left_->run({"ping", "-c", "1", "-W", "5", "10.2.0.2"}));
  EXPECT_TRUE(eventually([&] { return conntrack("entries") > 0; }));
  EXPECT_GT(conntrack("limit"), conntrack("entries"));
  EXPECT_EQ(conntrack("nat_entries"), 0U);
}

/// A service address that leads to a server behind the node, which sees the
/// node's own address.
class Nat : public Netfilter {
 protected:
  void SetUp() override {
    Netfilter::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    nft("add table inet nat\n"
        "add chain inet nat pre { type nat hook prerouting priority -100; }\n"
        "add rule inet nat pre ip daddr 10.96.0.1 tcp dport 80 dnat ip to 10.2.0.2:8080\n"
        "add rule inet nat pre ip6 daddr fd96::1 tcp dport 80 dnat ip6 to [fd02::2]:8080\n"
        "add rule inet nat pre ip daddr 10.96.0.1 udp dport 53 dnat ip to 10.2.0.2:5353\n"
        "add chain inet nat post { type nat hook postrouting priority 100; }\n"
        "add rule inet nat post oifname \"rn\" masquerade\n");
    auto server = right_->start({"socat", "TCP6-LISTEN:8080,ipv6-v6only=0,fork,reuseaddr", "PIPE"});
    ASSERT_TRUE(server);
    server_.emplace(std::move(*server));
  }
  void ask(const std::string& target) {
    const auto said =
        left_->run({"sh", "-c", "echo hello | socat -t 5 - " + target + ",retry=50,interval=0.1"});
    ASSERT_TRUE(said) << said.error().message;
    EXPECT_EQ(*said, "hello\n");
  }
  /// The one flow that has this address on either side of the translation.
  void expect_one_flow(const std::string& service, const std::string& backend,
                       const std::string& node) {
    Json page = flows_when(*agent_, "protocol=tcp&ip=" + service, [](const Json& json) {
      for (const auto flow : simdjson::dom::array(json["flows"])) {
        Element nat;
        if (flow["nat"].get(nat) == simdjson::SUCCESS && bool(flow["ended"]))
          return simdjson::dom::array(flow["observations"]).size() == 4;
      }
      return false;
    });
    ASSERT_EQ(simdjson::dom::array(page["flows"]).size(), 1U) << agent_->get("/api/flows");
    const Element flow = simdjson::dom::array(page["flows"]).at(0);
    EXPECT_EQ(text_of(flow, "dst_ip"), service);
    EXPECT_EQ(number_of(flow, "dst_port"), 80U);
    const Element nat = flow["nat"];
    EXPECT_EQ(text_of(nat, "dst_ip"), backend);
    EXPECT_EQ(number_of(nat, "dst_port"), 8080U);
    EXPECT_EQ(text_of(nat, "src_ip"), node);
    std::map<std::string, std::uint64_t> forward;
    std::map<std::string, std::uint64_t> reverse;
    for (const auto point : simdjson::dom::array(flow["observations"])) {
      forward[text_of(point, "interface")] += number_of(point, "packets");
      reverse[text_of(point, "interface")] += number_of(point, "reverse_packets");
      bool translated = false;
      (void)point["translated"].get(translated);
      EXPECT_EQ(translated, text_of(point, "interface") == "rn");
    }
    // Each packet was seen twice, and counted once.
    EXPECT_EQ(forward["ln"], number_of(flow, "packets"));
    EXPECT_EQ(forward["rn"], number_of(flow, "packets"));
    EXPECT_EQ(reverse["ln"], number_of(flow, "reverse_packets"));
    EXPECT_EQ(reverse["rn"], number_of(flow, "reverse_packets"));
    // The backend's address finds the same flow.
    const Json other = agent_->json("/api/flows?protocol=tcp&dst_ip=" + backend);
    ASSERT_EQ(simdjson::dom::array(other["flows"]).size(), 1U);
    EXPECT_EQ(number_of(simdjson::dom::array(other["flows"]).at(0), "id"), number_of(flow, "id"));
    const Json stats = agent_->json("/api/stats");
    const std::int64_t difference = stats["accounting"]["total"]["difference"];
    EXPECT_EQ(difference, 0);
  }
  /// A file whose making lets the client go on.
  [[nodiscard]] std::string gate() const { return dir_.file("go"); }

  TempDir dir_;
  std::optional<Process> server_;
};

TEST_F(Nat, AConnectionIsOneFlowWithBothTuples) {
  start();
  ask("TCP4:10.96.0.1:80");
  expect_one_flow("10.96.0.1", "10.2.0.2", "10.2.0.1");
  const auto shown = cli(*node_, {"observe", "--once", "--protocol=tcp", "--dst-ip=10.96.0.1"});
  ASSERT_TRUE(shown);
  EXPECT_TRUE(shown->out.contains("10.96.0.1:80 (10.2.0.2:8080)")) << shown->out << shown->err;
}

TEST_F(Nat, TheSameOverIpv6) {
  start();
  ask("TCP6:[fd96::1]:80");
  expect_one_flow("fd96::1", "fd02::2", "fd02::1");
}

// Many at once, each of its own port: none is missed, and all go when the
// kernel forgets them.
TEST_F(Nat, ManyConnectionsComeAndGo) {
  ASSERT_TRUE(node_->run({"sysctl", "-qw", "net.netfilter.nf_conntrack_udp_timeout=3"}));
  start();
  constexpr std::uint64_t kMany = 200;
  const auto sent = left_->run({"sh", "-c",
                                "for i in $(seq 20001 20200); do echo x | socat -u - "
                                "UDP4:10.96.0.1:53,sourceport=$i; done"});
  ASSERT_TRUE(sent) << sent.error().message;
  const Json page = flows_when(*agent_, "protocol=udp&port=5353", [&](const Json& json) {
    return number_of(json.root(), "total") == kMany;
  });
  EXPECT_EQ(number_of(page.root(), "total"), kMany);
  for (const auto flow : simdjson::dom::array(page["flows"])) {
    ASSERT_EQ(text_of(flow, "dst_ip"), "10.96.0.1");
    ASSERT_EQ(number_of(flow, "dst_port"), 53U);
    ASSERT_EQ(number_of(flow, "packets"), 1U);
  }
  EXPECT_TRUE(eventually([&] {
    // Who reads the table makes the kernel forget what has expired.
    (void)node_->run({"cat", "/proc/net/nf_conntrack"});
    const Json netfilter = agent_->json("/api/netfilter");
    return number_of(netfilter["conntrack"].value(), "nat_entries") == 0;
  }));
  const Json probes = agent_->json("/api/probes");
  for (const auto each : simdjson::dom::array(probes["probes"])) {
    if (text_of(each, "name") != "netfilter") continue;
    // Each was heard of twice: when it began and when it ended.
    EXPECT_GE(number_of(each, "events"), 2 * kMany);
    for (const auto lost : simdjson::dom::array(each["lost"]))
      EXPECT_EQ(number_of(lost, "count"), 0U) << text_of(lost, "cause");
  }
}

// It began before the agent did: the dump tells.
TEST_F(Nat, WhatWasThereBeforeTheAgent) {
  auto client = left_->start({"sh", "-c",
                              "(echo one; while [ ! -e " + gate() +
                                  " ]; do sleep 0.1; done; echo two) | socat -t 5 - "
                                  "TCP4:10.96.0.1:80,retry=50,interval=0.1"});
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->wait_for_output("one", kPatience));
  start();
  ASSERT_TRUE(eventually([&] {
    const Json page = agent_->json("/api/netfilter");
    return number_of(page["conntrack"].value(), "nat_entries") == 1;
  }));
  ASSERT_TRUE(run({"touch", gate()}));
  ASSERT_TRUE(client->wait_for_output("two", kPatience));
  expect_one_flow("10.96.0.1", "10.2.0.2", "10.2.0.1");
}

}  // namespace
}  // namespace netprobe::test
