// SPDX-License-Identifier: Apache-2.0
#include "store/faulty_proxy.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string_view>

#include "support/loopback.h"

namespace netprobe::test {
namespace {

constexpr int kTick = 20;  // ms

UniqueFd connect_to(int port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    socket.reset();
  return socket;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (done <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

/// Appends what is there within a tick; false: the other side has ended.
bool receive_some(int fd, std::string& out) {
  pollfd waiting{fd, POLLIN, 0};
  if (::poll(&waiting, 1, kTick) <= 0) return true;
  std::array<char, 65'536> buffer{};
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  out.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const auto at = head.find(kName);
  return at == std::string_view::npos ? 0
                                      : static_cast<std::size_t>(std::strtoull(
                                            head.data() + at + kName.size(), nullptr, 10));
}

}  // namespace

FaultyProxy::FaultyProxy(int server_port) : server_port_(server_port) {
  listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0)
    std::abort();
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

FaultyProxy::~FaultyProxy() {
  stopping_ = true;
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
}

void FaultyProxy::set(Fault fault, int times, std::string word, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  times_ = times;
  word_ = std::move(word);
  bytes_ = bytes;
  released_ = false;
}

void FaultyProxy::release() {
  released_ = true;
  while (holding_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(kTick));
}

FaultyProxy::Fault FaultyProxy::fault_for(const std::string& head, std::size_t& bytes) {
  const std::lock_guard lock(mutex_);
  if (times_ <= 0 || head.find(word_) == std::string::npos) return Fault::kNone;
  --times_;
  ++met_;
  bytes = bytes_;
  return fault_;
}

void FaultyProxy::accept_all() {
  while (!stopping_) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, kTick) <= 0) continue;
    UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    threads_.emplace_back([this, fd = client.release()] { serve(UniqueFd(fd)); });
  }
}

void FaultyProxy::serve(UniqueFd client) {
  UniqueFd server;
  std::string request;
  for (;;) {
    // One whole request, by its length.
    auto head = request.find("\r\n\r\n");
    while (head == std::string::npos ||
           request.size() < head + 4 + content_length({request.data(), head})) {
      if (stopping_ || !receive_some(client.get(), request)) return;
      head = request.find("\r\n\r\n");
    }
    const std::size_t size = head + 4 + content_length({request.data(), head});
    const std::string whole = request.substr(0, size);
    request.erase(0, size);
    std::size_t bytes = 0;
    const Fault fault = fault_for(whole, bytes);
    if (fault == Fault::kRefuse) return;
    if (fault == Fault::kStatus500 || fault == Fault::kGarbage || fault == Fault::kGarbage200) {
      (void)send_all(client.get(),
                     fault == Fault::kGarbage ? "\x16\x03\x01 what?\n"
                     : fault == Fault::kGarbage200
                         ? "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"
                         : "HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nbusy");
      return;
    }
    if (fault == Fault::kHoldRequest) {
      // The client sees a connection that ends; its request is on the way.
      client.reset();
      ++holding_;
      while (!stopping_ && !released_)
        std::this_thread::sleep_for(std::chrono::milliseconds(kTick));
      UniqueFd late = connect_to(server_port_);
      std::string answer;
      if (late && send_all(late.get(), whole))
        for (int i = 0; i < 100 && answer.find("\r\n\r\n") == std::string::npos; ++i)
          if (!receive_some(late.get(), answer)) break;
      --holding_;
      return;
    }
    if (!server) server = connect_to(server_port_);
    if (!server) return;
    if (fault == Fault::kCutRequest) {
      (void)send_all(server.get(),
                     std::string_view(whole).substr(0, std::min(bytes, whole.size())));
      return;
    }
    if (!send_all(server.get(), whole)) return;
    // Until the next request, what comes from the server is the answer.
    for (std::string answer; request.empty(); answer.clear()) {
      if (stopping_ || !receive_some(server.get(), answer)) return;
      if (!answer.empty() && fault == Fault::kDropAnswer) return;
      if (!answer.empty() && !send_all(client.get(), answer)) return;
      pollfd waiting{client.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 0) > 0 && !receive_some(client.get(), request)) return;
    }
  }
}

}  // namespace netprobe::test
