// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "model/flow.h"
#include "model/signals.h"
#include "model/tuple_key.h"

namespace netprobe {

/// Finds the sockets of this node behind a flow. A name is given only where
/// one process alone can be meant: the same addresses and ports may exist in
/// several network namespaces, and be used again by others later. One thread.
class ProcessJoin {
 public:
  /// `own_netns`: inode of the network namespace whose interfaces are
  /// observed; 0 not known, and then no flow over loopback gets a name.
  explicit ProcessJoin(std::uint64_t own_netns) : own_netns_(own_netns) {}

  /// Looks at the connections of these signals from now on; null: at none.
  void use(SignalsPtr signals);

  struct Sockets {
    const Connection* client = nullptr;  ///< of the side that began the flow
    const Connection* server = nullptr;
  };
  /// Valid while the signals are.
  [[nodiscard]] Sockets find(const Flow& flow) const;

 private:
  enum class Place { kAnywhere, kOwn, kOther };
  [[nodiscard]] const Connection* one_of(const FlowTuple& tuple, const Flow& flow,
                                         Place place) const;

  std::uint64_t own_netns_;
  SignalsPtr signals_;
  /// The newest connection of a tuple; `older_` goes on from there.
  boost::unordered_flat_map<FlowTuple, std::uint32_t, TupleHash> newest_;
  std::vector<std::uint32_t> older_;  ///< by index of the connection
};

}  // namespace netprobe
