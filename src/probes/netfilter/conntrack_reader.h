// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "base/result.h"
#include "model/netfilter.h"
#include "probes/netfilter/conntrack_parse.h"
#include "probes/netfilter/kernel_presence.h"

namespace netprobe {

/// Fill and failures of this network namespace's connection table. One thread.
class ConntrackReader {
 public:
  void refresh();
  /// `nat_entries` and `nat_rung` are not its business.
  [[nodiscard]] const ConntrackStats& stats() const { return stats_; }
  [[nodiscard]] bool available() const { return stats_.available; }

 private:
  [[nodiscard]] Status read();
  void add(const ConntrackCpu& cpu);

  ConntrackStats stats_;
  ModulePresence module_{"nf_conntrack", "nf_conntrack_in"};
  /// The kernel's counters are 32 bits each and wrap: what is shown is the sum
  /// of what came since. The first look is taken as it is.
  std::map<std::uint16_t, ConntrackCpu> last_;
};

}  // namespace netprobe
