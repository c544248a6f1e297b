// SPDX-License-Identifier: Apache-2.0
#include "io/link_watcher.h"

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/netlink.h"
#include "io/link_tunnel.h"

namespace netprobe {
namespace {

// IFF_LOWER_UP of linux/if.h, which does not go together with net/if.h.
constexpr unsigned kLowerUp = 1U << 16;

/// A link as netlink tells it, before its role is known.
struct RawLink {
  InterfaceInfo info;
  bool loopback = false;
  bool peer_elsewhere = false;
  std::uint32_t bound_to = 0;  ///< the device that a tunnel names
};

void parse_link_info(const nlattr* attribute, RawLink& link) {
  const nlattr* data = nullptr;
  netlink::for_each_nested(attribute, [&](const nlattr* nested) {
    if (mnl_attr_get_type(nested) == IFLA_INFO_KIND) link.info.kind = mnl_attr_get_str(nested);
    if (mnl_attr_get_type(nested) == IFLA_INFO_DATA) data = nested;
  });
  if (data != nullptr)
    link.info.tunnel = parse_tunnel_settings(link.info.kind, data, link.bound_to);
}

RawLink parse_link(const nlmsghdr* message) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  RawLink link;
  link.info.ifindex = static_cast<std::uint32_t>(header->ifi_index);
  link.info.link_type = header->ifi_type;
  link.info.up = (header->ifi_flags & IFF_UP) != 0;
  link.info.carrier = (header->ifi_flags & kLowerUp) != 0;
  link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  netlink::for_each_attribute(message, sizeof(*header), [&](const nlattr* attribute) {
    switch (mnl_attr_get_type(attribute)) {
      case IFLA_IFNAME:
        link.info.name = mnl_attr_get_str(attribute);
        break;
      case IFLA_MTU:
        link.info.mtu = mnl_attr_get_u32(attribute);
        break;
      case IFLA_MASTER:
        link.info.master = mnl_attr_get_u32(attribute);
        break;
      case IFLA_LINK_NETNSID:
        link.peer_elsewhere = true;
        break;
      case IFLA_LINKINFO:
        parse_link_info(attribute, link);
        break;
      case IFLA_LINK:
        link.info.lower = mnl_attr_get_u32(attribute);
        break;
      default:
        break;
    }
  });
  // A veth names its peer there, a tunnel its underlay, and what lies in
  // another namespace has a number of that one.
  if (link.info.kind == "veth" || link.info.tunnel.overhead != 0 || link.peer_elsewhere)
    link.info.lower = 0;
  return link;
}

bool parse_address(const nlmsghdr* message, std::uint32_t& ifindex, IpAddress& address) {
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  ifindex = header->ifa_index;
  bool found = false;
  netlink::for_each_attribute(message, sizeof(*header), [&](const nlattr* attribute) {
    const auto type = mnl_attr_get_type(attribute);
    // On a point-to-point link IFA_ADDRESS is the peer; IFA_LOCAL is ours.
    if (type != IFA_LOCAL && (type != IFA_ADDRESS || found)) return;
    const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute));
    if (header->ifa_family == AF_INET && mnl_attr_get_payload_len(attribute) == 4) {
      address = IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 |
                              static_cast<std::uint32_t>(bytes[1]) << 16 |
                              static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]);
      found = true;
    } else if (header->ifa_family == AF_INET6 && mnl_attr_get_payload_len(attribute) == 16) {
      address = IpAddress(std::span<const std::uint8_t, 16>(bytes, 16));
      found = true;
    }
  });
  return found;
}

}  // namespace

