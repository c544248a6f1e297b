// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/bandwidth/bandwidth_meter.h"
#include "io/link_speed.h"
#include "model/interface.h"
#include "probes/flow/flow_probe.h"

namespace netprobe {

/// A user's word on a link's speed: name or glob, bits per second.
using LinkSpeedRule = std::pair<std::string, std::uint64_t>;

/// Feeds the bandwidth meter of the watched links: their speed when they
/// change, their counters as often as the data thread turns. That thread's.
class LinkBandwidth {
 public:
  /// The first rule that fits a link wins over what its driver says.
  explicit LinkBandwidth(std::vector<LinkSpeedRule> rules) : rules_(std::move(rules)) {}

  /// A link is new or changed. Links that are not watched have no use.
  void on_link(const InterfaceInfo& link, bool watched);
  void forget(std::uint32_t ifindex) { meter_.forget(ifindex); }
  void sample(const FlowProbe& probe, Nanos now);
  void close_interval(const FlowProbe& probe, Nanos now);
  void fill(InterfaceState& state) const;

 private:
  [[nodiscard]] std::uint64_t speed_of(const std::string& name);

  std::vector<LinkSpeedRule> rules_;
  LinkSpeeds speeds_;
  BandwidthMeter meter_;
};

}  // namespace netprobe
