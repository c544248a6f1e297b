// SPDX-License-Identifier: Apache-2.0
// Whose an accepted connection is: first of the one that listens, then of the
// one that accepted.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "connections.h"

namespace netprobe::test {
namespace {

std::string server_side(int port) { return "role=server&state=live&port=" + std::to_string(port); }

std::function<bool(simdjson::dom::element)> known_by(const std::string& how) {
  return [=](simdjson::dom::element c) { return text_of(c, "known_by") == how; };
}

/// A child accepts, when it is told to.
Worker::Body forking_server(const std::string& ip) {
  return [ip](const Talk& talk) {
    const int listening = bound(talk, ip, SOCK_STREAM);
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::prctl(PR_SET_NAME, "np-child");
      (void)talk.hear();
      (void)::accept(listening, nullptr, nullptr);
      talk.say("accepted");
      ::pause();
    }
    talk.say(std::to_string(child));
    ::pause();
  };
}

Worker::Body many_connects(const std::string& ip, int port, int count) {
  return [=](const Talk& talk) {
    for (int i = 0; i < count; ++i) (void)connected(ip, port, SOCK_STREAM);
    talk.say("connected");
    (void)talk.hear();
  };
}

class Owners : public Connections {
 protected:
  void expect_listener_then_child(const std::string& ip) {
    SCOPED_TRACE(ip);
    Worker serving = work("np-parent", forking_server(ip));
    const int port = std::stoi(serving.talk().hear());
    const std::uint64_t child = std::stoul(serving.talk().hear());
    Worker asking = work("np-client", many_connects(ip, port, 1));
    ASSERT_EQ(asking.talk().hear(), "connected");
    const Json first = one_when(server_side(port), known_by("listener"));
    EXPECT_EQ(number_of(first.root(), "pid"), static_cast<std::uint64_t>(serving.pid()));
    EXPECT_EQ(text_of(first.root(), "process"), "np-parent");
    serving.talk().say("accept");
    ASSERT_EQ(serving.talk().hear(), "accepted");
    const Json then = one_when(server_side(port), known_by("file"));
    EXPECT_EQ(number_of(then.root(), "pid"), child);
    EXPECT_EQ(text_of(then.root(), "process"), "np-child");
  }
};

TEST_F(Owners, AreTheListenersUntilAChildAccepts) {
  start();
  expect_listener_then_child("127.0.0.1");
  expect_listener_then_child("::1");
}

TEST_F(Owners, AreTheSameByRawTracepoints) {
  start({"--socket-rung=raw_tp"});
  expect_listener_then_child("127.0.0.1");  // by kprobes: tests/kernels
}

TEST_F(Owners, AreTheListenersFromBeforeTheAgent) {
  Worker serving = work("np-parent", forking_server("127.0.0.1"));
  const int port = std::stoi(serving.talk().hear());
  (void)serving.talk().hear();
  start();
  Worker asking = work("np-client", many_connects("127.0.0.1", port, 1));
  ASSERT_EQ(asking.talk().hear(), "connected");
  const Json first = one_when(server_side(port), known_by("listener"));
  EXPECT_EQ(text_of(first.root(), "process"), "np-parent");
}

/// Several sockets listen at one address: each connection is of its own one's.
TEST_F(Owners, AreThoseOfTheRightListenerOfMany) {
  start();
  constexpr int kPort = 9001;
  constexpr int kConnects = 24;
  const auto listener = [](const Talk& talk) {
    SocketAddress address = address_of("127.0.0.1", kPort);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    ::bind(fd, address.get(), address.size);
    ::listen(fd, 64);
    talk.say("listens");
    (void)talk.hear();
    int count = 0;
    while (::accept(fd, nullptr, nullptr) >= 0) ++count;
    talk.say(std::to_string(count));
    (void)talk.hear();
  };
  Worker one = work("np-one", listener);
  Worker two = work("np-two", listener);
  ASSERT_EQ(one.talk().hear(), "listens");
  ASSERT_EQ(two.talk().hear(), "listens");
  Worker asking = work("np-client", many_connects("127.0.0.1", kPort, kConnects));
  ASSERT_EQ(asking.talk().hear(), "connected");
  const auto owned_by = [&](const Worker& worker) {
    const Json page = agent_->json("/api/connections?" + server_side(kPort) + "&" + of_pid(worker));
    const simdjson::dom::array list = page["connections"];
    for (const auto c : list) EXPECT_EQ(text_of(c, "known_by"), "listener");
    return list.size();
  };
  const std::size_t of_one = owned_by(one);
  const std::size_t of_two = owned_by(two);
  one.talk().say("accept");
  two.talk().say("accept");
  EXPECT_EQ(std::to_string(of_one), one.talk().hear());
  EXPECT_EQ(std::to_string(of_two), two.talk().hear());
  EXPECT_EQ(of_one + of_two, kConnects);
}

}  // namespace
}  // namespace netprobe::test