Role classify(const LinkFacts& facts) {
  if (facts.loopback) return Role::kLoopback;
  static constexpr std::array<std::string_view, 4> kBridges{"bridge", "openvswitch", "ovs", "vrf"};
  static constexpr std::array<std::string_view, 12> kTunnels{
      "vxlan",  "geneve",    "ipip",   "sit",       "gre",    "gretap",
      "ip6gre", "ip6gretap", "ip6tnl", "wireguard", "erspan", "xfrm"};
  for (const auto kind : kBridges)
    if (facts.kind == kind) return Role::kBridge;
  for (const auto kind : kTunnels)
    if (facts.kind == kind) return Role::kTunnel;
  if (facts.kind == "tun") return facts.link_type == ARPHRD_ETHER ? Role::kPod : Role::kTunnel;
  if (facts.kind == "veth") {
    // An address of its own makes a veth the way out of a nested node (kind,
    // a namespace as a machine); otherwise it is a workload's end.
    if (facts.has_address) return Role::kUplink;
    return facts.has_bridge || facts.peer_elsewhere ? Role::kPod : Role::kHost;
  }
  if (facts.kind == "bond" || facts.kind == "team") return Role::kUplink;
  // No kind: a physical device, or a virtual machine's.
  if (facts.kind.empty() && facts.link_type == ARPHRD_ETHER) return Role::kUplink;
  return Role::kHost;
}

