// SPDX-License-Identifier: Apache-2.0
// Sockets: bytes as programs count them, owners, and how connections end.
#include <unistd.h>

#include <cstring>

#include "connections.h"

namespace netprobe::test {
namespace {

TEST_F(Connections, CountsTcpToTheByteAndNamesBothSides) {
  start();
  expect_exact("127.0.0.1");
  expect_exact("::1");
}

TEST_F(Connections, RawTracepointsTellTheSame) {
  start({"--socket-rung=raw_tp"});
  const Json probes = agent_->json("/api/probes");
  for (const auto probe : simdjson::dom::array(probes["probes"]))
    if (text_of(probe, "name") == "socket") EXPECT_EQ(text_of(probe, "rung"), "raw_tp");
  expect_exact("127.0.0.1");
}

TEST_F(Connections, CountsWhatIsReadAfterTheEnd) {
  start();
  Worker serving = work("np-server", [](const Talk& talk) {
    const int listening = bound(talk, "127.0.0.1", SOCK_STREAM);
    const int fd = ::accept(listening, nullptr, nullptr);
    read_some(fd, SIZE_MAX);  // to the end
    write_all(fd, kReply);
    ::close(fd);
    talk.say("closed");
    (void)talk.hear();
  });
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-client", [port](const Talk& talk) {
    const int fd = connected("127.0.0.1", port, SOCK_STREAM);
    write_all(fd, 99);
    ::shutdown(fd, SHUT_WR);
    (void)talk.hear();  // by now both sides have said their last
    talk.say(std::to_string(read_some(fd, SIZE_MAX)));
    (void)talk.hear();
    ::close(fd);
    talk.say("closed");
    (void)talk.hear();
  });
  ASSERT_EQ(serving.talk().hear(), "closed");
  one_when(of_pid(asking), [](simdjson::dom::element c) { return text_of(c, "state") == "close"; });
  asking.talk().say("read");
  ASSERT_EQ(asking.talk().hear(), std::to_string(kReply));
  asking.talk().say("close");
  ASSERT_EQ(asking.talk().hear(), "closed");
  one_when(of_pid(asking), moved(99, kReply));
  one_when(of_pid(serving), moved(kReply, 99));
}

TEST_F(Connections, FailedConnectsHaveTheirErrno) {
  start();
  auto other = NetNamespace::create();
  ASSERT_TRUE(other);
  ASSERT_TRUE(add_veth(*node_, "eth0", *other, "eth0"));
  ASSERT_TRUE(node_->add_address("eth0", "10.9.0.1/24"));
  // A neighbour that does not exist: what is sent to it is never answered.
  ASSERT_TRUE(
      node_->ip({"neigh", "add", "10.9.0.7", "lladdr", "02:00:00:00:00:77", "dev", "eth0"}));
  ASSERT_TRUE(node_->run({"sysctl", "-qw", "net.ipv4.tcp_syn_retries=1"}));
  // And a router that says what it cannot reach.
  ASSERT_TRUE(other->add_address("eth0", "10.9.0.2/24"));
  ASSERT_TRUE(other->run({"sysctl", "-qw", "net.ipv4.ip_forward=1"}));
  ASSERT_TRUE(other->ip({"route", "add", "unreachable", "10.9.1.0/24"}));
  ASSERT_TRUE(node_->ip({"route", "add", "10.9.1.0/24", "via", "10.9.0.2"}));
  const auto connector = [](const std::string& ip, int port) {
    return [ip, port](const Talk& talk) {
      talk.say(connected(ip, port, SOCK_STREAM) < 0 ? ::strerrorname_np(errno) : "connected");
      (void)talk.hear();
    };
  };
  struct Case {
    const char* ip;
    const char* error;
    const char* verdict;
  };
  for (const Case& each :
       {Case{"127.0.0.1", "ECONNREFUSED", "refused"}, Case{"::1", "ECONNREFUSED", "refused"},
        Case{"10.9.0.7", "ETIMEDOUT", "no_answer"},
        Case{"10.9.1.8", "EHOSTUNREACH", "unreachable"}}) {
    SCOPED_TRACE(each.ip);
    Worker failing = work("np-fails", connector(each.ip, 9));
    ASSERT_EQ(failing.talk().hear(), each.error);
    const Json shown = one_when(of_pid(failing), ended(each.verdict));
    EXPECT_EQ(text_of(shown.root(), "error"), each.error);
    EXPECT_EQ(text_of(shown.root(), "process"), "np-fails");
    EXPECT_EQ(number_of(shown.root(), "dst_port"), 9U);
    EXPECT_NE(number_of(shown.root(), "src_port"), 0U);
  }
  const std::string metrics = agent_->get("/metrics");
  for (const char* error : {"ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH"})
    EXPECT_NE(metrics.find("netprobe_socket_connect_failures_total{error=\"" + std::string(error)),
              std::string::npos);
}

