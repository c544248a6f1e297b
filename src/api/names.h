// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <span>
#include <string>

#include "base/json_writer.h"
#include "model/connection.h"
#include "model/flow.h"
#include "model/identity.h"
#include "model/snapshot.h"
#include "model/tuple_key.h"

namespace netprobe {

/// Claims of one address, oldest first. `claims` is sorted as KubeView has them.
[[nodiscard]] std::span<const AddressClaim> claims_of(const std::vector<AddressClaim>& claims,
                                                      const IpAddress& address);

/// Who of `claims` (of one address) had it at `begin`; where nobody had, the
/// first who had it until `end`. Null without one. Wall times.
[[nodiscard]] const AddressClaim* claim_between(std::span<const AddressClaim> claims, Nanos begin,
                                                Nanos end);

/// Names for records that carry addresses and times alone. Refers to the
/// snapshot. One thread.
class AddressNames {
 public:
  explicit AddressNames(const Snapshot& snapshot) : snapshot_(snapshot) {}
  /// The pod or node that had it; else the service that it is an address of;
  /// else the network outside the cluster that it is in.
  [[nodiscard]] IdentityPtr find(const IpAddress& address, Nanos begin, Nanos end) const;
  /// A flow of that tuple and time with its names. On this node's address pods
  /// are told apart by who has the socket: `own` has src's, where it is known
  /// already; others are looked for among the node's connections.
  [[nodiscard]] Flow named(const FlowTuple& tuple, Nanos begin, Nanos end,
                           const ProcessPtr& own = nullptr) const;
  /// Appends who both ends of named() were, and the service where dst is one's
  /// address.
  static void append(JsonObject& json, std::string& out, const Flow& named);

 private:
  /// The pod that uses its node's address, by the container of its process;
  /// null: none.
  [[nodiscard]] IdentityPtr host_pod(const ProcessPtr& process) const;
  /// Who has the socket with this tuple; null: nobody, or one of several.
  [[nodiscard]] ProcessPtr owner(const FlowTuple& tuple) const;

  const Snapshot& snapshot_;
  /// Made when it is needed first; null: of several.
  mutable boost::unordered_flat_map<FlowTuple, ProcessPtr, TupleHash> owners_;
  mutable bool owners_known_ = false;
};

}  // namespace netprobe
