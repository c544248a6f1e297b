// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "bpf/kernel.h"
#include "model/probe.h"
#include "probes/drop/drop_programs.h"
#include "probes/drop/drop_reader.h"
#include "probes/drop/drop_records.h"
#include "probes/drop/kernel_names.h"

namespace netprobe {

struct DropProbeOptions {
  bool stacks = false;
  std::uint32_t max_records = 8192;
  bool look_inside_tunnels = true;
  std::vector<std::uint16_t> vxlan_ports;
  std::vector<std::uint16_t> geneve_ports;
};

/// Every packet that the kernel drops on this machine, in all its network
/// namespaces: by reason, place, interface and flow.
class DropProbe final : public Probe {
 public:
  /// Errors: no rung of the ladder loads; the words are the kernel's.
  [[nodiscard]] static Result<std::unique_ptr<Probe>> make(const DropProbeOptions& options,
                                                           const KernelFeatures& kernel,
                                                           const Clock& clock);

  std::size_t poll(Nanos now) override;
  void collect(Nanos now) override;
  void on_interface(const InterfaceInfo& link, bool wanted) override;
  void report(Signals& out) override;
  [[nodiscard]] ProbeStatus status() const override;

 private:
  DropProbe(const Clock& clock, DropPrograms programs, DropReader reader, ReasonTable reasons,
            const DropProbeOptions& options);
  std::size_t drain();
  [[nodiscard]] DropPlace name(std::uint32_t reason, std::uint64_t location);
  [[nodiscard]] std::string symbol(std::uint64_t address);
  [[nodiscard]] std::vector<std::string> stack(std::int32_t id);

  const Clock& clock_;
  DropPrograms programs_;
  DropReader reader_;
  ReasonTable reasons_;
  KernelNames names_;
  bool addresses_hidden_ = false;
  DropRecords records_;
  std::unordered_map<std::int32_t, std::vector<std::string>> stacks_;
  Nanos last_drain_ = 0;
  std::uint32_t own_netns_ = 0;
};

}  // namespace netprobe
