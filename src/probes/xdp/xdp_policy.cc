// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/xdp_policy.h"

#include <fmt/format.h>
#include <linux/if_arp.h>

#include "base/glob.h"

namespace netprobe {
namespace {

XdpChoice no(std::string reason) { return {.reason = std::move(reason)}; }

bool has_ethernet_header(const InterfaceInfo& link) {
  return link.link_type == ARPHRD_ETHER || link.link_type == ARPHRD_LOOPBACK;
}

/// Devices that hand packets on in software: none has native XDP.
bool is_software_path(const InterfaceInfo& link) {
  return link.role == Role::kBridge || link.role == Role::kTunnel || link.role == Role::kLoopback;
}

}  // namespace

XdpChoice choose_xdp(const InterfaceInfo& link, bool wanted, XdpMode mode,
                     const std::vector<std::string>& names) {
  const NameFilter asked(names);
  const bool by_name = asked.names_exactly(link.name);
  const bool named = !names.empty() && asked.matches(link.name);
  const bool generic = mode == XdpMode::kGeneric;
  if (!wanted) return no("not in the interface filter");
  if (!names.empty() && !named) return no("not in --xdp-interface");
  if (!has_ethernet_header(link)) return no("it has no Ethernet header, which the program reads");
  if (link.kind == "veth" && !by_name) {
    return no(fmt::format(
        "a veth: {} XDP would cost each of its packets more than all else that one can attach; "
        "granted with --xdp-interface={}",
        generic ? "generic" : "native", link.name));
  }
  if (is_software_path(link) && !generic) {
    return no(fmt::format("a {} device has no native XDP; --xdp-mode=generic takes it",
                          link.kind.empty() ? to_string(link.role) : link.kind));
  }
  if (names.empty() && link.role != Role::kUplink)
    return no(fmt::format("its role is {}: XDP goes to uplinks, and where --xdp-interface says",
                          to_string(link.role)));
  XdpChoice choice;
  choice.attach = true;
  choice.mode = generic ? XdpMode::kGeneric : XdpMode::kNative;
  choice.reason = named ? "asked for by --xdp-interface" : "an uplink";
  if (generic) choice.reason += ", generic by --xdp-mode";
  if (link.kind == "veth") {
    choice.warning = generic ? "generic XDP on a veth costs about 77 ns a packet even when empty"
                             : "native XDP on a veth takes it off its fast path: about 300 ns a "
                               "packet even when empty, and more with segmentation offload";
  }
  return choice;
}

}  // namespace netprobe
