// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "bpf/mapped_array.h"
#include "bpf/name_maps.h"
#include "bpf/ring_reader.h"
#include "model/name_batch.h"
#include "model/probe.h"
#include "probes/dns/name_decoder.h"

struct np_name_stats;

namespace netprobe {

using NameHandler = std::function<void(NameBatchPtr)>;

/// DNS messages, and addresses claimed by ARP and neighbour discovery, for detectors. The
/// flow programs see them anyway and hand them over; this reads. docs/dns.md
class DnsProbe final : public Probe {
 public:
  /// Without `maps` it is off for the reason `why`. `told` gets what was read, on the
  /// signal thread.
  [[nodiscard]] static Result<std::unique_ptr<Probe>> make(std::optional<NameMaps> maps,
                                                           std::string why, const Clock& clock,
                                                           NameHandler told);
  ~DnsProbe() override;

  [[nodiscard]] int fd() const override { return ring_ ? ring_->fd() : -1; }
  std::size_t poll(Nanos now) override;
  void on_interface(const InterfaceInfo& link, bool wanted) override;
  void on_interface_gone(std::uint32_t ifindex) override;
  void report(Signals& /*out*/) override {}
  [[nodiscard]] ProbeStatus status() const override;

 private:
  DnsProbe(std::string why, const Clock& clock, NameHandler told);
  Status open(NameMaps maps);

  std::string why_;
  const Clock& clock_;
  NameHandler told_;
  NameMaps maps_;
  std::optional<RingReader> ring_;
  std::unique_ptr<MappedArray<np_name_stats>> stats_;
  NameDecoder decoder_;
  Nanos to_wall_ = 0;
};

}  // namespace netprobe
