// SPDX-License-Identifier: Apache-2.0
#include "connections.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace netprobe::test {

SocketAddress address_of(const std::string& text, int port) {
  SocketAddress address;
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

int bound(const Talk& talk, const std::string& ip, int type) {
  SocketAddress address = address_of(ip, 0);
  const int fd = ::socket(address.family(), type, 0);
  if (::bind(fd, address.get(), address.size) != 0) return -1;
  if (type == SOCK_STREAM) ::listen(fd, 7);
  ::getsockname(fd, address.get(), &address.size);
  talk.say(std::to_string(address.port()));
  return fd;
}

int connected(const std::string& ip, int port, int type) {
  SocketAddress address = address_of(ip, port);
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

void Connections::SetUp() {
  if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
  auto node = NetNamespace::create();
  ASSERT_TRUE(node);
  node_.emplace(std::move(*node));
}

void Connections::start(std::vector<std::string> flags, const ProcessOptions& options) {
  flags.insert(flags.begin(), "--collect-interval=200ms");
  auto agent = Agent::start(*node_, std::move(flags), options);
  ASSERT_TRUE(agent) << agent.error().message;
  agent_.emplace(std::move(*agent));
}

Json Connections::one_when(const std::string& query,
                           const std::function<bool(simdjson::dom::element)>& fits) {
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

void Connections::expect_exact(const std::string& ip) {
  Worker serving = work("np-server", server(ip));
  const int port = std::stoi(serving.talk().hear());
  Worker asking = work("np-client", client(ip, port));
  ASSERT_EQ(asking.talk().hear(), "done");
  ASSERT_EQ(serving.talk().hear(), "served");

  const Json here = one_when(of_pid(asking), moved(kRequest, kReply));
  EXPECT_EQ(text_of(here.root(), "process"), "np-client");
  EXPECT_EQ(text_of(here.root(), "known_by"), "connect");
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
  EXPECT_TRUE(moved(kReply, kRequest)(after_there.root())) << simdjson::minify(after_there.root());
}

}  // namespace netprobe::test
