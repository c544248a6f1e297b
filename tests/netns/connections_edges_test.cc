// SPDX-License-Identifier: Apache-2.0
// Sockets at the edges of what a probe can see: each of these was once told
// wrong.
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "connections.h"

namespace netprobe::test {
namespace {

/// What the socket probe says that it lost, by cause.
std::vector<std::string> causes(const Agent& agent) {
  std::vector<std::string> result;
  const Json probes = agent.json("/api/probes");
  for (const auto probe : simdjson::dom::array(probes["probes"])) {
    if (text_of(probe, "name") != "socket") continue;
    for (const auto lost : simdjson::dom::array(probe["lost"]))
      result.push_back(text_of(lost, "cause"));
  }
  return result;
}

TEST_F(Connections, RunsThatTheKernelLeftOutHaveACounter) {
  start();
  EXPECT_NE(std::ranges::count(causes(*agent_), "recursion"), 0);
}

TEST_F(Connections, AConnectWithoutALocalPortIsNotTheProgramsDoing) {
  start();
  const auto ports = [&](const char* range) {
    return node_->run({"sysctl", "-qw", std::string("net.ipv4.ip_local_port_range=") + range});
  };
  for (const char* ip : {"127.0.0.1", "::1"}) {
    SCOPED_TRACE(ip);
    Worker serving = work("np-server", [ip](const Talk& talk) {
      SocketAddress address = address_of(ip, 9000);
      const int fd = ::socket(address.family(), SOCK_STREAM, 0);
      ::bind(fd, address.get(), address.size);
      ::listen(fd, 7);
      talk.say("listens");
      (void)talk.hear();
    });
    ASSERT_EQ(serving.talk().hear(), "listens");
    ASSERT_TRUE(ports("40000 40000"));
    Worker asking = work("np-no-port", [ip](const Talk& talk) {
      (void)connected(ip, 9000, SOCK_STREAM);  // has the one port there is
      talk.say(connected(ip, 9000, SOCK_STREAM) < 0 ? ::strerrorname_np(errno) : "connected");
      (void)talk.hear();
    });
    ASSERT_EQ(asking.talk().hear(), "EADDRNOTAVAIL");
    ASSERT_TRUE(ports("32768 60999"));  // the test itself needs some
    const Json shown = one_when(of_pid(asking) + "&verdict=no_local_port", ended("no_local_port"));
    EXPECT_EQ(text_of(shown.root(), "error"), "EADDRNOTAVAIL");
    EXPECT_EQ(number_of(shown.root(), "dst_port"), 9000U);
  }
}

/// A connect() that its program gives up on has sent its SYN.
TEST_F(Connections, AConnectThatIsGivenUpIsAborted) {
  start();
  auto other = NetNamespace::create();
  ASSERT_TRUE(other);
  ASSERT_TRUE(add_veth(*node_, "eth0", *other, "eth0"));
  ASSERT_TRUE(node_->add_address("eth0", "10.9.0.1/24"));
  Worker asking = work("np-gives-up", [](const Talk& talk) {
    SocketAddress address = address_of("10.9.0.7", 9);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ::connect(fd, address.get(), address.size);
    ::close(fd);
    talk.say("closed");
    (void)talk.hear();
  });
  ASSERT_EQ(asking.talk().hear(), "closed");
  one_when(of_pid(asking), ended("aborted"));
}

TEST_F(Connections, AListeningSocketThatWasNotBoundHasItsPort) {
  start();
  for (const int family : {AF_INET, AF_INET6}) {
    Worker serving = work("np-not-bound", [family](const Talk& talk) {
      const int fd = ::socket(family, SOCK_STREAM, 0);
      ::listen(fd, 7);
      SocketAddress address;
      address.size = sizeof(address.storage);
      ::getsockname(fd, address.get(), &address.size);
      talk.say(std::to_string(address.port()));
      (void)talk.hear();
    });
    const std::uint64_t port = std::stoul(serving.talk().hear());
    EXPECT_NE(port, 0U);
    const auto path = "/api/connections?state=listen&" + of_pid(serving);
    EXPECT_TRUE(eventually([&] {
      const Json page = agent_->json(path);
      const simdjson::dom::array list = page["listening"];
      return list.size() == 1 && number_of(list.at(0), "port") == port;
    })) << agent_->get(path);
  }
}

/// Connections that nobody has accepted are in no table of open files. Their
/// end was counted as a loss, and no answer was complete any more.
TEST_F(Connections, WhatNobodyHadOpenBeforeTheAgentIsNoLoss) {
  Worker serving = work("np-never-accepts", [](const Talk& talk) {
    const int fd = bound(talk, "127.0.0.1", SOCK_STREAM);
    (void)talk.hear();
    ::close(fd);  // resets what waits
    talk.say("closed");
    (void)talk.hear();
  });
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-client", [port](const Talk& talk) {
    for (int i = 0; i < 3; ++i) (void)connected("127.0.0.1", port, SOCK_STREAM);
    talk.say("connected");
    (void)talk.hear();
  });
  ASSERT_EQ(asking.talk().hear(), "connected");
  start();
  serving.talk().say("close");
  ASSERT_EQ(serving.talk().hear(), "closed");
  std::string seen;
  EXPECT_TRUE(eventually([&] {
    seen = agent_->get("/api/connections");
    return number_of(Json(seen).root(), "ended_from_before") >= 3;
  })) << seen;
  const Json page(seen);
  EXPECT_EQ(page["completeness"]["lost"]["socket_probe.end_of_unknown"].error(),
            simdjson::NO_SUCH_FIELD)
      << seen;
}

}  // namespace
}  // namespace netprobe::test
