// SPDX-License-Identifier: Apache-2.0
#include "probes/vxlan/vxlan_probe.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "probes/vxlan/mtu_check.h"

namespace netprobe {
namespace {

/// New tunnels that are remembered one by one.
constexpr std::size_t kNewest = 256;

IpAddress address(const __u8 (&bytes)[16]) {
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

}  // namespace

Result<std::unique_ptr<Probe>> VxlanProbe::make(std::optional<TunnelMaps> maps, std::string why,
                                                const Clock& clock, NewTunnelHandler on_new) {
  std::unique_ptr<VxlanProbe> probe(new VxlanProbe(std::move(why), clock, std::move(on_new)));
  if (maps) {
    auto reader = TunnelReader::make(
        std::move(*maps), [raw = probe.get()](const auto& event) { raw->on_event(event); });
    if (!reader) return std::unexpected(reader.error());
    probe->reader_.emplace(std::move(*reader));
  }
  return probe;
}

std::size_t VxlanProbe::poll(Nanos /*now*/) { return reader_ ? reader_->poll() : 0; }

void VxlanProbe::on_event(const np_tunnel_event& event) {
  ++events_;
  NewTunnel& one = newest_.emplace_back();
  one.time = static_cast<Nanos>(event.timestamp) + clock_.wall() - clock_.monotonic();
  one.kind = static_cast<Tunnel>(event.kind);
  one.vni = event.vni;
  one.direction = static_cast<Direction>(event.direction);
  if (const auto found = interfaces_.find(event.ifindex); found != interfaces_.end())
    one.interface = found->second.name;
  one.outer_src = address(event.outer_src_ip);
  one.outer_dst = address(event.outer_dst_ip);
  one.inner_src = address(event.inner_src_ip);
  one.inner_dst = address(event.inner_dst_ip);
  one.packet_bytes = event.packet_len;
  if (on_new_) on_new_(one);
  if (newest_.size() > kNewest) newest_.pop_front();
}

void VxlanProbe::collect(Nanos now) {
  if (!reader_) return;
  auto rows = reader_->rows();
  if (!rows) {
    if (read_problem_.empty()) spdlog::warn("tunnels: {}", rows.error().message);
    read_problem_ = rows.error().message;
    return;
  }
  read_problem_.clear();
  table_.update(*rows, interfaces_);
  for (const TunnelKey& key : table_.stale(reader_->capacity(), now))
    if (const auto last = reader_->remove(key)) table_.removed(*last, interfaces_);
}

void VxlanProbe::on_interface(const InterfaceInfo& link, bool /*wanted*/) {
  interfaces_[link.ifindex] = link;
  check_mtus();
}

void VxlanProbe::on_interface_gone(std::uint32_t ifindex) {
  interfaces_.erase(ifindex);
  check_mtus();
}

void VxlanProbe::check_mtus() {
  auto found = find_mtu_troubles(interfaces_);
  for (const MtuTrouble& trouble : found) {
    const bool known = std::ranges::any_of(
        mtu_, [&](const MtuTrouble& before) { return before.what == trouble.what; });
    if (!known) spdlog::warn("MTU: {}", trouble.what);
  }
  mtu_ = std::move(found);
}

void VxlanProbe::report(Signals& out) {
  TunnelReport& report = out.tunnels;
  const Nanos now = clock_.monotonic();
  table_.report(report, interfaces_, now, clock_.wall() - now);
  report.newest.assign(newest_.begin(), newest_.end());
  report.mtu = mtu_;
  if (reader_) report.folded = reader_->folded();
}

ProbeStatus VxlanProbe::status() const {
  ProbeStatus status;
  status.name = "vxlan";
  status.kernel_need = "5.8";
  status.events = events_;
  if (!reader_) {
    status.why = why_ + "; MTUs of tunnel devices are checked all the same";
    return status;
  }
  status.state = ProbeState::kOn;
  status.rung = "flow programs";
  status.why =
      read_problem_.empty() ? "the flow programs decode tunnels and count them" : read_problem_;
  status.lost = {{"vxlan_probe", "map_full", reader_->folded()},
                 {"vxlan_probe", "event_ring_full", reader_->events_lost()}};
  return status;
}

}  // namespace netprobe
