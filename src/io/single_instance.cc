// SPDX-License-Identifier: Apache-2.0
#include "io/single_instance.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace netprobe {
namespace {

constexpr std::string_view kName = "netprobe-agent";

sockaddr_un address(socklen_t& size) {
  sockaddr_un result{};
  result.sun_family = AF_UNIX;
  std::memcpy(result.sun_path + 1, kName.data(), kName.size());  // leading 0: abstract
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kName.size());
  return result;
}

std::string holder() {
  socklen_t size = 0;
  const sockaddr_un name = address(size);
  const UniqueFd peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (::connect(peer.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      ::getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return "";
  return " (process " + std::to_string(credentials.pid) + ")";
}

}  // namespace

Result<UniqueFd> claim_single_instance() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("cannot make a socket");
  socklen_t size = 0;
  const sockaddr_un name = address(size);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0) {
    if (errno != EADDRINUSE) return fail_errno("cannot claim this network namespace");
    return fail(
        "a netprobe-agent" + holder() + " already watches this network namespace: stop it first",
        ErrorKind::kBusy);
  }
  if (::listen(socket.get(), 1) != 0) return fail_errno("cannot claim this network namespace");
  return socket;
}

}  // namespace netprobe
