// SPDX-License-Identifier: Apache-2.0
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "export/syslog/channel.h"

namespace netprobe {
namespace {

class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(UniqueFd fd) : socket_(std::move(fd)) {}

  Result<std::size_t> write(std::string_view text, const Patience& patience) override {
    for (;;) {
      const ssize_t count = ::send(socket_.fd(), text.data(), text.size(), MSG_NOSIGNAL);
      if (count > 0) {
        written_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
      }
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno != EAGAIN) return fail_errno("the connection broke");
      if (!patience.await(socket_.fd(), POLLOUT)) return fail("it takes no more");
    }
  }
  bool is_open() override {
    char sink[256];
    for (;;) {
      const ssize_t count = ::recv(socket_.fd(), sink, sizeof sink, MSG_DONTWAIT);
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      return count < 0 && errno == EAGAIN;
    }
  }
  [[nodiscard]] std::uint64_t wire_bytes() const override { return written_; }
  [[nodiscard]] std::uint64_t acknowledged() const override { return socket_.acknowledged(); }
  [[nodiscard]] int fd() const override { return socket_.fd(); }

 private:
  TcpSocket socket_;
  std::uint64_t written_ = 0;
};

}  // namespace

TcpSocket::TcpSocket(UniqueFd fd) : fd_(std::move(fd)), before_(acknowledged_in_all()) {}

std::uint64_t TcpSocket::acknowledged_in_all() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_acked;
}

std::uint64_t TcpSocket::acknowledged() const {
  const std::uint64_t all = acknowledged_in_all();
  return all > before_ ? all - before_ : 0;
}

Result<std::unique_ptr<Channel>> connect_plain(const ExportTarget& target, HostLookup& lookup,
                                               const Patience& patience) {
  auto fd = dial(lookup, target.host, target.port, false, patience);
  if (!fd) return std::unexpected(fd.error());
  return std::make_unique<PlainChannel>(std::move(*fd));
}

}  // namespace netprobe
