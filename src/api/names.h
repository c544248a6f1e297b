// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "base/json_writer.h"
#include "model/flow.h"
#include "model/identity.h"

namespace netprobe {

/// Claims of one address, oldest first. `claims` is sorted as KubeView has them.
[[nodiscard]] std::span<const AddressClaim> claims_of(const std::vector<AddressClaim>& claims,
                                                      const IpAddress& address);

/// Who of `claims` (of one address) had it at `begin`; where nobody had, the
/// first who had it until `end`. Null without one. Wall times.
[[nodiscard]] const AddressClaim* claim_between(std::span<const AddressClaim> claims, Nanos begin,
                                                Nanos end);

/// Names for records that carry addresses and times alone. Refers to the view.
class AddressNames {
 public:
  explicit AddressNames(const KubeView& view) : view_(view) {}
  /// The pod or node that had it; else the service that it is an address of.
  [[nodiscard]] IdentityPtr find(const IpAddress& address, Nanos begin, Nanos end) const;
  /// A flow of that tuple and time with its names, for FlowFilter.
  [[nodiscard]] Flow named(const FlowTuple& tuple, Nanos begin, Nanos end) const;
  /// Appends who both ends were, and the service where dst is one's address.
  void append(JsonObject& json, std::string& out, const FlowTuple& tuple, Nanos begin,
              Nanos end) const;

 private:
  const KubeView& view_;
};

}  // namespace netprobe