TEST_F(Connections, ResetsHaveTheirSide) {
  start();
  Worker serving = work("np-server", [](const Talk& talk) {
    const int listening = bound(talk, "127.0.0.1", SOCK_STREAM);
    const int fd = ::accept(listening, nullptr, nullptr);
    read_some(fd, 10);
    ::close(fd);  // with something unread: the kernel resets
    talk.say("closed");
    (void)talk.hear();
  });
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-client", [port](const Talk& talk) {
    const int fd = connected("127.0.0.1", port, SOCK_STREAM);
    write_all(fd, 1'000);
    (void)talk.hear();
    ::close(fd);
    (void)talk.hear();
  });
  ASSERT_EQ(serving.talk().hear(), "closed");
  const Json there = one_when(of_pid(serving), ended("reset_by_server"));
  EXPECT_TRUE(moved(0, 10)(there.root())) << simdjson::minify(there.root());
  const Json here = one_when(of_pid(asking), ended("reset_by_server"));
  EXPECT_TRUE(moved(1'000, 0)(here.root())) << simdjson::minify(here.root());
  EXPECT_EQ(text_of(here.root(), "error"), "ECONNRESET");
}

TEST_F(Connections, FindsWhatWasThereBeforeIt) {
  Worker serving = work("np-server", server("127.0.0.1"));
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-client", client("127.0.0.1", port));
  ASSERT_EQ(asking.talk().hear(), "done");
  ASSERT_EQ(serving.talk().hear(), "served");
  start();
  const Json here = one_when(of_pid(asking), moved(kRequest, kReply));
  EXPECT_TRUE(bool(here["found_later"]));
  EXPECT_EQ(text_of(here.root(), "role"), "client");
  EXPECT_EQ(text_of(here.root(), "process"), "np-client");
  const Json there = one_when(of_pid(serving), moved(kReply, kRequest));
  EXPECT_TRUE(bool(there["found_later"]));
  EXPECT_EQ(text_of(there.root(), "role"), "server");
  const Json listening = agent_->json("/api/connections?state=listen&port=" + std::to_string(port));
  const simdjson::dom::array list = listening["listening"];
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(number_of(list.at(0), "pid"), static_cast<std::uint64_t>(serving.pid()));
  EXPECT_EQ(number_of(list.at(0), "backlog_max"), 7U);
  asking.talk().say("close");
  serving.talk().say("close");
  const Json after = one_when(of_pid(asking), ended("closed"));
  EXPECT_TRUE(moved(kRequest, kReply)(after.root())) << simdjson::minify(after.root());
}

TEST_F(Connections, NamesAProcessThatIsGone) {
  start();
  Worker serving = work("np-server", server("127.0.0.1"));
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-client", client("127.0.0.1", port));
  ASSERT_EQ(asking.talk().hear(), "done");
  const std::string query = of_pid(asking);
  asking.kill();
  const Json gone = one_when(query, [](simdjson::dom::element c) {
    return bool(c["ended"]) || text_of(c, "verdict") != "open";
  });
  EXPECT_EQ(text_of(gone.root(), "process"), "np-client");
  EXPECT_TRUE(moved(kRequest, kReply)(gone.root())) << simdjson::minify(gone.root());
}

TEST_F(Connections, CountsUdpByProcessAndPeer) {
  start();
  for (const char* ip : {"127.0.0.1", "::1"}) {
    SCOPED_TRACE(ip);
    Worker serving = work("np-udp-server", [ip](const Talk& talk) {
      const int fd = bound(talk, ip, SOCK_DGRAM);
      std::string data(2'000, 0);
      SocketAddress peer;
      for (int i = 0; i < 3; ++i) {
        // A look does not count.
        ::recv(fd, data.data(), data.size(), MSG_PEEK);
        peer.size = sizeof(peer.storage);
        ::recvfrom(fd, data.data(), data.size(), 0, peer.get(), &peer.size);
      }
      ::sendto(fd, data.data(), 5, 0, peer.get(), peer.size);
      talk.say("served");
      (void)talk.hear();
    });
    const int port = std::stoi(serving.talk().hear());
    Worker asking = work("np-udp-client", [ip, port](const Talk& talk) {
      const int fd = connected(ip, port, SOCK_DGRAM);
      for (const std::size_t size : {1'000UL, 0UL, 11UL}) write_all(fd, size);
      const std::string none;
      ::send(fd, none.data(), 0, 0);  // an empty datagram is one, too
      read_some(fd, 5);
      talk.say("done");
      (void)talk.hear();
    });
    ASSERT_EQ(asking.talk().hear(), "done");
    ASSERT_EQ(serving.talk().hear(), "served");
    const Json here = one_when(of_pid(asking), moved(1'011, 5));
    EXPECT_EQ(text_of(here.root(), "protocol"), "udp");
    EXPECT_EQ(number_of(here.root(), "dst_port"), static_cast<std::uint64_t>(port));
    const Json there = one_when(of_pid(serving), moved(5, 1'011));
    EXPECT_EQ(text_of(there.root(), "process"), "np-udp-server");
    const std::string query = of_pid(asking);
    asking.kill();
    one_when(query, ended("closed"));
  }
}

TEST_F(Connections, CountsDatagramsThatFoundTheQueueFull) {
  start();
  Worker serving = work("np-slow", [](const Talk& talk) {
    (void)bound(talk, "127.0.0.1", SOCK_DGRAM);
    (void)talk.hear();
  });
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-floods", [port](const Talk& talk) {
    const int fd = connected("127.0.0.1", port, SOCK_DGRAM);
    for (int i = 0; i < 2'000; ++i) write_all(fd, 1'000);
    talk.say("done");
    (void)talk.hear();
  });
  ASSERT_EQ(asking.talk().hear(), "done");
  EXPECT_TRUE(eventually([&] {
    const Json page = agent_->json("/api/connections?state=listen&" + of_pid(serving));
    const simdjson::dom::array list = page["listening"];
    return list.size() == 1 && number_of(list.at(0), "receive_drops") > 1'000;
  }));
}

TEST_F(Connections, BadQueriesNameTheirParameter) {
  start();
  const auto answer = node_->run({"curl", "-s", "-o", "-", "-w", "%{http_code}",
                                  "http://127.0.0.1:8081/api/connections?pid=x"});
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->find("\"parameter\":\"pid\""), std::string::npos) << *answer;
  EXPECT_TRUE(answer->ends_with("400")) << *answer;
}

TEST_F(Connections, TheCommandLineShowsThem) {
  start();
  Worker serving = work("np-server", server("::1"));
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-client", client("::1", port));
  ASSERT_EQ(asking.talk().hear(), "done");
  one_when(of_pid(serving), moved(kReply, kRequest));
  const auto table = cli(*node_, {"connections", "--process", "np-client"});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->exit_code, 0) << table->err;
  EXPECT_NE(table->out.find("np-client/" + std::to_string(asking.pid())), std::string::npos)
      << table->out;
  EXPECT_NE(table->out.find("[::1]:" + std::to_string(port)), std::string::npos) << table->out;
  const auto json =
      cli(*node_, {"connections", "-o", "json", "--pid", std::to_string(asking.pid())});
  ASSERT_TRUE(json);
  EXPECT_EQ(number_of(Json(json->out).root(), "bytes_sent"), kRequest);
  const auto listening = cli(*node_, {"connections", "-l", "--port", std::to_string(port)});
  ASSERT_TRUE(listening);
  EXPECT_NE(listening->out.find("np-server/"), std::string::npos) << listening->out;
  const auto wrong = cli(*node_, {"connections", "--state", "nonsense"});
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->exit_code, 2) << wrong->err;
}

TEST_F(Connections, AKernelThatRefusesTurnsOffNothingElse) {
  start({}, {.environment = {{"NETPROBE_FAULT_LOAD", "socket"}}});
  const Json probes = agent_->json("/api/probes");
  bool flow_on = false;
  std::string why;
  for (const auto probe : simdjson::dom::array(probes["probes"])) {
    if (text_of(probe, "name") == "flow") flow_on = text_of(probe, "state") == "on";
    if (text_of(probe, "name") != "socket") continue;
    EXPECT_EQ(text_of(probe, "state"), "failed");
    why = text_of(probe, "why");
  }
  EXPECT_TRUE(flow_on);
  EXPECT_NE(why.find("socket"), std::string::npos) << why;
  const Json page = agent_->json("/api/connections");
  EXPECT_EQ(simdjson::dom::array(page["connections"]).size(), 0U);
  const auto status = cli(*node_, {"status"});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->exit_code, 3);
  EXPECT_NE(status->out.find("socket"), std::string::npos) << status->out;
}

}  // namespace
}  // namespace netprobe::test
