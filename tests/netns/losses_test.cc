// SPDX-License-Identifier: Apache-2.0
// Losses made at every hop of a node in turn, in known numbers, and told at
// that hop; and none told where none was made. docs/losses.md.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <tuple>

#include "agent.h"
#include "cluster.h"

namespace netprobe::test {
namespace {

/// Which packets a hop drops.
enum Match { kRequests, kReplies, kTunnelled };

/// Where one packet in five is dropped. netfilter's netdev hooks: the one on
/// the way in comes behind our hook, the one on the way out before it.
struct Hop {
  const char* name;
  const char* chain;  ///< of a table of `family`
  const char* family;
  Match match;
  bool to_pod;  ///< ping the other pod, not the peer
  const char* from;
  const char* to;
};

std::string match_of(Match match, bool v6) {
  if (match == kTunnelled) return "udp dport 8472";
  return std::string(v6 ? "icmpv6" : "icmp") + " type echo-" +
         (match == kRequests ? "request" : "reply");
}

constexpr const char* kReason = "NETFILTER_DROP";

const std::vector<Hop> kHops{
    {"from a pod to its neighbour", "ingress device veth1", "netdev", kRequests, true, "veth1",
     "veth2"},
    {"into a pod from its neighbour", "egress device veth2", "netdev", kRequests, true, "veth1",
     "veth2"},
    {"from a pod into the bridge", "ingress device veth1", "netdev", kRequests, false, "veth1",
     "cni0"},
    {"firewall, on the way out", "forward", "inet", kRequests, false, "cni0", "vx0"},
    {"before the tunnel", "egress device vx0", "netdev", kRequests, false, "cni0", "vx0"},
    {"between tunnel and uplink", "egress device eth0", "netdev", kTunnelled, false, "vx0", "eth0"},
    {"between uplink and tunnel", "ingress device eth0", "netdev", kTunnelled, false, "eth0",
     "vx0"},
    {"firewall, on the way in", "forward", "inet", kReplies, false, "vx0", "cni0"},
    {"from the bridge into a pod", "egress device veth1", "netdev", kReplies, false, "cni0",
     "veth1"},
};

class Losses : public testing::Test {
 protected:
  void SetUp() override { set_up(Underlay::kIpv4); }
  void set_up(Underlay underlay) {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    if (!have_program("nft")) GTEST_SKIP() << "needs the program nft";
    auto made = Cluster::make(underlay);
    ASSERT_TRUE(made) << made.error().message;
    cluster_.emplace(std::move(*made));
    for (int i = 1; i <= 2; ++i) {
      auto pod = cluster_->add_pod(i);
      ASSERT_TRUE(pod) << pod.error().message;
      pods_.push_back(std::move(*pod));
    }
    auto agent = Agent::start(node());
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
    for (const char* each : {"eth0", "vx0", "cni0", "veth1", "veth2"})
      ASSERT_TRUE(eventually([&] { return agent_->watches(each); })) << each;
    // Neighbours are found, and the connection tracker has been there once.
    ASSERT_TRUE(ping(0, pods_[1].v4, 3));
    ASSERT_TRUE(ping(0, kPeer, 3));
  }
  NetNamespace& node() { return cluster_->node; }

  /// False where no answer at all came.
  bool ping(std::size_t pod, const std::string& to, int count) {
    return pods_[pod]
        .ns.run({"ping", "-q", "-i", "0.01", "-W", "1", "-c", std::to_string(count), to})
        .has_value();
  }
  void nft(const std::string& text) {
    const auto done = node().run({"nft", text});
    ASSERT_TRUE(done) << done.error().message;
  }
  /// What the rules counted; then they go.
  std::uint64_t take_counted() {
    const auto text = node().run({"nft", "list", "ruleset"});
    std::uint64_t packets = 0;
    if (const auto at = text ? text->find("counter packets ") : std::string::npos;
        at != std::string::npos)
      packets = std::stoull(text->substr(at + 16));
    EXPECT_TRUE(node().run({"nft", "flush", "ruleset"}));
    return packets;
  }
  std::uint64_t total(const Json& page) {
    std::uint64_t sum = 0;
    for (const auto each : simdjson::dom::array(page["totals"])) sum += number_of(each, "packets");
    return sum;
  }
  /// Until the sum of all losses has come to `packets`.
  Json losses_of(std::uint64_t packets) {
    Json page = agent_->json("/api/losses");
    EXPECT_TRUE(eventually([&] {
      page = agent_->json("/api/losses");
      return total(page) >= packets;
    })) << simdjson::minify(page.root());
    EXPECT_EQ(total(page), packets) << simdjson::minify(page.root());
    return page;
  }

