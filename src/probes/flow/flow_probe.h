// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bpf/kernel.h"
#include "bpf/name_maps.h"
#include "bpf/tc_attachment.h"
#include "bpf/tunnel_maps.h"
#include "model/flow_delta.h"
#include "model/interface.h"
#include "model/snapshot.h"
#include "probes/flow/cache_reader.h"
#include "probes/flow/device_table.h"
#include "probes/flow/flow_programs.h"

namespace netprobe {

/// The flow signal: programs at TC hooks, their cache and counters. Owned and
/// used by the data thread.
class FlowProbe {
 public:
  [[nodiscard]] static Result<FlowProbe> make(const FlowProgramOptions& options, TcMode mode,
                                              const KernelFeatures& kernel);

  /// Attaches at both directions, or neither. kNotFound: it just went away.
  [[nodiscard]] Status attach(const InterfaceInfo& link);
  /// Detaches; `gone`: the kernel did already, with the device.
  void detach(std::uint32_t ifindex, bool gone, Nanos now);
  [[nodiscard]] bool attached(std::uint32_t ifindex) const { return hooks_.contains(ifindex); }
  /// "tcx" or "clsact"; empty where not attached.
  [[nodiscard]] std::string_view mode_of(std::uint32_t ifindex) const;

  [[nodiscard]] int fd() const { return reader_.fd(); }
  void poll(FlowSink& sink) { reader_.poll(sink); }
  void sweep(FlowSink& sink) { reader_.sweep(sink); }
  [[nodiscard]] DeviceCounters counters(std::uint32_t ifindex, Direction direction) const {
    return devices_.read(ifindex, direction);
  }
  /// Link-layer bytes on the wire alone: cheap.
  [[nodiscard]] std::uint64_t bytes(std::uint32_t ifindex, Direction direction) const {
    return devices_.bytes(ifindex, direction);
  }

  /// Interfaces whose programs have surely ended; call after a sweep. Their
  /// counters are final and their slots free afterwards.
  struct Retired {
    std::uint32_t ifindex = 0;
    DeviceCounters rx;
    DeviceCounters tx;
  };
  [[nodiscard]] std::vector<Retired> take_retired(Nanos now);

  /// For the probe that reads tunnels. An error: why the programs of this
  /// kernel do not count them.
  [[nodiscard]] Result<TunnelMaps> tunnel_maps() const;
  /// The same of DNS messages and neighbours.
  [[nodiscard]] Result<NameMaps> name_maps() const;
  [[nodiscard]] ProbeStatus status() const;
  /// packet_stats by name of the class, summed over CPUs.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> packet_classes() const;

 private:
  struct Hook {
    TcAttachment ingress;
    TcAttachment egress;
  };
  FlowProbe(FlowPrograms programs, CacheReader reader, DeviceTable devices,
            MappedArray<np_packet_stats> classes, TcMode mode, std::string why);

  // Order matters: hooks go before the reader and the maps that they fill.
  FlowPrograms programs_;
  CacheReader reader_;
  DeviceTable devices_;
  MappedArray<np_packet_stats> classes_;
  std::map<std::uint32_t, Hook> hooks_;
  std::map<std::uint32_t, Nanos> retiring_;  ///< since when
  TcMode mode_;
  std::string why_;
  std::string no_names_;         ///< why; empty: they are told, or not wanted
  std::string no_tunnel_stats_;  ///< why; empty: they are kept, or not wanted
};

}  // namespace netprobe
