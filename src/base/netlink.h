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

/// Is there a whole message in the bytes that are left? (libmnl's own test takes a
/// length above 2 GiB for a negative one, and its next message is then the same.)
inline bool is_message(const nlmsghdr* message, int left) {
  return left >= static_cast<int>(sizeof(nlmsghdr)) && message->nlmsg_len >= sizeof(nlmsghdr) &&
         message->nlmsg_len <= static_cast<unsigned>(left);
}

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

/// Hands over each message of a buffer that answers a dump. True: that was the
/// last. `interrupted` is set where the kernel says that the list changed while
/// it was read: something may be missing. (libmnl's own loop stops there, and
/// leaves the rest unread.)
template <typename Each>
Result<bool> walk_dump(const void* buffer, std::size_t size, bool& interrupted, Each each) {
  const auto* message = static_cast<const nlmsghdr*>(buffer);
  for (int left = static_cast<int>(size); is_message(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    interrupted = interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    const auto* code = static_cast<const int*>(mnl_nlmsg_get_payload(message));
    const bool has_code = mnl_nlmsg_get_payload_len(message) >= sizeof(int);
    if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
      if (has_code && *code < 0) return fail_errno("the kernel refuses a list", -*code);
      return true;
    }
    if (message->nlmsg_type >= NLMSG_MIN_TYPE && !each(message)) return true;
  }
  return false;
}

/// Sends a dump request on a socket of its own and hands over each answer.
/// `interrupted`: see walk_dump().
inline Status dump(nlmsghdr* request, bool& interrupted,
                   const std::function<void(const nlmsghdr*)>& on_message) {
  const Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
      mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
    return fail_errno("cannot ask the kernel over netlink");
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto size = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (size < 0) return fail_errno("cannot read the kernel's answer over netlink");
    const auto done = walk_dump(buffer.data(), static_cast<std::size_t>(size), interrupted,
                                [&](const nlmsghdr* message) {
                                  on_message(message);
                                  return true;
                                });
    if (!done) return std::unexpected(done.error());
    if (*done) return {};
  }
}

}  // namespace netprobe::netlink
