// SPDX-License-Identifier: Apache-2.0
#include "export/syslog/datagram_sender.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <vector>

namespace netprobe {
namespace {

// So many may have been on their way when the server's host said that nobody listens.
constexpr std::size_t kUnderWay = 64;

}  // namespace

int SyslogDatagramSender::push(std::string_view message, const Patience& patience) {
  for (;;) {
    if (::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) >= 0) return 0;
    if (errno == EINTR) continue;
    const bool full = errno == EAGAIN || errno == ENOBUFS;
    if (!full) return errno;
    if (!patience.await(socket_.get(), POLLOUT)) return ETIMEDOUT;
  }
}

/// What was told of messages that went out before.
int SyslogDatagramSender::pending_error() const {
  int code = 0;
  socklen_t size = sizeof code;
  return ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

SendOutcome SyslogDatagramSender::send(std::span<const RecordRef> records) {
  const Patience patience(clock_, clock_.monotonic() + target_.timeout, stopping_);
  if (!socket_) {
    auto socket = dial(lookup_, target_.host, target_.port, true, patience);
    if (!socket) return SendOutcome::retry_all(records.size(), socket.error().message);
    socket_ = std::move(*socket);
  }
  batch_.render(records);
  SendOutcome outcome;
  std::vector<std::size_t> too_large;
  std::size_t done = 0;
  int code = 0;
  for (; done < batch_.size() && code == 0; ++done) {
    code = push(batch_.message(done), patience);
    if (code == EMSGSIZE) {
      too_large.push_back(done);
      outcome.problem = "a record of " + std::to_string(batch_.message(done).size()) +
                        " bytes does not go into a datagram; send fewer fields=, or use syslog+tcp";
      code = 0;
      continue;
    }
    if (code != 0) break;
    outcome.bytes += batch_.message(done).size();
  }
  if (code == 0) code = pending_error();
  if (code == ECONNREFUSED) done -= std::min(done, kUnderWay);
  // Those that go again will be met again.
  outcome.rejected = static_cast<std::uint64_t>(
      std::ranges::count_if(too_large, [&](std::size_t position) { return position < done; }));
  if (code == 0) return outcome;
  outcome.problem = target_.host + " port " + std::to_string(target_.port) + ": " +
                    (code == ECONNREFUSED ? "nobody listens there" : std::strerror(code));
  socket_.reset();
  outcome.again.resize(batch_.size() - done);
  std::iota(outcome.again.begin(), outcome.again.end(), static_cast<std::uint32_t>(done));
  return outcome;
}

}  // namespace netprobe
