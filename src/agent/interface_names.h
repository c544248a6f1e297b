// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string_view>

#include "base/ip_address.h"
#include "flow/flow_table.h"
#include "io/link_watcher.h"
#include "model/interface.h"

namespace netprobe {

/// Names and roles of interfaces, also of former ones: flows outlive them.
/// Bounded. Belongs to the data thread.
class InterfaceNames final : public PointNames {
 public:
  /// `links` outlives this.
  explicit InterfaceNames(const LinkWatcher& links) : links_(links) {}

  [[nodiscard]] std::string_view interface_name(std::uint32_t ifindex) const override;
  [[nodiscard]] Role interface_role(std::uint32_t ifindex) const override;
  [[nodiscard]] bool is_local(const IpAddress& address) const override {
    return links_.is_local(address);
  }
  void remember(const InterfaceInfo& info);

 private:
  [[nodiscard]] const InterfaceInfo* find(std::uint32_t ifindex) const;

  const LinkWatcher& links_;
  std::map<std::uint32_t, InterfaceInfo> known_;
  std::deque<std::uint32_t> order_;
};

}  // namespace netprobe
