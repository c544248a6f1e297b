// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bpf/kernel.h"
#include "bpf/xdp_attachment.h"
#include "model/probe.h"
#include "probes/xdp/xdp_counters.h"
#include "probes/xdp/xdp_policy.h"
#include "probes/xdp/xdp_programs.h"

namespace netprobe {

struct XdpOptions {
  XdpMode mode = XdpMode::kAuto;
  std::vector<std::string> interfaces;  ///< --xdp-interface
  std::vector<std::uint16_t> vxlan_ports{4789, 8472};
  std::vector<std::uint16_t> geneve_ports{6081};
  /// With it: the program can drop (docs/response.md), and `on_plane` gets what
  /// tells it what, once, before make() returns.
  std::optional<PlaneRoom> block;
  std::function<void(std::shared_ptr<BlockPlane>)> on_plane;
};

/// Earliest ingress of the interfaces that xdp_policy.h picks. It counts
/// frames and passes on every one that is not blocked.
class XdpProbe final : public Probe {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Probe>> make(const XdpOptions& options,
                                                           const KernelFeatures& kernel);

  void collect(Nanos now) override;
  void on_interface(const InterfaceInfo& link, bool wanted) override;
  void on_interface_gone(std::uint32_t ifindex) override;
  void report(Signals& out) override;
  [[nodiscard]] ProbeStatus status() const override;

 private:
  struct Device {
    InterfaceInfo link;
    bool wanted = false;
    std::string reason;
    std::optional<XdpAttachment> attachment;
    bool claimed = false;
  };
  XdpProbe(XdpOptions options, XdpPrograms programs, XdpCounterTable counters)
      : options_(std::move(options)),
        programs_(std::move(programs)),
        counters_(std::move(counters)) {}
  void attach(Device& device, const XdpChoice& choice);
  void detach(Device& device);
  void release_retired(Nanos now);

  XdpOptions options_;
  // Order matters: attachments go before the program and the maps.
  XdpPrograms programs_;
  XdpCounterTable counters_;
  std::map<std::uint32_t, Device> devices_;
  std::map<std::uint32_t, Nanos> retiring_;  ///< since when; 0: the next collect says
};

}  // namespace netprobe
