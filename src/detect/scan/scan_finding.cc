// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/scan_finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace netprobe {
namespace {

constexpr Micros kSecondMicros = 1'000'000;
// So many times its threshold makes it one step worse.
constexpr double kWide = 10;
constexpr double kNearlyAll = 0.9;

std::string span_text(std::uint32_t seconds) {
  if (seconds < 2) return "a second";
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3600);
}

std::string process_text(const ProcessPtr& process) {
  return process ? fmt::format(", process {} ({})", process->comm, process->pid) : std::string();
}

std::string source_key(const ScanSuspect& suspect) {
  if (suspect.identity && suspect.identity->kind == IdentityKind::kPod)
    return suspect.identity->full_name();
  return suspect.address.to_string();
}

/// The smallest usual network that all members are in; empty: none is.
std::string network_of(const ScanSuspect& suspect, const ShapeFound& shape) {
  const auto& probes = suspect.probes.all();
  const IpAddress& any = probes[shape.members.front()].peer;
  for (const int length : any.is_v4() ? std::array{24, 16, 8} : std::array{112, 64, 48}) {
    const IpPrefix prefix = IpPrefix::of(any, length);
    if (std::ranges::all_of(shape.members,
                            [&](std::uint8_t i) { return prefix.contains(probes[i].peer); }))
      return prefix.to_string();
  }
  return {};
}

/// Where the set has only the newest of them, how many there were, about.
double extent_of(const ScanSuspect& suspect, const ShapeFound& shape, const Extent& all,
                 std::uint32_t exact) {
  const bool most = static_cast<double>(shape.members.size()) >=
                    kNearlyAll * static_cast<double>(ProbeSet::kMost);
  const std::uint64_t estimate = most && suspect.probes.is_full() ? all.estimate() : 0;
  return static_cast<double>(std::max<std::uint64_t>(exact, estimate));
}

Severity severity_of(const ScanSuspect& suspect, bool chatter, double value, double threshold) {
  if (chatter) return Severity::kLow;
  const bool from_here =
      suspect.process || (suspect.identity && suspect.identity->kind == IdentityKind::kPod);
  if (from_here || value >= kWide * threshold) return Severity::kHigh;
  return Severity::kMedium;
}

std::string_view technique_of(const ScanSuspect& suspect, ScanShape shape) {
  if (suspect.outside) return "T1595.001";
  return shape == ScanShape::kSweep ? "T1018" : "T1046";
}

std::string protocol_text(std::uint8_t protocol, std::uint16_t port) {
  return fmt::format("{}/{}", protocol_name(protocol), port);
}

}  // namespace

bool is_outside(const IdentityPtr& identity, const IpAddress& address) {
  if (identity) return identity->kind == IdentityKind::kExternal;
  return !address.is_private() && !address.is_loopback() && !address.is_link_local();
}

