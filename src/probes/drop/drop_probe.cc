// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/drop_probe.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <optional>

#include "base/network_namespace.h"
#include "probes/drop/hooks.h"
#include "probes/drop/kernel_asker.h"

namespace netprobe {
namespace {

/// A flood of drops fills a table faster than the collect interval; reading it
/// all the time would cost more than the flood.
constexpr Nanos kLeastBetweenDrains = 250 * kMillisecond;

/// Freed by the same call as a drop, and none: packets that BPF_PROG_TEST_RUN
/// made were on no network, and older kernels free the fragments of a datagram
/// that way after it was received.
bool is_no_drop(const DropPlace& place) {
  return place.location.starts_with("bpf_prog_test_run") ||
         (place.reason == "NOT_SPECIFIED" && place.location.starts_with("skb_release_data+"));
}

KernelNames::Ask ask_the_kernel() {
  auto asker = std::make_shared<Result<KernelAsker>>(KernelAsker::make());
  if (!*asker)
    spdlog::info("names of the kernel's code are read from /proc/kallsyms: {}",
                 asker->error().message);
  return [asker](std::uint64_t address) -> std::optional<std::string> {
    return *asker ? (*asker)->name_of(address) : std::nullopt;
  };
}

/// Frames of the tracing itself, above the code that dropped.
bool is_tracing(std::string_view frame) {
  return frame.starts_with("bpf_") || frame.starts_with("__bpf_") ||
         frame.starts_with("__traceiter_") || frame.starts_with("__do_trace_");
}

}  // namespace

Result<std::unique_ptr<Probe>> DropProbe::make(const DropProbeOptions& options,
                                               const KernelFeatures& kernel, const Clock& clock) {
  DropFacts facts = read_drop_facts();
  if (!facts.tracepoint.exists)
    return fail("this kernel's types have no tracepoint kfree_skb", ErrorKind::kUnsupported);
  const DropProgramOptions wanted{.stacks = options.stacks,
                                  .look_inside_tunnels = options.look_inside_tunnels,
                                  .vxlan_ports = options.vxlan_ports,
                                  .geneve_ports = options.geneve_ports};
  auto programs = load_drop_programs(wanted, kernel, facts);
  if (!programs) return std::unexpected(programs.error());
  auto reader = DropReader::make(programs->object, programs->cpus, wanted.table_entries);
  if (!reader) return std::unexpected(reader.error());
  return std::unique_ptr<Probe>(new DropProbe(clock, std::move(*programs), std::move(*reader),
                                              std::move(facts.reasons), options));
}

DropProbe::DropProbe(const Clock& clock, DropPrograms programs, DropReader reader,
                     ReasonTable reasons, const DropProbeOptions& options)
    : clock_(clock),
      programs_(std::move(programs)),
      reader_(std::move(reader)),
      reasons_(std::move(reasons)),
      names_(clock, ask_the_kernel()),
      records_(
          options.max_records,
          [this](std::uint32_t reason, std::uint64_t location) { return name(reason, location); },
          [this](std::int32_t id) {
            const auto known = stacks_.find(id);
            return known == stacks_.end() ? std::vector<std::string>() : known->second;
          }),
      own_netns_(static_cast<std::uint32_t>(own_netns())) {
  const auto told = SymbolTable::tells_addresses();
  if (!told) spdlog::warn("drops have no code locations: {}", told.error().message);
  addresses_hidden_ = !told.value_or(false);
  if (addresses_hidden_) {
    auto& why = programs_.why;
    why += why.empty() ? "" : "; ";
    why += "code locations are not named: the kernel hides its addresses (kernel.kptr_restrict)";
  }
}

std::string DropProbe::symbol(std::uint64_t address) {
  // Hidden: not even the bare address is told.
  return addresses_hidden_ ? std::string() : names_.name_of(address);
}

DropPlace DropProbe::name(std::uint32_t reason, std::uint64_t location) {
  DropPlace place{.reason = reasons_.name_of(reason), .location = symbol(location)};
  place.ignored = is_no_drop(place);
  place.hook = drop_hook(place.reason, place.location);
  return place;
}

std::vector<std::string> DropProbe::stack(std::int32_t id) {
  std::vector<std::string> frames;
  for (const std::uint64_t address : reader_.stack(id)) {
    std::string frame = symbol(address);
    if (frame.empty()) frame = "?";
    if (is_tracing(frame)) {
      frames.clear();  // everything up to here was the way to the program
      continue;
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

std::size_t DropProbe::drain() {
  last_drain_ = clock_.monotonic();
  const Nanos wall = clock_.wall();
  const Nanos to_wall = wall - last_drain_;
  const std::size_t drained = reader_.drain(
      [&](const np_drop_tunnel_key& key, const np_drop_value& value) {
        const std::int32_t id = key.outer.stack_id;
        if (id >= 0 && !stacks_.contains(id)) stacks_.emplace(id, stack(id));
        records_.add(key, value, to_wall);
      },
      [&](const np_drop_place& place, const np_drop_sum& sum) {
        records_.add_unattributed(place, sum, wall);
      });
  names_.release();
  return drained;
}

std::size_t DropProbe::poll(Nanos now) {
  if (now - last_drain_ < kLeastBetweenDrains || !reader_.is_urgent()) return 0;
  return drain();
}

void DropProbe::collect(Nanos /*now*/) { drain(); }

void DropProbe::on_interface(const InterfaceInfo& link, bool /*wanted*/) {
  records_.name_interface(own_netns_, link.ifindex, link.name);
}

void DropProbe::report(Signals& out) {
  records_.report(out.drops);
  out.drops.unattributed += reader_.sums().unplaced;
}

ProbeStatus DropProbe::status() const {
  ProbeStatus status;
  status.name = "drop";
  status.state = ProbeState::kOn;
  status.rung = programs_.rung;
  status.why = programs_.why;
  status.kernel_need = "5.17 for reasons, 5.8 without";
  status.programs = programs_.object.program_stats();
  status.events = records_.events();
  const DropSums sums = reader_.sums();
  status.lost = {{"drop", "unattributed", records_.unattributed() + sums.unplaced},
                 {"drop", "folded", records_.folded()},
                 {"drop", "recursion", programs_.object.recursion_misses()},
                 {"drop", "stacks", sums.stacks_lost},
                 {"drop", "read_failed", reader_.failures()}};
  return status;
}

}  // namespace netprobe
