// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/xdp_probe.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "probes/xdp/block_plane.h"

namespace netprobe {
namespace {

/// A program that was running when it was detached is over after an RCU grace
/// period; this is many of them.
constexpr Nanos kRetireAfter = 500 * kMillisecond;

}  // namespace

Result<std::unique_ptr<Probe>> XdpProbe::make(const XdpOptions& options,
                                              const KernelFeatures& kernel) {
  XdpProgramOptions program;
  program.vxlan_ports = options.vxlan_ports;
  program.geneve_ports = options.geneve_ports;
  program.block = options.block;
  auto programs = load_xdp_programs(program, kernel);
  if (!programs) return std::unexpected(programs.error());
  auto counters = XdpCounterTable::make(*programs);
  if (!counters) return std::unexpected(counters.error());
  if (options.block) {
    auto plane = XdpBlockPlane::make(*programs, *options.block);
    if (!plane) return std::unexpected(plane.error());
    if (options.on_plane) options.on_plane(std::move(*plane));
  }
  return std::unique_ptr<Probe>(new XdpProbe(options, std::move(*programs), std::move(*counters)));
}

void XdpProbe::attach(Device& device, const XdpChoice& choice) {
  const InterfaceInfo& link = device.link;
  const auto refuse = [&](const std::string& why) {
    if (device.reason != why) spdlog::warn("no XDP at {}: {}", link.name, why);
    device.reason = why;
  };
  retiring_.erase(link.ifindex);
  if (auto s = counters_.claim(link.ifindex); !s) return refuse(s.error().message);
  device.claimed = true;
  auto made =
      XdpAttachment::make(programs_.object.program("netprobe_xdp"), link.ifindex, choice.mode);
  if (!made) {
    std::string why = made.error().message;
    if (made.error().kind == ErrorKind::kUnsupported)
      why += "; --xdp-mode=generic works with any, at a price";
    return refuse(why);
  }
  device.attachment.emplace(std::move(*made));
  device.reason = choice.reason;
  if (!choice.warning.empty()) {
    device.reason += "; " + choice.warning;
    spdlog::warn("XDP at {}: {}", link.name, choice.warning);
  }
  spdlog::info("XDP ({}) at {}: {}", to_string(choice.mode), link.name, choice.reason);
}

void XdpProbe::detach(Device& device) {
  if (!device.attachment) return;
  device.attachment.reset();
  device.claimed = false;
  retiring_[device.link.ifindex] = 0;
}

void XdpProbe::on_interface(const InterfaceInfo& link, bool wanted) {
  Device& device = devices_[link.ifindex];
  device.link = link;
  device.wanted = wanted;
  const XdpChoice choice = choose_xdp(link, wanted, options_.mode, options_.interfaces);
  if (!choice.attach) {
    detach(device);
    device.reason = choice.reason;
    return;
  }
  if (!device.attachment) attach(device, choice);
}

void XdpProbe::on_interface_gone(std::uint32_t ifindex) {
  const auto found = devices_.find(ifindex);
  if (found == devices_.end()) return;
  if (found->second.attachment) found->second.attachment->abandon();
  if (found->second.claimed) retiring_[ifindex] = 0;
  devices_.erase(found);
}

void XdpProbe::release_retired(Nanos now) {
  for (auto it = retiring_.begin(); it != retiring_.end();) {
    if (it->second == 0) it->second = now;
    if (now - it->second < kRetireAfter) {
      ++it;
      continue;
    }
    counters_.release(it->first);
    it = retiring_.erase(it);
  }
}

void XdpProbe::collect(Nanos now) {
  release_retired(now);
  for (auto& [ifindex, device] : devices_) {
    if (!device.attachment || device.attachment->alive()) continue;
    detach(device);
    device.reason = "somebody detached it; it comes back when the interface changes";
    spdlog::warn("XDP at {} was detached by somebody else", device.link.name);
  }
}

void XdpProbe::report(Signals& out) {
  for (const auto& [ifindex, device] : devices_) {
    XdpState& state = out.xdp.emplace_back();
    state.ifindex = ifindex;
    state.interface = device.link.name;
    state.reason = device.reason;
    if (!device.attachment) continue;
    state.mode = to_string(device.attachment->mode());
    auto counters = counters_.read(ifindex);
    state.packets = counters.packets;
    state.bytes = counters.bytes;
    state.dropped = counters.dropped;
    state.classes = std::move(counters.classes);
  }
}

ProbeStatus XdpProbe::status() const {
  ProbeStatus status;
  status.name = "xdp";
  status.kernel_need = "5.8 (links: 5.9)";
  status.state = ProbeState::kOn;
  status.programs = programs_.object.program_stats();
  std::size_t native = 0;
  std::size_t generic = 0;
  for (const auto& [ifindex, device] : devices_)
    if (device.attachment) ++(device.attachment->mode() == XdpMode::kGeneric ? generic : native);
  status.rung = native > 0    ? (generic > 0 ? "native and generic" : "native")
                : generic > 0 ? "generic"
                              : "none";
  status.why = native + generic > 0 ? fmt::format("at {} of {} interfaces; each says why",
                                                  native + generic, devices_.size())
                                    : "no interface takes it or was asked for; each says why";
  return status;
}

}  // namespace netprobe
