// SPDX-License-Identifier: Apache-2.0
#include "io/dial.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace netprobe {

Result<UniqueFd> dial(HostLookup& lookup, const std::string& host, std::uint16_t port,
                      bool datagram, const Patience& patience) {
  const auto addresses = lookup.find(host, port, datagram, patience);
  if (!addresses) return std::unexpected(addresses.error());
  const std::string where = host + " port " + std::to_string(port);
  int code = 0;
  const int type = (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  for (const HostAddress& each : *addresses) {
    const auto* name = reinterpret_cast<const sockaddr*>(&each.storage);
    UniqueFd fd(::socket(name->sa_family, type, 0));
    if (!fd) {
      code = errno;
      continue;
    }
    if (::connect(fd.get(), name, each.size) == 0) return fd;
    code = errno;
    if (code != EINPROGRESS) continue;
    if (!patience.await(fd.get(), POLLOUT)) return fail(where + " does not answer");
    socklen_t size = sizeof code;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0) return fd;
  }
  return fail_errno("cannot connect to " + where, code);
}

}  // namespace netprobe
