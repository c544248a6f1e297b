// SPDX-License-Identifier: Apache-2.0
#include "probes/dns/dns_probe.h"

#include <array>
#include <utility>

#include "abi/name_abi.h"

namespace netprobe {

DnsProbe::DnsProbe(std::string why, const Clock& clock, NameHandler told)
    : why_(std::move(why)), clock_(clock), told_(std::move(told)) {}

DnsProbe::~DnsProbe() = default;

Result<std::unique_ptr<Probe>> DnsProbe::make(std::optional<NameMaps> maps, std::string why,
                                              const Clock& clock, NameHandler told) {
  std::unique_ptr<DnsProbe> probe(new DnsProbe(std::move(why), clock, std::move(told)));
  if (maps)
    if (auto s = probe->open(std::move(*maps)); !s) return std::unexpected(s.error());
  return probe;
}

Status DnsProbe::open(NameMaps maps) {
  maps_ = std::move(maps);
  auto stats = MappedArray<np_name_stats>::make(maps_.stats.get(), maps_.cpus);
  if (!stats) return std::unexpected(stats.error());
  stats_ = std::make_unique<MappedArray<np_name_stats>>(std::move(*stats));
  auto ring = RingReader::make(maps_.events.get(), [this](std::span<const std::byte> record) {
    decoder_.add(record, to_wall_);
  });
  if (!ring) return std::unexpected(ring.error());
  ring_.emplace(std::move(*ring));
  return {};
}

std::size_t DnsProbe::poll(Nanos /*now*/) {
  if (!ring_) return 0;
  to_wall_ = clock_.wall() - clock_.monotonic();
  const std::size_t records = ring_->drain();
  if (records > 0)
    if (NameBatchPtr batch = decoder_.take(); batch && told_) told_(std::move(batch));
  return records;
}

void DnsProbe::on_interface(const InterfaceInfo& link, bool /*wanted*/) {
  decoder_.on_interface(link);
}
void DnsProbe::on_interface_gone(std::uint32_t ifindex) { decoder_.on_interface_gone(ifindex); }

ProbeStatus DnsProbe::status() const {
  ProbeStatus status;
  status.name = "dns";
  status.kernel_need = "5.8";
  status.why = why_;
  if (!ring_) return status;
  status.state = ProbeState::kOn;
  status.rung = "flow programs";
  status.why = "the flow programs see DNS, ARP and neighbour discovery and hand them over";
  const NameDecoder::Stats& decoded = decoder_.stats();
  status.events = decoded.records - decoded.repeated - decoded.no_claims - decoded.other_opcode -
                  decoded.malformed;
  std::uint64_t dns = 0;
  std::uint64_t neighbours = 0;
  std::uint64_t ring_full = 0;
  std::array<std::uint64_t, NP_NAME_KINDS> seen{};
  std::array<std::uint64_t, NP_NAME_KINDS> too_short{};
  for (std::size_t cpu = 0; cpu < stats_->size(); ++cpu) {
    const np_name_stats& one = (*stats_)[cpu];
    dns += __atomic_load_n(&one.over_budget[NP_NAME_BUDGET_DNS], __ATOMIC_RELAXED);
    neighbours += __atomic_load_n(&one.over_budget[NP_NAME_BUDGET_NEIGHBOUR], __ATOMIC_RELAXED);
    for (std::size_t kind = 0; kind < seen.size(); ++kind) {
      seen.at(kind) += __atomic_load_n(&one.seen[kind], __ATOMIC_RELAXED);
      too_short.at(kind) += __atomic_load_n(&one.too_short[kind], __ATOMIC_RELAXED);
    }
    ring_full += __atomic_load_n(&one.ring_full, __ATOMIC_RELAXED);
  }
  status.seen = {{"dns", seen[NP_NAME_DNS]}, {"arp", seen[NP_NAME_ARP]}, {"nd", seen[NP_NAME_ND]}};
  status.lost = {{"dns_probe", "dns_over_budget", dns},
                 {"dns_probe", "neighbour_over_budget", neighbours},
                 {"dns_probe", "ring_full", ring_full},
                 {"dns_probe", "dns_too_short", too_short[NP_NAME_DNS]},
                 {"dns_probe", "arp_too_short", too_short[NP_NAME_ARP]},
                 {"dns_probe", "nd_too_short", too_short[NP_NAME_ND]},
                 {"dns_probe", "dns_other_opcode", decoded.other_opcode},
                 {"dns_probe", "malformed", decoded.malformed}};
  return status;
}

}  // namespace netprobe
