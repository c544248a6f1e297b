// SPDX-License-Identifier: Apache-2.0
// Drops of many kinds, made for real: each is found with its reason, its layer,
// its interface and its flow, and exactly as often as it was made.
#include "drops.h"

namespace netprobe::test {
namespace {

TEST_F(Drops, FirewallRulesOnInputForwardAndOutput) {
  nft(*router_, "input", "udp dport 7001 drop");
  send_udp(*client_, "10.9.1.1", 7001, 3);
  expect_drops({"protocol=udp&dst_port=7001&dst_ip=10.9.1.1&src_port=4000",
                3,
                {"NETFILTER_DROP"},
                "netfilter",
                "r0"});
  shell(*router_, "nft flush ruleset");
  nft(*router_, "forward", "udp dport 7002 drop");
  send_udp(*client_, "10.9.2.2", 7002, 4);
  send_udp(*client_, "fd09:2::2", 7002, 2);
  expect_drops(
      {"protocol=udp&dst_port=7002&dst_ip=10.9.2.2", 4, {"NETFILTER_DROP"}, "netfilter", "r0"});
  expect_drops(
      {"protocol=udp&dst_port=7002&dst_ip=fd09:2::2", 2, {"NETFILTER_DROP"}, "netfilter", "r0"});
  nft(*client_, "output", "udp dport 7003 drop");
  (void)client_->run(
      {"sh", "-c", "for i in 1 2 3 4 5; do echo x | socat -u - UDP4-SENDTO:10.9.2.2:7003; done"});
  // On its way out: the device that the route leads to.
  expect_drops({"protocol=udp&dst_port=7003", 5, {"NETFILTER_DROP"}, "netfilter", "eth0"});
}

TEST_F(Drops, FiltersOfTrafficControl) {
  must(*router_, {"tc", "qdisc", "add", "dev", "r0", "clsact"});
  // Classic BPF: the half-word at 36 is the destination port; TC_ACT_SHOT where
  // it is 7101, else TC_ACT_UNSPEC.
  must(*router_, {"tc", "filter", "add", "dev", "r0", "ingress", "protocol", "ip", "prio", "99",
                  "bpf", "da", "bytecode", "4,40 0 0 36,21 0 1 7101,6 0 0 2,6 0 0 4294967295"});
  send_udp(*client_, "10.9.2.2", 7101, 3);
  expect_drops({"protocol=udp&dst_port=7101", 3, {"TC_INGRESS"}, "qdisc", "r0"});
}

TEST_F(Drops, FullQueue) {
  // Smaller than the packets: each is over the limit.
  if (const auto made =
          router_->run({"tc", "qdisc", "add", "dev", "r1", "root", "bfifo", "limit", "50"});
      !made)
    GTEST_SKIP() << "the kernel has no bfifo: " << made.error().message;
  send_udp(*client_, "10.9.2.2", 7102, 4);
  expect_drops({"protocol=udp&dst_port=7102", 4, {"QDISC_OVERLIMIT", "QDISC_DROP"}, "qdisc", "r1"});
}

TEST_F(Drops, ClosedPorts) {
  send_udp(*client_, "10.9.1.1", 7201, 3);
  expect_drops({"protocol=udp&dst_port=7201", 3, {"NO_SOCKET"}, "udp", "r0"});
  send_udp(*client_, "fd09:1::1", 7202, 2);
  expect_drops({"protocol=udp&dst_port=7202", 2, {"NO_SOCKET"}, "udp", "r0"});
  shell(*client_, "for i in 1 2 3; do nc -4 -w 1 10.9.1.1 7203 </dev/null || true; done");
  expect_drops({"protocol=tcp&dst_port=7203", 3, {"NO_SOCKET"}, "tcp", "r0"});
}

TEST_F(Drops, WrongChecksumsAndHeaders) {
  const Address client("10.9.1.2");
  const Address router("10.9.1.1");
  send_frames(Packet()
                  .ether()
                  .ip(client, router)
                  .udp({.src = 4000, .dst = 7301, .checksum = 0x1234})
                  .payload(10),
              3);
  expect_drops({"protocol=udp&dst_port=7301", 3, {"UDP_CSUM"}, "udp", "r0"});
  send_frames(Packet()
                  .ether()
                  .ip(client, router)
                  .tcp({.src = 4000, .dst = 7302, .flags = 0x02, .checksum = 0x1234}),
              4);
  expect_drops({"protocol=tcp&dst_port=7302", 4, {"TCP_CSUM"}, "tcp", "r0"});
}

TEST_F(Drops, TimeToLiveEndsWhileForwarding) {
  send_frames(Packet()
                  .ether()
                  .ipv4({.src = "10.9.1.2", .dst = "10.9.2.2", .ttl = 1})
                  .udp({.src = 4000, .dst = 7401})
                  .payload(20),
              5);
  expect_drops({"protocol=udp&dst_port=7401", 5, {"IP_INHDR", "NOT_SPECIFIED"}, "ip", "r0"});
}

TEST_F(Drops, NoRoute) {
  send_udp(*client_, "10.77.0.1", 7501, 3);
  expect_drops({"protocol=udp&dst_port=7501", 3, {"IP_INNOROUTES"}, "ip", "r0"});
  send_udp(*client_, "fd77::1", 7502, 2);
  expect_drops({"protocol=udp&dst_port=7502", 2, {"IP_INNOROUTES", "IP_OUTNOROUTES"}, "ip", "r0"});
}

TEST_F(Drops, ReversePathFilter) {
  must(*router_,
       {"sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.r0.rp_filter=1"});
  send_frames(
      Packet().ether().ip("10.9.2.77", "10.9.1.1").udp({.src = 4000, .dst = 7601}).payload(20), 4);
  expect_drops({"protocol=udp&dst_port=7601", 4, {"IP_RPFILTER"}, "ip", "r0"});
}

TEST_F(Drops, FullSocketBuffer) {
  // It never reads: the first few fit.
  auto sink = router_->start({"python3", "-c",
                              "import socket,time\n"
                              "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                              "s.setsockopt(socket.SOL_SOCKET,socket.SO_RCVBUF,2304)\n"
                              "s.bind(('10.9.1.1',7701));print('up',flush=True);time.sleep(120)"});
  ASSERT_TRUE(sink);
  ASSERT_TRUE(sink->wait_for_output("up", kPatience));
  send_frames(
      Packet().ether().ip("10.9.1.2", "10.9.1.1").udp({.src = 4000, .dst = 7701}).payload(400), 50);
  const auto text = router_->run({"sh", "-c", "awk '$2 ~ /:1E15$/ {print $NF}' /proc/net/udp"});
  ASSERT_TRUE(text);
  const auto lost = static_cast<std::uint64_t>(std::stoul(*text));
  ASSERT_GT(lost, 0U);
  // The kernel's own count of that socket's drops.
  expect_drops({"protocol=udp&dst_port=7701", lost, {"SOCKET_RCVBUFF"}, "socket", "r0"});
}

TEST_F(Drops, NobodyAnswersForTheNeighbour) {
  send_udp(*client_, "10.9.2.99", 7801, 2);
  expect_drops({"protocol=udp&dst_port=7801", 2, {"NEIGH_FAILED"}, "neighbour", "r1"});
}

TEST_F(Drops, TooBigToForward) {
  must(*router_, {"ip", "link", "set", "r1", "mtu", "1300"});
  send_frames(Packet()
                  .ether()
                  .ipv4({.src = "10.9.1.2", .dst = "10.9.2.2", .dont_fragment = true})
                  .udp({.src = 4000, .dst = 7901})
                  .payload(1380),
              3);
  expect_drops({"protocol=udp&dst_port=7901", 3, {"PKT_TOO_BIG", "NOT_SPECIFIED"}, "ip", "r0"});
}

TEST_F(Drops, OutliveTheirNamespaceAndAreInMetricsAndCommand) {
  send_udp(*client_, "10.9.2.2", 7951, 3);
  server_.reset();
  expect_drops({"protocol=udp&dst_port=7951", 3, {"NO_SOCKET"}, "udp", "eth0"});
  EXPECT_NE(agent_->get("/metrics").find("netprobe_drops_total{reason=\"NO_SOCKET\",hook=\"udp\"}"),
            std::string::npos);
  const auto table = cli(*router_, {"drops", "--dst-port", "7951"});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->exit_code, 0) << table->err;
  EXPECT_NE(table->out.find("NO_SOCKET"), std::string::npos) << table->out;
  EXPECT_NE(table->out.find("10.9.2.2:7951"), std::string::npos) << table->out;
  const auto bad = cli(*router_, {"drops", "--protocol", "nonsense"});
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->exit_code, 2);
}

TEST(DropsFault, ARefusedProgramTurnsOffItsSignalAlone) {
  if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
  auto ns = NetNamespace::create();
  ASSERT_TRUE(ns);
  auto agent = Agent::start(*ns, {}, {.environment = {{"NETPROBE_FAULT_LOAD", "drop"}}});
  ASSERT_TRUE(agent) << agent.error().message;
  bool found = false;
  const Json page = agent->json("/api/probes");
  for (const auto probe : simdjson::dom::array(page["probes"])) {
    const bool drop = text_of(probe, "name") == "drop";
    found = found || drop;
    EXPECT_EQ(text_of(probe, "state") == "failed", drop) << simdjson::minify(probe);
    if (drop)
      EXPECT_NE(text_of(probe, "why").find("unreachable insn"), std::string::npos)
          << simdjson::minify(probe);
  }
  EXPECT_TRUE(found);
  EXPECT_FALSE(bool(agent->json("/api/drops")["completeness"]["complete"]));
  const auto ended = agent->stop();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exit_code, 0);
}

}  // namespace
}  // namespace netprobe::test
