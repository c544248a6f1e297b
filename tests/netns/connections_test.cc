// SPDX-License-Identifier: Apache-2.0
// Sockets: bytes as programs count them, owners, and how connections end.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <optional>

#include "agent.h"
#include "worker.h"

namespace netprobe::test {
namespace {

/// A socket address of either family.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] std::uint16_t port() const {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }
};

Address address_of(const std::string& text, int port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    address.size = sizeof(sockaddr_in);
  } else {
    ::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    address.size = sizeof(sockaddr_in6);
  }
  v4->sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// Opens a socket of `type` at an address and says its port.
int bound(const Talk& talk, const std::string& ip, int type) {
  Address address = address_of(ip, 0);
  const int fd = ::socket(address.family(), type, 0);
  if (::bind(fd, address.get(), address.size) != 0) return -1;
  if (type == SOCK_STREAM) ::listen(fd, 7);
  ::getsockname(fd, address.get(), &address.size);
  talk.say(std::to_string(address.port()));
  return fd;
}

int connected(const std::string& ip, int port, int type) {
  Address address = address_of(ip, port);
  const int fd = ::socket(address.family(), type, 0);
  if (::connect(fd, address.get(), address.size) != 0) return -1;
  return fd;
}

void write_all(int fd, std::size_t bytes) {
  const std::string data(65'536, 'x');
  while (bytes > 0) {
    const auto done = ::send(fd, data.data(), std::min(bytes, data.size()), MSG_NOSIGNAL);
    if (done <= 0) return;
    bytes -= static_cast<std::size_t>(done);
  }
}

/// Reads so many bytes, or to the end.
std::size_t read_some(int fd, std::size_t bytes) {
  std::string data(65'536, 0);
  std::size_t got = 0;
  while (got < bytes) {
    const auto done = ::recv(fd, data.data(), std::min(bytes - got, data.size()), 0);
    if (done <= 0) break;
    got += static_cast<std::size_t>(done);
  }
  return got;
}

constexpr std::size_t kRequest = 1'234'567;
constexpr std::size_t kReply = 4'321;

/// Accepts one connection, takes a request, gives a reply, waits for a word.
Worker::Body server(const std::string& ip) {
  return [ip](const Talk& talk) {
    const int listening = bound(talk, ip, SOCK_STREAM);
    const int fd = ::accept(listening, nullptr, nullptr);
    read_some(fd, kRequest);
    write_all(fd, kReply);
    talk.say("served");
    (void)talk.hear();
    ::close(fd);
    ::close(listening);
    talk.say("closed");
    (void)talk.hear();
  };
}

Worker::Body client(const std::string& ip, int port) {
  return [ip, port](const Talk& talk) {
    const int fd = connected(ip, port, SOCK_STREAM);
    write_all(fd, kRequest);
    read_some(fd, kReply);
    talk.say("done");
    (void)talk.hear();
    ::close(fd);
    talk.say("closed");
    (void)talk.hear();
  };
}

class Connections : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto node = NetNamespace::create();
    ASSERT_TRUE(node);
    node_.emplace(std::move(*node));
  }
  void start(std::vector<std::string> flags = {}, const ProcessOptions& options = {}) {
    flags.insert(flags.begin(), "--collect-interval=200ms");
    auto agent = Agent::start(*node_, std::move(flags), options);
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
  }
  [[nodiscard]] Worker work(const std::string& name, const Worker::Body& body) const {
    auto worker = Worker::start(*node_, name, body);
    if (!worker) throw std::runtime_error("cannot start a worker");
    return std::move(*worker);
  }
  /// The one connection that matches, once it fits; the last answer is in the
  /// failure's message.
  Json one_when(const std::string& query, const std::function<bool(simdjson::dom::element)>& fits) {
    std::string seen;
    const bool found = eventually([&] {
      seen = agent_->get("/api/connections?" + query);
      const Json page(seen);
      const simdjson::dom::array list = page["connections"];
      return list.size() == 1 && fits(list.at(0));
    });
    EXPECT_TRUE(found) << query << ": " << seen;
    const Json page(seen);
    const simdjson::dom::array list = page["connections"];
    return Json(list.size() == 1 ? simdjson::minify(list.at(0)) : "{}");
  }
  static std::function<bool(simdjson::dom::element)> moved(std::size_t sent, std::size_t received) {
    return [=](simdjson::dom::element c) {
      return number_of(c, "bytes_sent") == sent && number_of(c, "bytes_received") == received;
    };
  }
  static std::function<bool(simdjson::dom::element)> ended(const std::string& verdict) {
    return [=](simdjson::dom::element c) { return text_of(c, "verdict") == verdict; };
  }
  static std::string of_pid(const Worker& worker) { return "pid=" + std::to_string(worker.pid()); }

  /// A whole conversation; both sides' bytes and names, while it lasts and after.
  void expect_exact(const std::string& ip) {
    Worker serving = work("np-server", server(ip));
    const int port = std::stoi(serving.talk().hear());
    Worker asking = work("np-client", client(ip, port));
    ASSERT_EQ(asking.talk().hear(), "done");
    ASSERT_EQ(serving.talk().hear(), "served");

    const Json here = one_when(of_pid(asking), moved(kRequest, kReply));
    EXPECT_EQ(text_of(here.root(), "process"), "np-client");
    EXPECT_EQ(text_of(here.root(), "role"), "client");
    EXPECT_EQ(text_of(here.root(), "state"), "established");
    EXPECT_EQ(text_of(here.root(), "verdict"), "open");
    EXPECT_EQ(text_of(here.root(), "dst_ip"), ip);
    EXPECT_EQ(number_of(here.root(), "dst_port"), static_cast<std::uint64_t>(port));
    EXPECT_GT(double(here["rtt_ms"]), 0);
    EXPECT_GT(double(here["connect_ms"]), 0);
    const Json there = one_when(of_pid(serving), moved(kReply, kRequest));
    EXPECT_EQ(text_of(there.root(), "process"), "np-server");
    EXPECT_EQ(text_of(there.root(), "role"), "server");
    EXPECT_EQ(number_of(there.root(), "src_port"), static_cast<std::uint64_t>(port));
    EXPECT_EQ(number_of(there.root(), "netns"), number_of(here.root(), "netns"));

    asking.talk().say("close");
    serving.talk().say("close");
    ASSERT_EQ(asking.talk().hear(), "closed");
    ASSERT_EQ(serving.talk().hear(), "closed");
    const Json after = one_when(of_pid(asking) + "&verdict=closed", ended("closed"));
    EXPECT_TRUE(moved(kRequest, kReply)(after.root())) << simdjson::minify(after.root());
    const Json after_there = one_when(of_pid(serving) + "&verdict=closed", ended("closed"));
    EXPECT_TRUE(moved(kReply, kRequest)(after_there.root()))
        << simdjson::minify(after_there.root());
  }

  std::optional<NetNamespace> node_;
  std::optional<Agent> agent_;
};

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
      Address peer;
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
