// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/findings.h"

#include <fmt/format.h>

#include <utility>

namespace netprobe {
namespace {

template <typename Map, typename Key>
const FlannelNode* find_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

int digit(char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; }

}  // namespace

void FlannelFindings::add(std::string_view kind, std::string node, std::string what) {
  if (report_.findings.size() >= kMax) {
    ++report_.more_findings;
    return;
  }
  report_.findings.push_back({kind, std::move(node), std::move(what)});
}

DeclaredIndex::DeclaredIndex(const std::vector<FlannelNode>& nodes) {
  // The first that declares something has it; find_duplicates() tells of others.
  for (const FlannelNode& node : nodes) {
    for (const IpAddress& address :
         {node.public_ip, node.public_ipv6, node.public_ip_overwrite, node.public_ipv6_overwrite})
      if (!address.is_unspecified()) endpoints_.try_emplace(address, &node);
    for (const std::string& mac : {node.vtep_mac, node.vtep_mac_v6})
      if (!mac.empty()) macs_.try_emplace(mac, &node);
    for (const IpPrefix& subnet : node.pod_cidrs) {
      subnets_.try_emplace(subnet, &node);
      next_hops_.try_emplace(subnet.network(), &node);
    }
  }
  // What a node is reached by is its own only where nobody declares it.
  for (const FlannelNode& node : nodes)
    if (!node.internal_ip.is_unspecified()) endpoints_.try_emplace(node.internal_ip, &node);
}

const FlannelNode* DeclaredIndex::by_endpoint(const IpAddress& address) const {
  return find_in(endpoints_, address);
}
const FlannelNode* DeclaredIndex::by_mac(const std::string& mac) const {
  return find_in(macs_, mac);
}
const FlannelNode* DeclaredIndex::by_subnet(const IpPrefix& subnet) const {
  return find_in(subnets_, subnet);
}
const FlannelNode* DeclaredIndex::by_next_hop(const IpAddress& address) const {
  return find_in(next_hops_, address);
}

void DeclaredIndex::find_duplicates(const std::vector<FlannelNode>& nodes,
                                    FlannelFindings& findings) const {
  const auto check = [&](const FlannelNode& node, const FlannelNode* other, std::string_view what,
                         const std::string& value) {
    if (other != nullptr && other != &node)
      findings.add(
          "duplicate", node.node,
          fmt::format("{} and {} both declare the {} {}", other->node, node.node, what, value));
  };
  for (const FlannelNode& node : nodes) {
    for (const bool v6 : {false, true}) {
      const FlannelSide side = side_of(node, v6);
      if (!side.public_ip.is_unspecified())
        check(node, by_endpoint(side.public_ip), "public address", side.public_ip.to_string());
      if (!side.vtep_mac.empty())
        check(node, by_mac(std::string(side.vtep_mac)), "VTEP MAC", std::string(side.vtep_mac));
    }
    for (const IpPrefix& subnet : node.pod_cidrs)
      check(node, by_subnet(subnet), "subnet", subnet.to_string());
  }
}

std::optional<MacAddress> parse_mac(std::string_view text) {
  MacAddress mac{};
  if (text.size() != mac.size() * 3 - 1) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i)
    mac[i] = static_cast<std::uint8_t>(digit(text[i * 3]) << 4 | digit(text[i * 3 + 1]));
  return mac;
}

FlannelSide side_of(const FlannelNode& node, bool v6) {
  if (v6) return {node.public_ipv6, node.public_ipv6_overwrite, node.vni_v6, node.vtep_mac_v6};
  return {node.public_ip, node.public_ip_overwrite, node.vni, node.vtep_mac};
}

}  // namespace netprobe
