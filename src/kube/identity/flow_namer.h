// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kube/identity/identity_index.h"
#include "model/external_names.h"
#include "model/flow.h"

namespace netprobe {

/// Gives flows their names: who was at either end, the service that it was sent
/// to, and with these its direction. docs/identity.md has the rules. Does no
/// I/O; on the thread of the index, which must outlive it.
class FlowNamer {
 public:
  FlowNamer(const IdentityIndex& index, const IdentityOptions& options)
      : index_(index), external_(std::make_shared<const ExternalNames>(options.external_names)) {}

  /// Sets src_identity, dst_identity, service, service_by and direction. Reads
  /// of the flow its tuples, times, processes, and the direction that it has
  /// by its path: a flow is named once, or gets that direction back before.
  void name(Flow& flow) const;
  void name(std::span<Flow> flows) const {
    for (Flow& flow : flows) name(flow);
  }

  /// The names of networks outside the cluster, for readers.
  [[nodiscard]] const std::shared_ptr<const ExternalNames>& external() const { return external_; }

 private:
  using End = IdentityIndex::End;
  /// Whose this end was, by the holder of its address: on a node's address, the
  /// pod that uses it.
  [[nodiscard]] const IdentityPtr* user(const IdentityPtr* found, const End& end,
                                        const ProcessRef* process, const Flow& flow) const;
  /// `at_node`: the address is a node's.
  [[nodiscard]] IdentityIndex::Service service(const End& asked, bool at_node, const Flow& flow,
                                               ServiceBy& by) const;

  const IdentityIndex& index_;
  const std::shared_ptr<const ExternalNames> external_;
};

}  // namespace netprobe
