// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "flow/flow_table.h"

namespace netprobe::bench {

/// Every interface is a pod's, and no address is the node's own.
class PodNames final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override {
    return "veth3f2a91c";
  }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kPod; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

}  // namespace netprobe::bench
