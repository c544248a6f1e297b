// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "model/identity.h"
#include "model/tuple_key.h"

namespace netprobe {

/// Names of networks outside the cluster. Immutable.
class ExternalNames {
 public:
  ExternalNames() = default;
  explicit ExternalNames(const std::vector<std::pair<std::string, IpPrefix>>& names);

  /// By the longest prefix that the address is in; null: none.
  [[nodiscard]] const IdentityPtr* find(const IpAddress& address) const;

 private:
  /// All prefixes of one length.
  struct Length {
    int bits = 0;
    boost::unordered_flat_map<IpAddress, IdentityPtr, AddressHash> networks;
  };
  std::vector<Length> lengths_;  ///< the longest first
};

}  // namespace netprobe
