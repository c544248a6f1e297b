// SPDX-License-Identifier: Apache-2.0
#include "probes/netfilter/nfnetlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstring>
#include <vector>

namespace netprobe::nfnl {
namespace {

template <typename T>
T value_of(const nlattr* attribute) {
  T value{};
  if (mnl_attr_get_payload_len(attribute) >= sizeof(T))
    std::memcpy(&value, mnl_attr_get_payload(attribute), sizeof(T));
  return value;
}

}  // namespace

Request::Request(std::uint8_t subsystem, std::uint8_t message, std::uint16_t flags,
                 std::uint8_t family)
    : header_(mnl_nlmsg_put_header(buffer_.data())) {
  header_->nlmsg_type = static_cast<std::uint16_t>(subsystem << 8 | message);
  header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header_->nlmsg_seq = 1;
  auto* own = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header_, sizeof(nfgenmsg)));
  own->nfgen_family = family;
  own->version = NFNETLINK_V0;
}

Request& Request::text(std::uint16_t attribute, const std::string& value) {
  mnl_attr_put_strz_check(header_, buffer_.size(), attribute, value.c_str());
  return *this;
}

Result<netlink::Socket> open_socket() {
  netlink::Socket socket(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    return fail_errno("cannot open a netfilter netlink socket");
  // The kernel answers at once; a wait without end would hold up all probes.
  const timeval most{2, 0};
  ::setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
  return socket;
}

Result<DumpResult> dump(Request& request, const std::function<bool(const nlmsghdr*)>& on_message) {
  auto socket = open_socket();
  if (!socket) return std::unexpected(socket.error());
  if (mnl_socket_sendto(socket->get(), request.header(), request.header()->nlmsg_len) < 0)
    return fail_errno("cannot ask netfilter over netlink");
  const bool many = (request.header()->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  DumpResult result;
  bool wanted = true;
  static thread_local std::vector<char> buffer(65536);
  for (;;) {
    const auto size = mnl_socket_recvfrom(socket->get(), buffer.data(), buffer.size());
    if (size < 0) return fail_errno("cannot read netfilter's answer over netlink");
    const auto done = netlink::walk_dump(buffer.data(), static_cast<std::size_t>(size),
                                         result.interrupted, [&](const nlmsghdr* message) {
                                           ++result.messages;
                                           // The rest is read all the same: the dump ends with its
                                           // end.
                                           if (wanted) wanted = on_message(message);
                                           return true;
                                         });
    if (!done) return std::unexpected(done.error());
    if (*done || !many) return result;
  }
}

void for_each_message(const void* bytes, std::size_t size,
                      const std::function<void(const nlmsghdr*)>& on_message) {
  const auto* message = static_cast<const nlmsghdr*>(bytes);
  int left = static_cast<int>(size);
  while (netlink::is_message(message, left)) {
    on_message(message);
    message = mnl_nlmsg_next(message, &left);
  }
}

std::uint8_t family_of(const nlmsghdr* message) {
  if (!has_header(message)) return 0;
  return static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message))->nfgen_family;
}

bool has_header(const nlmsghdr* message) {
  return message->nlmsg_len >= MNL_NLMSG_HDRLEN + sizeof(nfgenmsg);
}

std::uint8_t u8_of(const nlattr* attribute) { return value_of<std::uint8_t>(attribute); }
std::uint16_t be16_of(const nlattr* attribute) { return ntohs(value_of<std::uint16_t>(attribute)); }
std::uint32_t be32_of(const nlattr* attribute) { return ntohl(value_of<std::uint32_t>(attribute)); }
std::uint64_t be64_of(const nlattr* attribute) {
  return be64toh(value_of<std::uint64_t>(attribute));
}
std::string_view text_of(const nlattr* attribute) {
  const auto* text = static_cast<const char*>(mnl_attr_get_payload(attribute));
  return {text, ::strnlen(text, mnl_attr_get_payload_len(attribute))};
}

}  // namespace netprobe::nfnl
