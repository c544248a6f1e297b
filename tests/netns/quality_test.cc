// SPDX-License-Identifier: Apache-2.0
// How connections end, as users of the agent see it: real ones, each end made
// on purpose. And bursts on links.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "agent.h"
#include "cluster.h"

namespace netprobe::test {
namespace {

/// Python, since it can do with a socket what no tool does. `S` is a listening
/// socket at `at`, `C` one that connects there.
std::string script(const std::string& body) {
  return "import socket,struct,sys,time\n"
         "def linger(s): s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, "
         "struct.pack('ii', 1, 0))\n"
         "def family(a): return socket.AF_INET6 if ':' in a else socket.AF_INET\n" +
         body;
}

class Quality : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    if (!have_program("python3")) GTEST_SKIP() << "needs the program python3";
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    node_.emplace(std::move(made->node));
    pod_.emplace(std::move(made->pod));
  }
  void start(std::vector<std::string> flags = {}) {
    auto agent = Agent::start(*node_, std::move(flags));
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
    ASSERT_TRUE(agent_->watches("eth0"));
  }
  /// A server in the node, which waits for one connection `c` and then runs
  /// `serve`; a client in the pod, which connects as `c` and runs `ask`.
  void connection(const std::string& port, const std::string& serve, const std::string& ask,
                  const std::string& address = "10.77.0.1") {
    auto server = node_->start({"python3", "-c",
                                script("s = socket.create_server(('" + address + "', " + port +
                                       "), family=family('" + address +
                                       "'))\n"
                                       "print('ready', flush=True)\n"
                                       "c, _ = s.accept()\n" +
                                       serve)});
    ASSERT_TRUE(server) << server.error().message;
    ASSERT_TRUE(server->wait_for_output("ready", kPatience));
    auto client = pod_->start(
        {"python3", "-c",
         script("c = socket.create_connection(('" + address + "', " + port + "))\n" + ask)});
    ASSERT_TRUE(client) << client.error().message;
    processes_.push_back(std::move(*server));
    processes_.push_back(std::move(*client));
  }
  /// Waits until the one flow to this port has the verdict.
  void expect(const std::string& port, const std::string& verdict) {
    SCOPED_TRACE(verdict);
    std::string last;
    EXPECT_TRUE(eventually([&] {
      const Json page = agent_->json("/api/flows?dst_port=" + port + "&verdict=" + verdict);
      if (number_of(page.root(), "total") == 1) return true;
      last = agent_->get("/api/flows?dst_port=" + port);
      return false;
    })) << last;
  }

  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
  std::optional<Agent> agent_;
  std::vector<Process> processes_;
};

TEST_F(Quality, VerdictsOfConnectionsThatWereOpen) {
  start();
  const std::string wait = "time.sleep(60)\n";
  const std::string eof = "c.recv(1)\n";
  connection("7001", eof + "c.close()\n", "c.close()\n");
  connection("7002", eof + wait, "c.shutdown(socket.SHUT_WR)\n" + wait);
  connection("7003", wait, "linger(c)\nc.close()\n");
  connection("7004", "linger(c)\nc.close()\n", wait);
  connection("7005", wait, wait);
  connection("7006", "linger(c)\nc.close()\n", wait, "fd77::1");
  expect("7001", "closed");
  expect("7002", "half_closed");
  expect("7003", "reset_by_client");
  expect("7004", "reset_by_server");
  expect("7005", "open");
  expect("7006", "reset_by_server");
  const Json flow = agent_->json("/api/flows?dst_port=7004");
  for (const auto each : simdjson::dom::array(flow["flows"])) {
    EXPECT_EQ(number_of(each, "resets"), 0U);
    EXPECT_EQ(number_of(each, "reverse_resets"), 1U);
    EXPECT_EQ(double(each["reverse_retransmit_ratio"]), 0.0);
  }
}

