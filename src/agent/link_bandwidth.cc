// SPDX-License-Identifier: Apache-2.0
#include "agent/link_bandwidth.h"

#include "base/glob.h"

namespace netprobe {
namespace {

auto reader_of(const FlowProbe& probe) {
  return [&probe](std::uint32_t ifindex) {
    return LinkBytes{probe.bytes(ifindex, Direction::kIngress),
                     probe.bytes(ifindex, Direction::kEgress)};
  };
}

}  // namespace

std::uint64_t LinkBandwidth::speed_of(const std::string& name) {
  for (const auto& [pattern, speed] : rules_)
    if (glob_match(pattern, name)) return speed;
  return speeds_.read(name);
}

void LinkBandwidth::on_link(const InterfaceInfo& link, bool watched) {
  if (watched)
    meter_.set_link(link.ifindex, speed_of(link.name));
  else
    meter_.forget(link.ifindex);
}

void LinkBandwidth::sample(const FlowProbe& probe, Nanos now) {
  meter_.sample(now, reader_of(probe));
}

void LinkBandwidth::close_interval(const FlowProbe& probe, Nanos now) {
  meter_.close_interval(now, reader_of(probe));
}

void LinkBandwidth::fill(InterfaceState& state) const {
  const auto use = meter_.use(state.info.ifindex);
  state.rx_use = use.rx;
  state.tx_use = use.tx;
}

}  // namespace netprobe