  static constexpr const char* kPeer = "10.250.0.2";
  std::optional<Cluster> cluster_;
  std::vector<Pod> pods_;
  std::optional<Agent> agent_;
};

std::string interface_at(simdjson::dom::element loss, std::string_view end) {
  simdjson::dom::element point = loss[end];
  return point.is_null() ? "" : text_of(point, "interface");
}

/// Packets lost between two interfaces, and how many of them are explained.
std::pair<std::uint64_t, std::uint64_t> between(const Json& page, const std::string& from,
                                                const std::string& to, const std::string& reason) {
  std::pair<std::uint64_t, std::uint64_t> sums{0, 0};
  for (const auto loss : simdjson::dom::array(page["losses"])) {
    if (interface_at(loss, "from") != from || interface_at(loss, "to") != to) continue;
    sums.first += number_of(loss, "packets");
    for (const auto why : simdjson::dom::array(loss["explained_by"]))
      if (text_of(why, "reason") == reason) sums.second += number_of(why, "packets");
  }
  return sums;
}

/// Everything by one version of IP: the packets, and those of the tunnel.
class LossesByVersion : public Losses, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override { set_up(GetParam() ? Underlay::kIpv6 : Underlay::kIpv4); }
};
INSTANTIATE_TEST_SUITE_P(Ip, LossesByVersion, testing::Bool(),
                         [](const auto& each) { return each.param ? "v6" : "v4"; });

TEST_P(LossesByVersion, AreToldAtTheHopWhereTheyAreMade) {
  const bool v6 = GetParam();
  const std::string pod = v6 ? pods_[1].v6 : pods_[1].v4;
  const std::string peer = v6 ? "fd25::2" : kPeer;
  // Else the tunnel carries the search for neighbours too, and a rule for
  // every fifth of its packets takes one of those.
  for (const auto& [from, to, address] :
       {std::tuple{&node(), &cluster_->peer, peer},
        std::tuple{&cluster_->peer, &node(), std::string(v6 ? "fd25::1" : "10.250.0.1")}}) {
    const auto mac = to->run({"sh", "-c", "ip -br link show vx0 | awk '{print $3}'"});
    ASSERT_TRUE(mac) << mac.error().message;
    ASSERT_TRUE(from->ip({"neigh", "replace", address, "lladdr", mac->substr(0, 17), "dev", "vx0",
                          "nud", "permanent"}));
  }
  ASSERT_TRUE(ping(0, pod, 3));
  ASSERT_TRUE(ping(0, peer, 3));
  std::uint64_t lost = 0;
  std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, std::uint64_t>> before;
  for (const Hop& hop : kHops) {
    SCOPED_TRACE(hop.name);
    ASSERT_NO_FATAL_FAILURE(
        nft(std::string("table ") + hop.family + " t { chain c { type filter hook " + hop.chain +
            " priority 0; " + match_of(hop.match, v6) + " numgen inc mod 5 0 counter drop; }; }"));
    ASSERT_TRUE(ping(0, hop.to_pod ? pod : peer, 50));
    const std::uint64_t made = take_counted();
    EXPECT_EQ(made, 10U);
    lost += made;
    Json page = losses_of(lost);
    auto& seen = before[{hop.from, hop.to}];
    EXPECT_EQ(between(page, hop.from, hop.to, kReason).first, seen.first + made)
        << simdjson::minify(page.root());
    EXPECT_TRUE(eventually([&] {
      page = agent_->json("/api/losses");
      return between(page, hop.from, hop.to, kReason).second == seen.second + made;
    })) << simdjson::minify(page.root());
    seen.second += made;
    seen.first += made;
  }
  // The flow says so too, and the metrics, and the command line.
  const std::string protocol = v6 ? "icmp6" : "icmp";
  const Json flows = agent_->json("/api/flows?limit=1000&protocol=" + protocol);
  std::uint64_t in_flows = 0;
  for (const auto flow : simdjson::dom::array(flows["flows"])) {
    simdjson::dom::array losses;
    if (flow["losses"].get(losses) != simdjson::SUCCESS) continue;
    for (const auto loss : losses) in_flows += number_of(loss, "packets");
  }
  EXPECT_EQ(in_flows, lost);
  EXPECT_NE(
      agent_->get("/metrics").find(R"(netprobe_loss_packets_total{from="tunnel",to="uplink"} 10)"),
      std::string::npos);
  const auto table = cli(node(), {"losses", "--role", "uplink"});
  ASSERT_TRUE(table && table->ok());
  EXPECT_NE(table->out.find("vx0"), std::string::npos) << table->out;
  EXPECT_EQ(table->out.find("veth1"), std::string::npos) << table->out;
  const auto observed = cli(node(), {"observe", "--once", "--protocol", protocol});
  ASSERT_TRUE(observed && observed->ok());
  EXPECT_NE(observed->out.find("lost 10 vx0→eth0 (NETFILTER_DROP)"), std::string::npos)
      << observed->out;
}

TEST_F(Losses, AllOfAFlowIsLostInTheFirewall) {
  ASSERT_NO_FATAL_FAILURE(
      nft("table inet t { chain c { type filter hook forward priority 0; udp dport 9 counter drop; "
          "}; }"));
  const auto sent = pods_[0].ns.run(
      {"bash", "-c", "exec 3<>/dev/udp/10.250.0.2/9; for i in {1..12}; do echo $i >&3; done"});
  ASSERT_TRUE(sent) << sent.error().message;
  const Json page = losses_of(12);
  EXPECT_EQ(between(page, "cni0", "", "NETFILTER_DROP"),
            (std::pair<std::uint64_t, std::uint64_t>{12, 12}))
      << simdjson::minify(page.root());
}

TEST_F(Losses, OfATranslatedConnectionAreFound) {
  ASSERT_NO_FATAL_FAILURE(
      nft("table ip n { chain c { type nat hook prerouting priority -100; "
          "ip daddr 10.99.0.1 dnat to 10.250.0.2; }; }"));
  ASSERT_TRUE(ping(0, "10.99.0.1", 5));
  ASSERT_NO_FATAL_FAILURE(
      nft("table inet t { chain c { type filter hook forward priority 0; "
          "icmp type echo-request numgen inc mod 5 0 counter drop; }; }"));
  ASSERT_TRUE(ping(0, "10.99.0.1", 50));
  EXPECT_EQ(take_counted(), 10U);
  const Json page = losses_of(10);
  EXPECT_EQ(between(page, "cni0", "vx0", "NETFILTER_DROP").first, 10U)
      << simdjson::minify(page.root());
}

TEST_F(Losses, NoneIsToldWhereNoneIsMade) {
  if (!have_program("iperf3")) GTEST_SKIP() << "needs the program iperf3";
  Background traffic;
  const int seconds = 8;
  const auto iperf = [&](const NetNamespace& from, const NetNamespace& to, const std::string& at,
                         std::vector<std::string> flags) {
    const auto started = traffic.iperf(from, to, at, seconds, std::move(flags));
    ASSERT_TRUE(started) << started.error().message;
  };
  const auto& peer = cluster_->peer;
  // Super-packets that are cut, merged and cut again on the way, both ways.
  iperf(pods_[0].ns, pods_[1].ns, pods_[1].v4, {"-b", "200M"});
  iperf(pods_[0].ns, peer, kPeer, {"-b", "100M"});
  iperf(pods_[1].ns, peer, kPeer, {"-b", "100M", "-R"});
  iperf(pods_[1].ns, peer, "fd25::2", {"-b", "50M"});
  iperf(node(), peer, kPeer, {"-b", "50M"});
  // Small datagrams, and ones that travel in pieces.
  iperf(pods_[0].ns, peer, kPeer, {"-u", "-l", "64", "-b", "1M"});
  iperf(pods_[1].ns, pods_[0].ns, pods_[0].v4, {"-u", "-l", "64", "-b", "1M"});
  iperf(pods_[0].ns, peer, kPeer, {"-u", "-l", "4000", "-b", "4M"});
  for (const auto& [size, to] :
       {std::pair{"56", std::string(kPeer)}, std::pair{"3000", std::string(kPeer)},
        std::pair{"56", std::string("fd25::2")}, std::pair{"56", std::string("10.244.0.1")}}) {
    const auto started = traffic.start(
        pods_[0].ns, {"ping", "-q", "-i", "0.02", "-s", size, "-w", std::to_string(seconds), to});
    ASSERT_TRUE(started) << started.error().message;
  }
  // To nobody, to a closed port, to all: ends at this node, or asks for more.
  (void)pods_[0].ns.run(
      {"bash", "-c", "exec 3<>/dev/udp/10.244.0.1/9; for i in {1..20}; do echo $i >&3; done"});
  (void)pods_[0].ns.run({"ping", "-q", "-b", "-c", "3", "-i", "0.2", "10.244.255.255"});
  (void)pods_[0].ns.run({"ping", "-q", "-c", "3", "-i", "0.2", "ff02::1%eth0"});
  const auto packets = [&] {
    const Json stats = agent_->json("/api/stats");
    return std::uint64_t(stats["accounting"]["total"]["packets"]);
  };
  // While it runs, and until long after.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < end) {
    const Json page = agent_->json("/api/losses");
    ASSERT_EQ(total(page), 0U) << simdjson::minify(page.root());
  }
  EXPECT_EQ(traffic.failures(), "");
  traffic.stop();
  EXPECT_GT(packets(), 10'000U);
  const auto settled = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  (void)eventually([&] { return std::chrono::steady_clock::now() > settled; });
  const Json page = agent_->json("/api/losses");
  EXPECT_EQ(total(page), 0U) << simdjson::minify(page.root());
  EXPECT_EQ(std::uint64_t(page["conditions"]["unwatched_interfaces"]), 0U);
}

}  // namespace
}  // namespace netprobe::test
