// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "abi/flow_abi.h"
#include "base/result.h"
#include "bpf/mapped_array.h"
#include "model/interface.h"
#include "probes/flow/flow_programs.h"

namespace netprobe {

/// Slots of device_stats: claims one for an interface before programs run
/// there, sums it over CPUs, frees it afterwards. One thread.
class DeviceTable {
 public:
  [[nodiscard]] static Result<DeviceTable> make(const FlowPrograms& programs);

  /// An error says that the table has no slot near this ifindex.
  [[nodiscard]] Status claim(std::uint32_t ifindex);
  /// Only after no program can run for it any more; its counters are zeroed.
  void release(std::uint32_t ifindex);
  [[nodiscard]] bool has(std::uint32_t ifindex) const { return slots_.contains(ifindex); }
  /// Without flow_packets, which the flow table knows. Zero without a slot.
  [[nodiscard]] DeviceCounters read(std::uint32_t ifindex, Direction direction) const;
  /// Only the wire bytes of read(), for those who ask all the time.
  [[nodiscard]] std::uint64_t bytes(std::uint32_t ifindex, Direction direction) const;
  /// Packets of the fast path by enum np_fast_class, of all interfaces ever.
  using FastClasses = std::array<std::uint64_t, NP_FAST_CLASSES>;
  [[nodiscard]] FastClasses fast_classes() const;

 private:
  DeviceTable(MappedArray<np_device> devices, std::uint32_t cpus, std::uint32_t per_cpu)
      : devices_(std::move(devices)), cpus_(cpus), per_cpu_(per_cpu) {}

  MappedArray<np_device> devices_;
  std::uint32_t cpus_;
  std::uint32_t per_cpu_;
  void add_fast(std::uint32_t slot, FastClasses& to) const;

  FastClasses released_{};                                  ///< of slots that were freed
  std::unordered_map<std::uint32_t, std::uint32_t> slots_;  ///< ifindex to slot
};

}  // namespace netprobe
