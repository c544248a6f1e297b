// SPDX-License-Identifier: Apache-2.0
#include "probes/forwarding/forwarding_probe.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace netprobe {
namespace {

/// A reading may take one part in this of the time: a router with a full
/// routing table is asked less often.
constexpr Nanos kShare = 100;

/// Does forwarding to other nodes go by it? Pods come and go all the time, and
/// with them their bridge's state.
bool matters(const InterfaceInfo& link) {
  return link.role == Role::kTunnel || link.role == Role::kUplink;
}

}  // namespace

Result<std::unique_ptr<Probe>> ForwardingProbe::make(const Clock& clock) {
  return std::unique_ptr<Probe>(new ForwardingProbe(clock));
}

void ForwardingProbe::collect(Nanos now) {
  read_where_older(now, changed_ ? kAfterChange : kInterval);
}

void ForwardingProbe::refresh(Nanos now) {
  read_where_older(now, changed_ ? kAfterChange : kFresh);
}

void ForwardingProbe::read_where_older(Nanos now, Nanos age) {
  if (read_at_ == 0 || now - read_at_ >= std::max(age, cost_ * kShare)) read(now);
}

void ForwardingProbe::read(Nanos now) {
  changed_ = false;
  ++readings_;
  auto state = reader_.read(links_);
  read_at_ = now;
  cost_ = clock_.monotonic() - now;
  if (!state) {
    // What was read before stays, with its time.
    if (state_.error.empty()) spdlog::warn("forwarding: {}", state.error().message);
    state_.error = state.error().message;
    return;
  }
  state_ = std::move(*state);
  state_.taken_at = clock_.wall();
  truncated_ = std::max(truncated_, state_.truncated);
}

void ForwardingProbe::on_interface(const InterfaceInfo& link, bool /*wanted*/) {
  changed_ = changed_ || matters(link);
  links_[link.ifindex] = link;
}

void ForwardingProbe::on_interface_gone(std::uint32_t ifindex) {
  const auto found = links_.find(ifindex);
  if (found == links_.end()) return;
  changed_ = changed_ || matters(found->second);
  links_.erase(found);
}

void ForwardingProbe::report(Signals& out) { out.forwarding = state_; }

ProbeStatus ForwardingProbe::status() const {
  ProbeStatus status;
  status.name = "forwarding";
  status.state = ProbeState::kOn;
  status.rung = "rtnetlink";
  status.kernel_need = "4.20";
  status.why = state_.error.empty()
                   ? "routes, neighbours and forwarding entries are asked for; no BPF program"
                   : state_.error;
  status.events = readings_;
  status.lost = {{"forwarding_probe", "list_full", truncated_},
                 {"forwarding_probe", "interrupted", reader_.interrupted()}};
  return status;
}

}  // namespace netprobe
