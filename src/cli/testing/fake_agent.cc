// SPDX-License-Identifier: Apache-2.0
#include "cli/testing/fake_agent.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace netprobe::testing {

FakeAgent::FakeAgent()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0)
    std::abort();
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FakeAgent::~FakeAgent() {
  const std::uint64_t one = 1;
  if (::write(stop_.get(), &one, sizeof(one)) != sizeof(one)) std::abort();
  thread_.join();
}

void FakeAgent::answer(const std::string& path, std::string body, int status,
                       const std::string& type) {
  const std::lock_guard lock(mutex_);
  answers_[path] = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type +
                   "\r\nConnection: close\r\n\r\n" + body;
}

void FakeAgent::answer_target(const std::string& target, std::string body) {
  answer(target, std::move(body));
}

std::string FakeAgent::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<std::string> FakeAgent::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string FakeAgent::last_body() const {
  const std::lock_guard lock(mutex_);
  return body_;
}

std::string FakeAgent::last_head() const {
  const std::lock_guard lock(mutex_);
  return head_;
}

void FakeAgent::serve() {
  for (;;) {
    pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) continue;
    if (waits[1].revents != 0) return;
    const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) serve_one(connection.get());
  }
}

void FakeAgent::serve_one(int connection) {
  std::string request;
  while (!request.contains("\r\n\r\n")) {
    char buffer[4096];
    const auto got = ::recv(connection, buffer, sizeof(buffer), 0);
    if (got <= 0) return;
    request.append(buffer, static_cast<std::size_t>(got));
  }
  // As much of a body as the header says.
  const auto end = request.find("\r\n\r\n") + 4;
  const auto length = request.find("Content-Length: ");
  const std::size_t size =
      length < end ? std::strtoul(request.c_str() + length + 16, nullptr, 10) : 0;
  while (request.size() < end + size) {
    char buffer[4096];
    const auto got = ::recv(connection, buffer, sizeof(buffer), 0);
    if (got <= 0) return;
    request.append(buffer, static_cast<std::size_t>(got));
  }
  const auto begin = request.find(' ') + 1;
  const std::string target = request.substr(begin, request.find(' ', begin) - begin);
  std::string response = "HTTP/1.1 404 X\r\nConnection: close\r\n\r\n";
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(target);
    body_ = request.substr(end);
    head_ = request.substr(0, end);
    auto found = answers_.find(target);
    if (found == answers_.end()) found = answers_.find(target.substr(0, target.find('?')));
    if (found != answers_.end()) response = found->second;
  }
  std::string_view rest = response;
  while (!rest.empty()) {
    const auto sent = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace netprobe::testing
