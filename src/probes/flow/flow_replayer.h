// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bpf/tunnel_maps.h"
#include "model/flow_delta.h"
#include "model/interface.h"

namespace netprobe {

/// Pushes packets of a capture through the very BPF program that watches live
/// traffic, by BPF_PROG_TEST_RUN. Needs CAP_BPF and CAP_NET_ADMIN; attaches
/// nothing. One thread.
class FlowReplayer {
 public:
  struct Options {
    std::vector<std::uint16_t> vxlan_ports{4789, 8472};
    std::vector<std::uint16_t> geneve_ports{6081};
    std::uint32_t slots = 65'536;  ///< of the flow cache
    std::uint32_t max_tunnels = 8192;
  };
  [[nodiscard]] static Result<FlowReplayer> make(const Options& options);
  FlowReplayer(FlowReplayer&&) noexcept;
  FlowReplayer& operator=(FlowReplayer&&) noexcept;
  ~FlowReplayer();

  /// One packet. `captured` is what the capture holds, `wire_length` what was
  /// on the wire (>= captured). `time` is the capture's. `interface` is 1-based
  /// and stands for the ifindex. `bare_ip`: no Ethernet header. Packets too
  /// short for the kernel to run (under 14 bytes) count as malformed.
  [[nodiscard]] Status packet(std::span<const std::uint8_t> captured, std::uint32_t wire_length,
                              Nanos time, std::uint32_t interface, bool bare_ip);
  /// Hands over what was counted since the last call. Call now and then (every
  /// 1,000 packets) and at the end.
  void drain(FlowSink& sink);
  /// Where the programs count tunnels, for who reads them.
  [[nodiscard]] Result<TunnelMaps> tunnel_maps() const;
  /// Sum over all interfaces; flow_packets is not filled in.
  [[nodiscard]] DeviceCounters counters() const;

 private:
  class Impl;
  explicit FlowReplayer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