Finding finding_of(const ScanSuspect& suspect, const ShapeFound& shape, bool chatter,
                   const ScanOptions& options) {
  Finding finding;
  const std::string key = source_key(suspect);
  const auto& probes = suspect.probes.all();
  const IpAddress& peer =
      shape.shape == ScanShape::kVertical ? shape.target : probes[shape.members.front()].peer;
  finding.source = {suspect.address_for(peer), suspect.identity, suspect.process, 0, {}};
  const std::string source = name_of(finding.source) + process_text(suspect.process);
  const std::string span = span_text(shape.last - shape.first);
  const double targets = extent_of(suspect, shape, suspect.targets, shape.targets);
  const double ports = extent_of(suspect, shape, suspect.ports, shape.ports);
  const std::string method =
      fmt::format("{}{}", shape.slow ? "slow " : "", to_string(shape.method));
  const std::string network = network_of(suspect, shape);
  const std::string at = network.empty() ? std::string() : " in " + network;
  finding.threshold = shape.threshold;
  switch (shape.shape) {
    case ScanShape::kVertical:
      finding.kind = "port_scan";
      finding.target.address = shape.target;
      for (const ScanSuspect::Tried& tried : suspect.tried)
        if (tried.address == shape.target) finding.target.identity = tried.identity;
      finding.key = key + '>' + shape.target.to_string();
      finding.value = ports;
      finding.unit = "ports";
      finding.summary = fmt::format("{} scan: {} tried {:.0f} ports of {} within {}", method,
                                    source, ports, name_of(finding.target), span);
      break;
    case ScanShape::kHorizontal:
      finding.kind = "network_scan";
      finding.target.port = shape.port;
      finding.target.text = network;
      finding.key = key + '/' + protocol_text(shape.protocol, shape.port);
      finding.value = targets;
      finding.unit = "targets";
      finding.summary =
          fmt::format("{} scan: {} tried {} at {:.0f} addresses{} within {}", method, source,
                      protocol_text(shape.protocol, shape.port), targets, at, span);
      break;
    case ScanShape::kSweep:
      finding.kind = "ping_sweep";
      finding.target.text = network;
      finding.key = key;
      finding.value = targets;
      finding.unit = "targets";
      finding.summary = fmt::format("{} sweep: {} asked {:.0f} addresses{} within {}", method,
                                    source, targets, at, span);
      break;
    case ScanShape::kBlock:
      finding.kind = "block_scan";
      finding.target.text = network;
      finding.key = key;
      finding.value = shape.score;
      finding.unit = "address and port pairs";
      finding.summary =
          fmt::format("{} scan: {} tried {:.0f} ports at {:.0f} addresses{}, {} pairs within {}",
                      method, source, ports, targets, at, suspect.count, span);
      break;
  }
  const double extent =
      shape.shape == ScanShape::kBlock ? static_cast<double>(suspect.count) : finding.value;
  finding.severity = severity_of(suspect, chatter, extent, finding.threshold);
  finding.technique = technique_of(suspect, shape.shape);
  if (shape.slow) finding.kind = "slow_scan";
  finding.first_seen = shape.first * kSecondMicros;
  finding.last_seen = shape.last * kSecondMicros;
  finding.window = (shape.slow ? options.slow_window : options.window) * kSecondMicros;
  finding.confidence = chatter ? 0.3 : shape.slow ? 0.7 : 0.9;
  finding.spoofable = !suspect.proven && !shape.connected;
  finding.count = shape.shape == ScanShape::kBlock ? suspect.count : shape.score;
  const std::size_t skip = shape.members.size() - std::min(shape.members.size(), kMostEvidence);
  for (std::size_t i = skip; i < shape.members.size(); ++i) {
    const ScanProbe& probe = probes[shape.members[i]];
    finding.evidence.push_back(evidence_of(probe, suspect.address_for(probe.peer), probe.peer));
  }
  return finding;
}

Finding finding_of(const ScanTarget& target, std::uint32_t ports, std::uint32_t sources,
                   bool outside, const ScanOptions& options) {
  Finding finding;
  finding.kind = "distributed_scan";
  // Addresses of the Internet are tried by strangers all day.
  finding.severity = outside ? Severity::kLow : Severity::kMedium;
  finding.technique = outside ? "T1595.001" : "T1046";
  finding.key = target.address.to_string();
  finding.target = {target.address, target.identity, nullptr, 0, {}};
  finding.value = ports;
  finding.threshold = options.distributed_ports;
  finding.unit = "ports";
  finding.window = options.distributed_window * kSecondMicros;
  finding.confidence = 0.6;
  finding.spoofable = true;
  finding.count = target.count;
  std::vector<ScanProbe> probes = target.probes.all();
  std::ranges::sort(probes, {},
                    [](const ScanProbe& probe) { return std::pair(probe.seconds, probe.flow_id); });
  finding.first_seen = probes.front().seconds * kSecondMicros;
  finding.last_seen = probes.back().seconds * kSecondMicros;
  finding.summary = fmt::format(
      "Distributed scan: {} sources tried {} ports of {} within {}, none more than half of them",
      std::max<std::uint64_t>(sources, target.sources.estimate()), ports, name_of(finding.target),
      span_text(probes.back().seconds - probes.front().seconds));
  const std::size_t skip = probes.size() - std::min(probes.size(), kMostEvidence);
  for (std::size_t i = skip; i < probes.size(); ++i)
    finding.evidence.push_back(evidence_of(probes[i], probes[i].peer, target.address));
  return finding;
}

}  // namespace netprobe
