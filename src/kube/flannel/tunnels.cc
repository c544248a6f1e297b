// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/tunnels.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace netprobe {
namespace {

/// A tunnel that was quiet for longer is no finding any more.
constexpr Nanos kRecent = 120 * kSecond;
/// A peer is silent that has not answered for this long.
constexpr Nanos kPatience = 30 * kSecond;
constexpr std::uint64_t kFewPackets = 3;

/// Both directions and all interfaces as one.
using Pair = std::tuple<Tunnel, std::uint32_t, IpAddress, IpAddress>;

std::string name_of(Tunnel kind, std::uint32_t vni) {
  return vni == 0 ? std::string(to_string(kind)) : fmt::format("{} (VNI {})", to_string(kind), vni);
}

/// Why it is not Flannel's: the first thing that nobody declares.
std::string why_not(const TunnelTraffic& row, const FlannelTunnelKind& flannel,
                    const DeclaredIndex& declared) {
  for (const IpAddress& side : {row.outer_src, row.outer_dst})
    if (!flannel.own.contains(side) && declared.by_endpoint(side) == nullptr)
      return fmt::format("no node declares {}", side.to_string());
  if (row.kind != flannel.kind)
    return flannel.kind == Tunnel::kNone
               ? std::string("this backend has no such tunnels")
               : fmt::format("the backend's tunnels are {}", to_string(flannel.kind));
  std::string known;
  for (const auto vni : flannel.vnis) known += fmt::format("{}{}", known.empty() ? "" : ", ", vni);
  return fmt::format("VNI {} is not declared, but {}", row.vni, known.empty() ? "none" : known);
}

/// The device of this node that such packets may be of.
std::string device_of(const TunnelTraffic& row, const std::vector<TunnelDevice>& devices) {
  for (const TunnelDevice& device : devices)
    if (device.kind == to_string(row.kind) && device.vni == row.vni)
      return fmt::format("; {} of this node is such a device", device.interface);
  return {};
}

void add(FlannelTraffic& traffic, const TunnelTraffic& row, bool sent) {
  Counters& counters = sent ? traffic.sent : traffic.received;
  if (!row.counted_above) {
    counters.packets += row.counters.packets;
    counters.bytes += row.counters.bytes;
  }
  Nanos& last = sent ? traffic.last_sent : traffic.last_received;
  last = std::max(last, row.last_seen);
  if (sent && (traffic.first_sent == 0 || row.first_seen < traffic.first_sent))
    traffic.first_sent = row.first_seen;
}

}  // namespace

std::map<const FlannelNode*, FlannelTraffic> split_traffic(const TunnelReport& tunnels,
                                                           const FlannelTunnelKind& flannel,
                                                           const DeclaredIndex& declared,
                                                           const std::vector<TunnelDevice>& devices,
                                                           Nanos now, FlannelFindings& findings) {
  std::map<const FlannelNode*, FlannelTraffic> peers;
  std::set<Pair> told;
  for (const TunnelTraffic& row : tunnels.traffic) {
    const bool sent = flannel.own.contains(row.outer_src);
    const bool received = flannel.own.contains(row.outer_dst);
    const FlannelNode* source = declared.by_endpoint(row.outer_src);
    const FlannelNode* target = declared.by_endpoint(row.outer_dst);
    if (row.kind == flannel.kind && flannel.vnis.contains(row.vni) && (sent || source != nullptr) &&
        (received || target != nullptr)) {
      const FlannelNode* peer = sent ? target : source;
      // Between two others: passes by.
      if (sent != received && peer != nullptr) add(peers[peer], row, sent);
      continue;
    }
    if (row.last_seen < now - kRecent) continue;
    const auto [low, high] = std::minmax(row.outer_src, row.outer_dst);
    if (!told.emplace(row.kind, row.vni, low, high).second) continue;
    const FlannelNode* about = sent ? target : source;
    findings.add("undeclared_tunnel", about == nullptr ? std::string() : about->node,
                 fmt::format("{} between {} and {}, seen at {}: {}{}", name_of(row.kind, row.vni),
                             row.outer_src.to_string(), row.outer_dst.to_string(),
                             row.interface.empty() ? "an interface" : row.interface,
                             why_not(row, flannel, declared), device_of(row, devices)));
  }
  return peers;
}

bool is_silent(const FlannelTraffic& traffic, Nanos now) {
  return traffic.sent.packets >= kFewPackets && traffic.last_sent >= now - 2 * kPatience &&
         traffic.last_sent - std::max(traffic.last_received, traffic.first_sent) > kPatience;
}

}  // namespace netprobe
