// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent.h"
#include "worker.h"

/// What tests of connections share: sockets, conversations, and an agent that
/// is asked about them.
namespace netprobe::test {

/// A socket address of either family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] std::uint16_t port() const {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }
};
[[nodiscard]] SocketAddress address_of(const std::string& text, int port);

/// Opens a socket of `type` at an address and says its port.
int bound(const Talk& talk, const std::string& ip, int type);
/// -1 where connect() failed; errno says why.
int connected(const std::string& ip, int port, int type);
void write_all(int fd, std::size_t bytes);
/// Reads so many bytes, or to the end.
std::size_t read_some(int fd, std::size_t bytes);

inline constexpr std::size_t kRequest = 1'234'567;
inline constexpr std::size_t kReply = 4'321;
/// Accepts one connection, takes a request, gives a reply, waits for a word.
[[nodiscard]] Worker::Body server(const std::string& ip);
[[nodiscard]] Worker::Body client(const std::string& ip, int port);

class Connections : public testing::Test {
 protected:
  void SetUp() override;
  void start(std::vector<std::string> flags = {}, const ProcessOptions& options = {});
  [[nodiscard]] Worker work(const std::string& name, const Worker::Body& body) const {
    auto worker = Worker::start(*node_, name, body);
    if (!worker) throw std::runtime_error("cannot start a worker");
    return std::move(*worker);
  }
  /// The one connection that matches, once it fits; the last answer is in the
  /// failure's message.
  Json one_when(const std::string& query, const std::function<bool(simdjson::dom::element)>& fits);
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
  void expect_exact(const std::string& ip);

  std::optional<NetNamespace> node_;
  std::optional<Agent> agent_;
};

}  // namespace netprobe::test