TEST_F(Quality, VerdictsOfConnectionsThatNeverWere) {
  start();
  // Closed ports.
  for (const std::string address : {"10.77.0.1", "[fd77::1]"}) {
    (void)pod_->run({"curl", "-gsm", "5", "http://" + address + ":7011/"});
    (void)pod_->run({"python3", "-c",
                     script("s = socket.socket(family('" + address +
                            "'), socket.SOCK_DGRAM)\n"
                            "s.sendto(b'x', ('" +
                            (address.front() == '[' ? "fd77::1" : address) + "', 7012))\n")});
  }
  // A neighbour that is there, and an address behind it that is not.
  const std::string mac =
      node_->run({"cat", "/sys/class/net/eth0/address"}).value_or("").substr(0, 17);
  ASSERT_TRUE(pod_->ip({"neigh", "add", "10.77.0.9", "lladdr", mac, "dev", "eth0"}));
  auto silent = pod_->start({"curl", "-sm", "60", "http://10.77.0.9:7013/"});
  ASSERT_TRUE(silent);
  auto datagram = pod_->start({"python3", "-c",
                               script("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                      "s.sendto(b'x', ('10.77.0.9', 7014))\n")});
  ASSERT_TRUE(datagram);
  // The node forwards, and has no way: it says so.
  ASSERT_TRUE(node_->run({"sysctl", "-qw", "net.ipv4.ip_forward=1"}));
  ASSERT_TRUE(node_->ip({"route", "add", "unreachable", "10.99.0.0/16"}));
  ASSERT_TRUE(node_->ip({"route", "add", "prohibit", "10.98.0.0/16"}));
  ASSERT_TRUE(pod_->ip({"route", "add", "default", "via", "10.77.0.1"}));
  (void)pod_->run({"curl", "-sm", "5", "http://10.99.0.1:7015/"});
  (void)pod_->run({"curl", "-sm", "5", "http://10.98.0.1:7016/"});

  const auto both = [&](const std::string& port, const std::string& verdict) {
    EXPECT_TRUE(eventually([&] {
      const Json page = agent_->json("/api/flows?dst_port=" + port + "&verdict=" + verdict);
      return number_of(page.root(), "total") == 2;
    })) << agent_->get("/api/flows?dst_port=" + port);
  };
  both("7011", "refused");
  both("7012", "port_unreachable");
  expect("7013", "no_answer");
  expect("7014", "no_answer");
  expect("7015", "unreachable");
  expect("7016", "unreachable");
  const auto shown = cli(*node_, {"observe", "--once", "--verdict=refused,no_answer"});
  ASSERT_TRUE(shown);
  EXPECT_NE(shown->out.find("refused"), std::string::npos) << shown->out;
  EXPECT_EQ(shown->out.find("unreachable"), std::string::npos) << shown->out;
}

TEST_F(Quality, AHandshakeThatNobodyCompletesIsHalfOpen) {
  start();
  auto server = node_->start({"python3", "-c",
                              script("s = socket.create_server(('10.77.0.1', 7018))\n"
                                     "print('ready', flush=True)\n"
                                     "time.sleep(60)\n")});
  ASSERT_TRUE(server);
  ASSERT_TRUE(server->wait_for_output("ready", kPatience));
  // A SYN from an address whose host does not know of it: the SYN-ACK goes to
  // a neighbour that drops it.
  const std::string mac =
      pod_->run({"cat", "/sys/class/net/eth0/address"}).value_or("").substr(0, 17);
  ASSERT_TRUE(node_->ip({"neigh", "add", "10.77.0.50", "lladdr", mac, "dev", "eth0"}));
  const auto sent =
      pod_->run({"python3", "-c",
                 script("src, dst = socket.inet_aton('10.77.0.50'), socket.inet_aton('10.77.0.1')\n"
                        "tcp = struct.pack('!HHIIBBHHH', 40000, 7018, 1, 0, 0x50, 2, 64240, 0, 0)\n"
                        "words = src + dst + struct.pack('!HH', 6, len(tcp)) + tcp\n"
                        "total = sum(struct.unpack('!%dH' % (len(words) // 2), words))\n"
                        "total = (total & 0xffff) + (total >> 16)\n"
                        "total = ~((total & 0xffff) + (total >> 16)) & 0xffff\n"
                        "tcp = tcp[:16] + struct.pack('!H', total) + tcp[18:]\n"
                        "ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 0, 0, 0, 64, 6, 0, src, dst)\n"
                        "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)\n"
                        "s.sendto(ip + tcp, ('10.77.0.1', 0))\n")});
  ASSERT_TRUE(sent) << sent.error().message;
  expect("7018", "half_open");
}

TEST_F(Quality, EndsAreCountedOnceAndTroubleAsItComes) {
  start({"--idle-timeout=1s"});
  connection("7021", "c.recv(1)\nc.close()\n", "c.close()\n");
  (void)pod_->run({"curl", "-sm", "5", "http://10.77.0.1:7022/"});
  const auto line = [&](const std::string& series) {
    const auto page = agent_->get("/metrics");
    const auto at = page.find("\n" + series + " ");
    if (at == std::string::npos) return std::string();
    const auto from = at + series.size() + 2;
    return page.substr(from, page.find('\n', from) - from);
  };
  EXPECT_TRUE(eventually([&] {
    return line(R"(netprobe_flow_verdicts_total{protocol="tcp",verdict="closed"})") == "1" &&
           line(R"(netprobe_flow_verdicts_total{protocol="tcp",verdict="refused"})") == "1";
  })) << agent_->get("/metrics");
  EXPECT_EQ(line(R"(netprobe_tcp_resets_total{direction="server_to_client"})"), "1");
  EXPECT_EQ(line(R"(netprobe_tcp_resets_total{direction="client_to_server"})"), "0");
  EXPECT_EQ(line(R"(netprobe_tcp_handshake_wire_seconds_count{role="uplink"})"), "1");
}

TEST_F(Quality, ProcessesBehindFlowsAreNamed) {
  start();
  bool sockets = false;
  const Json probes = agent_->json("/api/probes");
  for (const auto probe : simdjson::dom::array(probes["probes"]))
    sockets = sockets ||
              (text_of(probe, "name").starts_with("socket") && text_of(probe, "state") == "on");
  if (!sockets) GTEST_SKIP() << "needs the socket probe";
  const std::string wait = "time.sleep(60)\n";
  connection("7031", "c.recv(1)\n" + wait, "c.send(b'x')\n" + wait);
  const auto server = std::to_string(processes_.at(0).pid());
  const auto client = std::to_string(processes_.at(1).pid());
  // By the number of either side, and by name; live streams too.
  auto stream =
      node_->start({cli_binary(), "observe", "-o", "json", "--process=python*", "--port=7031"});
  ASSERT_TRUE(stream);
  for (const auto& process : {server, client, std::string("python3*")}) {
    EXPECT_TRUE(eventually([&] {
      const Json page = agent_->json("/api/flows?dst_port=7031&process=" + process);
      if (number_of(page.root(), "total") != 1) return false;
      const auto flow = page["flows"].at(0);
      return std::to_string(number_of(flow["client_process"], "pid")) == client &&
             std::to_string(number_of(flow["server_process"], "pid")) == server &&
             double(flow["rtt_ms"]) > 0;
    })) << process
        << ": " << agent_->get("/api/flows?dst_port=7031");
  }
  EXPECT_EQ(number_of(agent_->json("/api/flows?dst_port=7031&process=1").root(), "total"), 0U);
  // Its end is a change, which the stream shows with the names.
  ASSERT_TRUE(processes_.at(1).stop());
  EXPECT_TRUE(stream->wait_for_output("\"client_process\":{\"pid\":" + client, kPatience))
      << stream->out();
}

TEST_F(Quality, AVerdictThatThereIsNotIsRefused) {
  start();
  const auto answer = node_->run({"curl", "-s", "-m", "10", "-w", "\n%{http_code}",
                                  "http://127.0.0.1:8081/api/flows?verdict=rejected"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->ends_with("\n400")) << *answer;
  const Json problem(answer->substr(0, answer->rfind('\n')));
  EXPECT_NE(text_of(problem.root(), "detail").find("reset_by_client"), std::string::npos);
  std::vector<std::string> allowed;
  for (const auto word : simdjson::dom::array(problem["allowed"]))
    allowed.emplace_back(std::string_view(word));
  EXPECT_NE(std::ranges::find(allowed, "no_answer"), allowed.end()) << *answer;
  const auto wrong = cli(*node_, {"observe", "--once", "--verdict=rejected"});
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->exit_code, 2);
  EXPECT_NE(wrong->err.find("no_answer"), std::string::npos) << wrong->err;
}

TEST_F(Quality, TheSpeedOfLinksIsWhatTheirDriversSay) {
  if (!have_program("ethtool")) GTEST_SKIP() << "needs the program ethtool";
  // Of virtual devices, TAPs can be told their speed.
  ASSERT_TRUE(node_->ip({"tuntap", "add", "tap0", "mode", "tap"}));
  ASSERT_TRUE(node_->ip({"link", "set", "tap0", "up"}));
  ASSERT_TRUE(node_->run({"ethtool", "-s", "tap0", "speed", "100", "duplex", "full"}));
  ASSERT_TRUE(node_->ip({"link", "add", "br0", "type", "bridge"}));
  start({"--link-speed=eth0=2.5G"});
  ASSERT_TRUE(add_veth(*node_, "eth1", *pod_, "eth1"));
  const auto speed = [&](std::string_view name) {
    const Json page = agent_->json("/api/interfaces");
    for (const auto each : simdjson::dom::array(page["interfaces"]))
      if (text_of(each, "name") == name)
        return std::int64_t(each["tx_use"]["speed_bits_per_second"]);
    return std::int64_t{-1};
  };
  EXPECT_TRUE(eventually([&] { return speed("eth1") == 10'000'000'000; })) << speed("eth1");
  EXPECT_EQ(speed("eth0"), 2'500'000'000);
  EXPECT_EQ(speed("br0"), 0);
  EXPECT_EQ(speed("tap0"), 100'000'000);
  // Another speed is read when the link changes.
  ASSERT_TRUE(node_->run({"ethtool", "-s", "tap0", "speed", "1000", "duplex", "full"}));
  ASSERT_TRUE(node_->ip({"link", "set", "tap0", "mtu", "1400"}));
  EXPECT_TRUE(eventually([&] { return speed("tap0") == 1'000'000'000; })) << speed("tap0");
}

TEST_F(Quality, BurstsOnALink) {
  // 16 Mbit/s are 20 kB in 10 ms: a burst that any machine can make. The idle
  // link beside it has the same speed.
  ASSERT_TRUE(add_veth(*node_, "eth1", *pod_, "eth1"));
  start({"--link-speed=eth*=16M"});
  const auto use = [&](std::string_view name, std::string_view direction, std::string_view key) {
    const Json page = agent_->json("/api/interfaces");
    for (const auto each : simdjson::dom::array(page["interfaces"]))
      if (text_of(each, "name") == name) return double(each[direction][key]);
    return -1.0;
  };
  EXPECT_EQ(use("eth0", "rx_use", "speed_bits_per_second"), 16e6);
  // A second of it must be known: then it has a rate over a second.
  auto trickle = pod_->start({"python3", "-c",
                              script("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                     "while True:\n"
                                     "  s.sendto(b'x', ('10.77.0.1', 9))\n"
                                     "  time.sleep(0.05)\n")});
  ASSERT_TRUE(trickle);
  EXPECT_TRUE(eventually([&] { return use("eth0", "rx_use", "peak_1s_bits_per_second") > 0; }));
  EXPECT_EQ(use("eth0", "rx_use", "microbursts"), 0);
  ASSERT_TRUE(trickle->stop());
  auto bursts = pod_->run({"python3", "-c",
                           script("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                  "for burst in range(4):\n"
                                  "  for i in range(60): s.sendto(b'x' * 1400, ('10.77.0.1', 9))\n"
                                  "  time.sleep(1.1)\n")});
  ASSERT_TRUE(bursts) << bursts.error().message;
  EXPECT_TRUE(eventually([&] { return use("eth0", "rx_use", "microbursts") >= 1; }));
  EXPECT_LE(use("eth0", "rx_use", "microbursts"), 4);
  EXPECT_EQ(use("eth1", "rx_use", "microbursts"), 0);
  EXPECT_EQ(use("eth1", "tx_use", "peak_1s_bits_per_second"), 0);
  // While it goes on, the peak of a second is that of its bytes: 60 datagrams
  // of 1,442 bytes.
  auto more = pod_->start({"python3", "-c",
                           script("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                  "while True:\n"
                                  "  for i in range(60): s.sendto(b'x' * 1400, ('10.77.0.1', 9))\n"
                                  "  time.sleep(1.1)\n")});
  ASSERT_TRUE(more);
  EXPECT_TRUE(eventually([&] {
    const double second = use("eth0", "rx_use", "peak_1s_bits_per_second");
    const double tenth = use("eth0", "rx_use", "peak_100ms_bits_per_second");
    return second >= 60 * 1442 * 8 * 0.79 && second <= 60 * 1442 * 8 * 1.1 && tenth >= second;
  })) << agent_->get("/api/interfaces");
  const auto top = cli(*node_, {"top", "--once"});
  ASSERT_TRUE(top);
  EXPECT_NE(top->out.find("16.0 Mbit/s"), std::string::npos) << top->out;
}

}  // namespace
}  // namespace netprobe::test
