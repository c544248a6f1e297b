// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <functional>
#include <memory>

#include "base/result.h"

namespace netprobe::netlink {

struct SocketCloser {
  void operator()(mnl_socket* s) const { mnl_socket_close(s); }
};
using Socket = std::unique_ptr<mnl_socket, SocketCloser>;

/// Calls `each` for the attributes of a message behind a header of `offset`
/// bytes. (libmnl's own macros are C only.)
template <typename Each>
void for_each_attribute(const nlmsghdr* message, std::size_t offset, Each each) {
  const auto* at = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, offset));
  const auto* tail = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
  while (mnl_attr_ok(at, static_cast<int>(tail - reinterpret_cast<const char*>(at)))) {
    each(at);
    at = mnl_attr_next(at);
  }
}

/// The same for the attributes inside an attribute.
template <typename Each>
void for_each_nested(const nlattr* attribute, Each each) {
  const auto* at = static_cast<const nlattr*>(mnl_attr_get_payload(attribute));
  const auto* tail = reinterpret_cast<const char*>(at) + mnl_attr_get_payload_len(attribute);
  while (mnl_attr_ok(at, static_cast<int>(tail - reinterpret_cast<const char*>(at)))) {
    each(at);
    at = mnl_attr_next(at);
  }
}

/// Sends a dump request on a socket of its own and hands over each answer.
inline Status dump(nlmsghdr* request, const std::function<void(const nlmsghdr*)>& on_message) {
  const Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
      mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
    return fail_errno("cannot ask the kernel over netlink");
  const auto callback = [](const nlmsghdr* message, void* context) {
    (*static_cast<const std::function<void(const nlmsghdr*)>*>(context))(message);
    return MNL_CB_OK;
  };
  std::array<char, 65536> buffer;
  for (;;) {
    const auto size = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (size < 0) return fail_errno("cannot read the kernel's answer over netlink");
    const int more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), 0, 0, callback,
                                const_cast<void*>(static_cast<const void*>(&on_message)));
    // A list that changed while it was read (EINTR) is still a list; the
    // change itself arrives as an event.
    if (more < 0 && errno != EINTR) return fail_errno("the kernel does not answer over netlink");
    if (more <= MNL_CB_STOP) return {};
  }
}

}  // namespace netprobe::netlink
