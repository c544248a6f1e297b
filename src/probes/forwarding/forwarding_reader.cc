// SPDX-License-Identifier: Apache-2.0
#include "probes/forwarding/forwarding_reader.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/netlink.h"
#include "probes/forwarding/rtnetlink_parse.h"

namespace netprobe {
namespace {

constexpr std::size_t kMaxDevices = 64;
constexpr int kTries = 4;
// IPv4 or IPv6, UDP, and 32 bytes of the protocol's own; padding aside. Over
// which family it goes only its peers know: the lesser is what surely is added.
constexpr std::uint32_t kWireguardOverhead = 60;

/// A request with its header of type T.
template <typename T>
class Request {
 public:
  Request(std::uint16_t type, std::uint16_t flags)
      : message_(mnl_nlmsg_put_header(buffer_.data())) {
    message_->nlmsg_type = type;
    message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header_ = static_cast<T*>(mnl_nlmsg_put_extra_header(message_, sizeof(T)));
  }
  T* operator->() { return header_; }
  [[nodiscard]] nlmsghdr* message() { return message_; }

 private:
  alignas(nlmsghdr) std::array<char, 128> buffer_{};
  nlmsghdr* message_;
  T* header_;
};

Result<netlink::Socket> open_socket() {
  netlink::Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    return fail_errno("cannot open a netlink socket");
  const int fd = mnl_socket_get_fd(socket.get());
  // The kernel answers at once; a wait without end would hold up all probes.
  const timeval most{2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
  // Then it selects by table and interface itself. Where it cannot, all comes,
  // and is selected here.
  const int strict = 1;
  ::setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
  return socket;
}

/// There is no such table or device (any more): an empty list.
bool means_nothing(const Error& error) {
  return error.code == ENOENT || error.code == ENODEV || error.code == EAFNOSUPPORT ||
         error.code == EOPNOTSUPP;
}

std::string name_of(const ForwardingReader::Links& links, std::uint32_t ifindex) {
  const auto found = links.find(ifindex);
  return found == links.end() ? std::string() : found->second.name;
}

/// The device that a tunnel's packets leave by: what it names, else the only
/// uplink.
const InterfaceInfo* underlay_of(const ForwardingReader::Links& links, const InterfaceInfo& link) {
  if (const auto found = links.find(link.tunnel.underlay); found != links.end())
    return &found->second;
  const InterfaceInfo* only = nullptr;
  for (const auto& [ifindex, other] : links) {
    if (other.role != Role::kUplink || !other.up || other.master != 0) continue;
    if (only != nullptr) return nullptr;
    only = &other;
  }
  return only;
}

TunnelDevice device_of(const ForwardingReader::Links& links, const InterfaceInfo& link) {
  TunnelDevice device;
  device.interface = link.name;
  device.ifindex = link.ifindex;
  device.kind = link.kind;
  device.vni = link.tunnel.vni;
  device.port = link.tunnel.port;
  device.local = link.tunnel.local;
  device.up = link.up;
  device.mtu = link.mtu;
  device.overhead = link.kind == "wireguard" ? kWireguardOverhead : link.tunnel.overhead;
  if (const auto* underlay = underlay_of(links, link)) {
    device.underlay = underlay->name;
    device.underlay_mtu = underlay->mtu;
  }
  return device;
}

}  // namespace

/// Calls `each` with every answer, which adds to `rows`; what is beyond the
/// bound is taken off again and counted. A list that changed while it was read
/// is read anew, a few times.
template <typename Rows, typename Each>
Status ForwardingReader::dump(nlmsghdr* request, Rows& rows, std::uint64_t& truncated, Each each) {
  const std::size_t before = rows.size();
  const std::uint64_t truncated_before = truncated;
  for (int i = 0; i < kTries; ++i) {
    rows.resize(before);
    truncated = truncated_before;
    // A socket for each: one that is left early has unread answers.
    auto socket = open_socket();
    if (!socket) return std::unexpected(socket.error());
    if (mnl_socket_sendto(socket->get(), request, request->nlmsg_len) < 0)
      return fail_errno("cannot ask the kernel over netlink");
    bool interrupted = false;
    bool end = false;
    std::size_t answers = 0;
    while (!end) {
      const auto size = mnl_socket_recvfrom(socket->get(), buffer_.data(), buffer_.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return fail_errno("cannot read the kernel's answer over netlink");
      const auto done = netlink::walk_dump(buffer_.data(), static_cast<std::size_t>(size),
                                           interrupted, [&](const nlmsghdr* answer) {
                                             each(answer);
                                             if (rows.size() > kMaxRows) {
                                               truncated += rows.size() - kMaxRows;
                                               rows.resize(kMaxRows);
                                             }
                                             return ++answers < kMaxMessages;
                                           });
      if (!done && means_nothing(done.error())) return {};
      if (!done) return std::unexpected(done.error());
      end = *done;
    }
    if (!interrupted) return {};
  }
  ++interrupted_;
  return {};
}

Status ForwardingReader::read_device(TunnelDevice& device) {
  // One link, not a list: it ends with the acknowledgement.
  Request<ifinfomsg> link(RTM_GETLINK, NLM_F_ACK);
  link->ifi_index = static_cast<int>(device.ifindex);
  std::vector<MacAddress> macs;
  std::uint64_t unused = 0;
  auto status = dump(link.message(), macs, unused, [&](const nlmsghdr* answer) {
    const auto mac = parse_link_mac(answer);
    if (mac && mac->first == device.ifindex) macs.push_back(mac->second);
  });
  if (!status) return status;
  if (!macs.empty()) device.mac = macs.front();

  Request<ifaddrmsg> addresses(RTM_GETADDR, NLM_F_DUMP);
  addresses->ifa_index = device.ifindex;
  return dump(addresses.message(), device.addresses, unused, [&](const nlmsghdr* answer) {
    const auto address = parse_link_address(answer);
    if (address && address->first == device.ifindex) device.addresses.push_back(address->second);
  });
}

Status ForwardingReader::read_routes(const Links& links, ForwardingState& state) {
  for (const auto family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    Request<rtmsg> request(RTM_GETROUTE, NLM_F_DUMP);
    request->rtm_family = family;
    request->rtm_table = RT_TABLE_MAIN;
    auto status = dump(request.message(), state.routes, state.truncated,
                       [&](const nlmsghdr* answer) { parse_route(answer, family, state.routes); });
    if (!status) return status;
  }
  for (Route& route : state.routes) route.interface = name_of(links, route.ifindex);
  return {};
}

Status ForwardingReader::read_neighbours(const Links& links, ForwardingState& state) {
  Request<ndmsg> request(RTM_GETNEIGH, NLM_F_DUMP);
  return dump(request.message(), state.neighbours, state.truncated, [&](const nlmsghdr* answer) {
    auto neighbour = parse_neighbour(answer);
    if (!neighbour) return;
    const auto link = links.find(neighbour->ifindex);
    if (link == links.end() ||
        (link->second.role != Role::kTunnel && link->second.role != Role::kUplink))
      return;
    neighbour->interface = link->second.name;
    state.neighbours.push_back(std::move(*neighbour));
  });
}

Status ForwardingReader::read_entries(TunnelDevice& device, ForwardingState& state) {
  Request<ndmsg> request(RTM_GETNEIGH, NLM_F_DUMP);
  request->ndm_family = AF_BRIDGE;
  request->ndm_ifindex = static_cast<int>(device.ifindex);
  return dump(request.message(), state.entries, state.truncated, [&](const nlmsghdr* answer) {
    auto entry = parse_forwarding_entry(answer);
    if (!entry || entry->ifindex != device.ifindex) return;
    entry->interface = device.interface;
    state.entries.push_back(std::move(*entry));
  });
}

Result<ForwardingState> ForwardingReader::read(const Links& links) {
  ForwardingState state;
  for (const auto& [ifindex, link] : links) {
    if (link.role != Role::kTunnel) continue;
    if (state.devices.size() == kMaxDevices) {
      ++state.truncated;
      continue;
    }
    TunnelDevice& device = state.devices.emplace_back(device_of(links, link));
    if (auto status = read_device(device); !status) return std::unexpected(status.error());
    if (link.kind != "vxlan") continue;
    if (auto status = read_entries(device, state); !status) return std::unexpected(status.error());
  }
  if (auto status = read_routes(links, state); !status) return std::unexpected(status.error());
  if (auto status = read_neighbours(links, state); !status) return std::unexpected(status.error());
  return state;
}

}  // namespace netprobe
