// SPDX-License-Identifier: Apache-2.0
#include "export/http_receiver.h"

#include <sys/socket.h>
#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "support/loopback.h"

namespace netprobe::test {
namespace {

void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool receive_more(int fd, std::string& buffer) {
  std::array<char, 65536> piece{};
  const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  buffer.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

/// Takes one request out of what came.
std::optional<HttpReceiver::Request> read_request(int fd, std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!receive_more(fd, buffer)) return std::nullopt;
  HttpReceiver::Request request;
  std::string_view head = std::string_view(buffer).substr(0, end + 2);
  const auto first = head.find(' ');
  request.target = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    const auto colon = line.find(':');
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    request.headers[name] = line.substr(std::min(line.size(), colon + 2));
  }
  const std::size_t length = std::strtoul(request.headers["content-length"].c_str(), nullptr, 10);
  while (buffer.size() < end + 4 + length)
    if (!receive_more(fd, buffer)) return std::nullopt;
  request.body = buffer.substr(end + 4, length);
  buffer.erase(0, end + 4 + length);
  return request;
}

}  // namespace

HttpReceiver::HttpReceiver(Handler handler, int port) : handler_(std::move(handler)) {
  listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto address = loopback(port);
  const int again = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  socklen_t size = sizeof(address);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), plain, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), plain, &size) != 0)
    std::abort();
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this] { accept_all(); });
}

HttpReceiver::~HttpReceiver() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
  std::vector<std::jthread> threads;
  {
    const MutexLock lock(mutex_);
    for (const auto& connection : connections_) ::shutdown(connection.get(), SHUT_RDWR);
    threads.swap(threads_);
  }
}

void HttpReceiver::accept_all() {
  for (;;) {
    UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() < 0) return;
    const MutexLock lock(mutex_);
    threads_.emplace_back([this, fd = connection.get()] { serve(fd); });
    connections_.push_back(std::move(connection));
  }
}

void HttpReceiver::serve(int fd) {
  std::string buffer;
  while (const auto request = read_request(fd, buffer)) {
    const Reply reply = handler_(*request);
    if (reply.hang_up) break;
    if (!reply.raw.empty()) {
      send_all(fd, reply.raw);
      break;
    }
    send_all(fd, "HTTP/1.1 " + std::to_string(reply.status) + " x\r\n" + reply.headers +
                     (reply.status == 204 ? std::string("\r\n")
                                          : "Content-Length: " + std::to_string(reply.body.size()) +
                                                "\r\n\r\n" + reply.body));
  }
  ::shutdown(fd, SHUT_RDWR);
}

std::string gunzip(std::string_view text) {
  z_stream stream{};
  std::string out;
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return out;
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  std::array<char, 65536> piece{};
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END ? out : std::string();
}

}  // namespace netprobe::test