class LinkWatcher::Impl {
 public:
  Status open() {
    socket_.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket_) return fail_errno("cannot open a netlink socket");
    // A burst of pods should not overrun the socket; the kernel caps this.
    const int wanted = 4 << 20;
    setsockopt(mnl_socket_get_fd(socket_.get()), SOL_SOCKET, SO_RCVBUFFORCE, &wanted,
               sizeof(wanted));
    if (mnl_socket_bind(socket_.get(), RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
                        MNL_SOCKET_AUTOPID) < 0)
      return fail_errno("cannot subscribe to interface changes");
    return resync();
  }

  [[nodiscard]] int fd() const { return mnl_socket_get_fd(socket_.get()); }
  [[nodiscard]] const std::map<std::uint32_t, InterfaceInfo>& links() const { return published_; }
  [[nodiscard]] bool is_local(const IpAddress& address) const {
    return address_count_.contains(address);
  }
  [[nodiscard]] std::uint64_t resyncs() const { return resyncs_; }

  Result<Changes> read() {
    for (;;) {
      const auto size = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
      if (size < 0 && errno == EAGAIN) break;
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == ENOBUFS) {
        ++resyncs_;
        if (auto status = resync(); !status) return std::unexpected(status.error());
        continue;
      }
      if (size < 0) return fail_errno("cannot read interface changes");
      mnl_cb_run(buffer_.data(), static_cast<std::size_t>(size), 0, 0, on_message, this);
    }
    return publish();
  }

 private:
  static int on_message(const nlmsghdr* message, void* context) {
    static_cast<Impl*>(context)->apply(message);
    return MNL_CB_OK;
  }

  void apply(const nlmsghdr* message) {
    switch (message->nlmsg_type) {
      case RTM_NEWLINK: {
        // Bridges tell about their ports in their own family: not a new link.
        const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
        if (header->ifi_family != AF_UNSPEC) return;
        auto link = parse_link(message);
        links_[link.info.ifindex] = std::move(link);
        break;
      }
      case RTM_DELLINK: {
        const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
        if (header->ifi_family != AF_UNSPEC) return;
        links_.erase(static_cast<std::uint32_t>(header->ifi_index));
        remove_addresses(static_cast<std::uint32_t>(header->ifi_index));
        break;
      }
      case RTM_NEWADDR:
      case RTM_DELADDR: {
        std::uint32_t ifindex = 0;
        IpAddress address;
        if (!parse_address(message, ifindex, address)) return;
        auto& mine = addresses_[ifindex];
        if (message->nlmsg_type == RTM_NEWADDR) {
          if (mine.insert(address).second) ++address_count_[address];
        } else if (mine.erase(address) > 0) {
          forget(address);
        }
        break;
      }
      default:
        return;
    }
    dirty_ = true;
  }

  void forget(const IpAddress& address) {
    const auto found = address_count_.find(address);
    if (found != address_count_.end() && --found->second == 0) address_count_.erase(found);
  }

  void remove_addresses(std::uint32_t ifindex) {
    const auto found = addresses_.find(ifindex);
    if (found == addresses_.end()) return;
    for (const auto& address : found->second) forget(address);
    addresses_.erase(found);
  }

  /// Lists everything anew; events that came meanwhile are applied after it.
  /// A list that changed while it was read may lack something that no event
  /// tells of again: it is read anew, a few times.
  Status resync() {
    constexpr int kTries = 5;
    for (int i = 0; i < kTries; ++i) {
      bool interrupted = false;
      if (auto status = list(interrupted); !status || !interrupted) return status;
    }
    return {};
  }

  Status list(bool& interrupted) {
    links_.clear();
    addresses_.clear();
    address_count_.clear();
    for (const std::uint16_t type : {RTM_GETLINK, RTM_GETADDR}) {
      std::array<char, 256> request{};
      nlmsghdr* header = mnl_nlmsg_put_header(request.data());
      header->nlmsg_type = type;
      header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
      mnl_nlmsg_put_extra_header(header,
                                 type == RTM_GETLINK ? sizeof(ifinfomsg) : sizeof(ifaddrmsg));
      auto status =
          netlink::dump(header, interrupted, [this](const nlmsghdr* message) { apply(message); });
      if (!status) return status;
    }
    dirty_ = true;
    return {};
  }

  Changes publish() {
    Changes changes;
    if (!std::exchange(dirty_, false)) return changes;
    for (auto it = published_.begin(); it != published_.end();) {
      if (links_.contains(it->first)) {
        ++it;
      } else {
        changes.gone.push_back(it->first);
        it = published_.erase(it);
      }
    }
    for (auto& [ifindex, link] : links_) link.info.role = role_of(link);
    for (auto& [ifindex, link] : links_) {
      link.info.tunnel.underlay = underlay_of(link);
      auto [known, is_new] = published_.try_emplace(ifindex, link.info);
      if (is_new || known->second != link.info) {
        known->second = link.info;
        changes.changed.push_back(link.info);
      }
    }
    return changes;
  }

  [[nodiscard]] Role role_of(const RawLink& link) const {
    LinkFacts facts;
    facts.kind = link.info.kind;
    facts.link_type = link.info.link_type;
    facts.loopback = link.loopback;
    facts.peer_elsewhere = link.peer_elsewhere;
    facts.has_bridge = link.info.master != 0;
    if (const auto found = addresses_.find(link.info.ifindex); found != addresses_.end())
      for (const auto& address : found->second)
        facts.has_address = facts.has_address || !address.is_link_local();
    return classify(facts);
  }

  [[nodiscard]] std::uint32_t underlay_of(const RawLink& link) const {
    if (link.info.tunnel.overhead == 0) return 0;
    if (link.bound_to != 0) return link.bound_to;
    if (!link.info.tunnel.local.is_unspecified()) {
      for (const auto& [ifindex, mine] : addresses_)
        if (mine.contains(link.info.tunnel.local)) return ifindex;
    }
    std::uint32_t only = 0;
    for (const auto& [ifindex, other] : links_) {
      if (other.info.role != Role::kUplink || !other.info.up || other.info.master != 0) continue;
      if (only != 0) return 0;
      only = ifindex;
    }
    return only;
  }

  netlink::Socket socket_;
  std::array<char, 65536> buffer_{};
  std::map<std::uint32_t, RawLink> links_;
  std::map<std::uint32_t, InterfaceInfo> published_;
  std::map<std::uint32_t, std::set<IpAddress>> addresses_;
  std::map<IpAddress, int> address_count_;
  std::uint64_t resyncs_ = 0;
  bool dirty_ = false;
};

LinkWatcher::LinkWatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LinkWatcher::LinkWatcher(LinkWatcher&&) noexcept = default;
LinkWatcher& LinkWatcher::operator=(LinkWatcher&&) noexcept = default;
LinkWatcher::~LinkWatcher() = default;

Result<LinkWatcher> LinkWatcher::make() {
  auto impl = std::make_unique<Impl>();
  if (auto status = impl->open(); !status) return std::unexpected(status.error());
  return LinkWatcher(std::move(impl));
}

int LinkWatcher::fd() const { return impl_->fd(); }
Result<LinkWatcher::Changes> LinkWatcher::read() { return impl_->read(); }
const std::map<std::uint32_t, InterfaceInfo>& LinkWatcher::links() const { return impl_->links(); }
bool LinkWatcher::is_local(const IpAddress& address) const { return impl_->is_local(address); }
std::uint64_t LinkWatcher::resyncs() const { return impl_->resyncs(); }

}  // namespace netprobe
