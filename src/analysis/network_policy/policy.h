// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace netprobe::network_policy {

using Labels = std::map<std::string, std::string, std::less<>>;

/// One of Kubernetes' matchExpressions.
struct Requirement {
  enum class Operator : std::uint8_t { kIn, kNotIn, kExists, kDoesNotExist };
  std::string key;
  Operator op = Operator::kIn;
  std::vector<std::string> values;
};

/// Empty: all.
struct Selector {
  Labels labels;
  std::vector<Requirement> requirements;
};

struct Peer {
  /// Without: the policy's own namespace.
  std::optional<Selector> namespaces;
  std::optional<Selector> pods;
  std::optional<IpPrefix> block;
  std::vector<IpPrefix> except;  ///< of the block
  std::string remark;            ///< for who reads it
};

struct Port {
  std::uint8_t protocol = 6;
  std::uint16_t first = 0;  ///< 0: all
  std::uint16_t last = 0;
  std::string name{};  ///< of a container's port, in place of numbers

  auto operator<=>(const Port&) const = default;
};

/// From or to any of the peers, at any of the ports; of neither none: all.
struct Rule {
  std::vector<Peer> peers;
  std::vector<Port> ports;
};

/// A NetworkPolicy of networking.k8s.io/v1.
struct Policy {
  std::string name;
  std::string name_space;
  Selector pods;
  bool isolates_ingress = false;
  bool isolates_egress = false;
  std::vector<Rule> ingress;
  std::vector<Rule> egress;
};

/// One side of what was seen.
struct End {
  enum class Kind : std::uint8_t { kPod, kNode, kService, kOutside };
  Kind kind = Kind::kOutside;
  std::string name_space;
  std::string workload;
  std::string workload_kind;
  IpAddress address;
  /// Of pods; nothing: not known.
  std::optional<Labels> labels{};
  bool host_network = false;
};

/// Flows of the same ends, protocol and port together.
struct Seen {
  End src;  ///< who began
  End dst;  ///< who answered: of a service its backend, where that was seen
  std::uint8_t protocol = 6;
  std::uint16_t port = 0;  ///< dst's own: behind a service the backend's
  std::string service{};   ///< "namespace/name" that it was sent to
  std::uint64_t flows = 0;
  bool answered = false;
  bool certain = true;  ///< that src began it
};

/// "shop/web", "node 10.0.0.1", "198.51.100.7".
[[nodiscard]] std::string name_of(const End& end);
/// "tcp 443".
[[nodiscard]] std::string port_text(std::uint8_t protocol, std::uint16_t port);

}  // namespace netprobe::network_policy
