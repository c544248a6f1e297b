// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/flannel.h"

namespace netprobe {

/// Takes findings into a report, up to a bound.
class FlannelFindings {
 public:
  static constexpr std::size_t kMax = 1000;
  explicit FlannelFindings(FlannelReport& report) : report_(report) {}
  void add(std::string_view kind, std::string node, std::string what);

 private:
  FlannelReport& report_;
};

/// Who declares an address, a MAC address or a subnet. Refers to the nodes.
class DeclaredIndex {
 public:
  explicit DeclaredIndex(const std::vector<FlannelNode>& nodes);

  /// By public address, an overwriting one and the node's own; null: nobody.
  [[nodiscard]] const FlannelNode* by_endpoint(const IpAddress& address) const;
  [[nodiscard]] const FlannelNode* by_mac(const std::string& mac) const;
  [[nodiscard]] const FlannelNode* by_subnet(const IpPrefix& subnet) const;
  /// Whose subnet begins with this address: the next hop to it.
  [[nodiscard]] const FlannelNode* by_next_hop(const IpAddress& address) const;
  /// Two nodes that declare the same.
  void find_duplicates(const std::vector<FlannelNode>& nodes, FlannelFindings& findings) const;

 private:
  std::map<IpAddress, const FlannelNode*> endpoints_;
  std::map<std::string, const FlannelNode*, std::less<>> macs_;
  std::map<IpPrefix, const FlannelNode*> subnets_;
  std::map<IpAddress, const FlannelNode*> next_hops_;
};

/// "4e:70:00:01:04:02" as declared; nothing where it is none.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);

/// Of the declaration of one family.
struct FlannelSide {
  IpAddress public_ip;
  IpAddress overwrite;
  std::uint32_t vni = 0;
  std::string_view vtep_mac;
};
[[nodiscard]] FlannelSide side_of(const FlannelNode& node, bool v6);

}  // namespace netprobe
