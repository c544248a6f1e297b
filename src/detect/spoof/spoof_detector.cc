// SPDX-License-Identifier: Apache-2.0
#include "detect/spoof/spoof_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

constexpr Micros kSecondMicros = 1'000'000;
constexpr std::size_t kMartians = 64;
constexpr std::uint16_t kDhcpServer = 67;

std::uint32_t seconds_of(Micros time) {
  return static_cast<std::uint32_t>(std::max<Micros>(time, 0) / kSecondMicros);
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = hash_key();
  for (std::size_t at = 0; at < text.size(); at += sizeof hash) {
    std::uint64_t word = 0;
    text.copy(reinterpret_cast<char*>(&word), sizeof word, at);
    hash = mix_hash(hash, word);
  }
  return keyed_hash(hash) | 1U;  // never "none"
}

std::uint64_t pod_of(const IdentityPtr& identity) {
  return hash_of(identity->uid.empty() ? identity->name : identity->uid);
}

bool is_answered(const FlowRecord& record) {
  return record.reverse.packets > 0 || record.reverse_tcp_flags != 0;
}

/// Behind a service, the pod's own.
const IpAddress& target_of(const FlowRecord& record) {
  return record.nat ? record.translated.dst : record.tuple.dst;
}

/// Addresses that no host has: RFC 1122 3.2.1.3, and what is reserved for later.
bool is_impossible(const IpAddress& address) {
  if (!address.is_v4()) return false;
  const std::uint8_t first = address.bytes()[12];
  return first >= 240 || (first == 0 && address != IpAddress::v4(0));
}

std::string_view martian_of(const FlowRecord& record) {
  const FlowTuple& tuple = record.tuple;
  // A service's port at the loopback address leads to pods, with another address by then.
  if (record.role == Role::kLoopback || record.nat) return {};
  if (tuple.src.is_loopback()) return "loopback source";
  if (tuple.dst.is_loopback()) return "loopback target";
  if (tuple.src.is_multicast()) return "multicast source";
  if (is_impossible(tuple.src)) return "reserved source";
  // DHCP asks from nowhere, and so does IPv6 before it has an address.
  const bool asks = tuple.protocol == kProtoIcmp6 ||
                    (tuple.protocol == kProtoUdp && tuple.dst_port == kDhcpServer);
  if (tuple.src == IpAddress::v4(0) || tuple.src.is_unspecified())
    return asks ? std::string_view{} : "source without address";
  return {};
}

}  // namespace

SpoofDetector::SpoofDetector(SpoofOptions options)
    : options_(std::move(options)),
      ports_(options_.interfaces),
      pods_(options_.interfaces),
      martians_(kMartians) {}

bool SpoofDetector::is_here(const IdentityPtr& identity) const {
  return identity && identity->kind == IdentityKind::kPod && !identity->host_network &&
         (options_.node.empty() || identity->node.empty() || identity->node == options_.node);
}

void SpoofDetector::on_flow(const FlowRecord& record) {
  const FlowTuple& tuple = record.tuple;
  if (record.folded.records != 0 || record.forward.packets == 0 || record.interface.empty()) return;
  const std::uint32_t now = seconds_of(record.last_seen);
  if (const std::string_view what = martian_of(record); !what.empty())
    return martian(record, what, now);
  if (tuple.src.is_link_local() || tuple.src.is_unspecified() || tuple.src == IpAddress::v4(0) ||
      tuple.dst.is_multicast())
    return;
  if (record.role == Role::kPod) return at_pod(record, now);
  if (record.role == Role::kUplink || record.role == Role::kTunnel) from_outside(record, now);
}

void SpoofDetector::at_pod(const FlowRecord& record, std::uint32_t now) {
  const std::uint64_t hash = hash_of(record.interface);
  Port& port = ports_.touch(hash);
  learn(port, hash, record, now);
  if (port.pod == 0) return;
  const auto has = [&](const IpAddress& address) {
    return std::ranges::find(port.addresses, address) != port.addresses.end();
  };
  const bool src_own =
      (is_here(record.src) && pod_of(record.src) == port.pod) || has(record.tuple.src);
  const bool dst_own =
      (is_here(record.dst) && pod_of(record.dst) == port.pod) || has(target_of(record));
  if (src_own || dst_own) {
    port.last = std::max(port.last, now);
    if (!src_own) return;
    if (Place* place = pods_.find(port.pod)) {
      if (now - place->began > options_.window || now < place->began) {
        place->began = now;
        place->flows = 0;
      }
      place->flows += record.began ? 1 : 0;
    }
    return;
  }
  if (now < port.forwards_until) return;
  if (!is_here(record.src)) {
    // Answers to an address that is not its own do not come back to it, unless it forwards:
    // a gateway, a VPN, a NAT.
    if (is_answered(record)) {
      port.forwards_until = now + options_.forwards;
      return;
    }
    // To nobody that is known: it may be on its way to the pod, to an address that has no
    // name. The path tells where it was sent.
    if (!record.dst && !record.service && record.direction != "egress" &&
        record.direction != "intra-node")
      return;
  }
  add(port.seen, record, now);
}

void SpoofDetector::learn(Port& port, std::uint64_t port_hash, const FlowRecord& record,
                          std::uint32_t now) {
  // What was answered came back to this interface, or was sent to it: routes say whose it is.
  // Of two pods that are here, either's may be meant.
  const bool src = is_here(record.src);
  if (src == is_here(record.dst) || !is_answered(record)) return;
  const IdentityPtr& identity = src ? record.src : record.dst;
  const std::uint64_t pod = pod_of(identity);
  if (port.pod != pod) {
    if (port.pod != 0 && now < port.last + options_.keep) return;
    Place& place = pods_.touch(pod);
    // Somebody else's address, answered: the pod that has it is known at its own interface.
    if (place.port != 0 && place.port != port_hash && now < place.last + options_.keep) return;
    place.port = port_hash;
    port = Port{};
    port.pod = pod;
  }
  port.identity = identity;
  port.last = std::max(port.last, now);
  if (Place* place = pods_.touch_if_known(pod)) place->last = std::max(place->last, now);
  const IpAddress& address = src ? record.tuple.src : target_of(record);
  if (std::ranges::find(port.addresses, address) != port.addresses.end()) return;
  port.addresses[port.next_address++ % port.addresses.size()] = address;
}

void SpoofDetector::from_outside(const FlowRecord& record, std::uint32_t now) {
  if (!record.began || !is_here(record.src)) return;
  const Place* place = pods_.find(pod_of(record.src));
  // A pod without an interface that is watched may well be seen here first.
  if (place == nullptr || now >= place->last + options_.keep) return;
  // The first record of a flow may be told before its own interface has told of it: these
  // are few of many.
  Martian& at = martians_.touch(mix_hash(hash_of(record.interface), pod_of(record.src)));
  at.interface = record.interface;
  at.what = "address of a pod that is here";
  add(at.seen, record, now);
  const bool recent = now >= place->began && now - place->began <= options_.window;
  if (recent && place->flows > at.seen.flows) at.seen.dirty = false;
}

void SpoofDetector::martian(const FlowRecord& record, std::string_view what, std::uint32_t now) {
  Martian& at = martians_.touch(mix_hash(hash_of(record.interface), hash_of(what)));
  at.interface = record.interface;
  at.what = what;
  add(at.seen, record, now);
}

void SpoofDetector::add(Seen& seen, const FlowRecord& record, std::uint32_t now) const {
  if (now > seen.last + options_.window) {
    const std::uint32_t told = seen.told;
    seen = {};
    seen.told = told;
    seen.first = record.first_seen;
  }
  seen.evidence[seen.flows % seen.evidence.size()] = evidence_of(record);
  seen.sources.add(keyed_hash(record.tuple.src));
  seen.address = record.tuple.src;
  seen.source = record.src;
  seen.target = dst_of(record);
  seen.packets += record.forward.packets;
  ++seen.flows;
  seen.last = std::max(seen.last, now);
  seen.dirty = true;
}

bool SpoofDetector::may_tell(Seen& seen, std::uint32_t now) const {
  if (seen.told != 0 && now >= seen.told && now - seen.told < options_.repeat) return false;
  seen.told = now;
  seen.dirty = false;
  return true;
}

Finding SpoofDetector::finding_of(const Seen& seen) const {
  Finding finding;
  finding.target = seen.target;
  finding.target.port = 0;
  finding.first_seen = seen.first;
  finding.last_seen = seen.last * kSecondMicros;
  finding.value = static_cast<double>(seen.packets);
  finding.unit = "packets";
  finding.window = options_.window * kSecondMicros;
  finding.count = seen.packets;
  finding.spoofable = true;
  for (std::size_t i = 0; i < std::min<std::size_t>(seen.flows, seen.evidence.size()); ++i)
    finding.evidence.push_back(seen.evidence[i]);
  std::ranges::sort(finding.evidence, {}, &EvidenceFlow::time);
  return finding;
}

void SpoofDetector::tick(Micros now, const FindingSink& found) {
  const std::uint32_t seconds = seconds_of(now);
  const auto many = [](const Seen& seen) {
    const std::uint64_t sources = seen.sources.estimate();
    return sources <= 1 ? seen.address.to_string() : fmt::format("{} addresses", sources);
  };
  ports_.for_each([&](std::uint64_t, Port& port) {
    Seen& seen = port.seen;
    if (!seen.dirty || seen.packets < options_.least_packets || !may_tell(seen, seconds)) return;
    Finding finding = finding_of(seen);
    finding.kind = "spoofed_source";
    finding.source = {port.addresses[0], port.identity, nullptr, 0, {}};
    finding.key = port.identity->full_name();
    finding.severity = Severity::kHigh;
    // In the name of another pod, to be taken for it; else to hide who sends.
    const bool as_other = is_here(seen.source) && seen.sources.estimate() <= 1;
    finding.technique = as_other ? "T1557" : "T1498";
    finding.threshold = static_cast<double>(options_.least_packets);
    finding.confidence = 0.8;
    // The pod's own: its interface told of it.
    finding.spoofable = false;
    finding.summary =
        fmt::format("{} sent {} packets from {}, which it does not have, to {}",
                    name_of(finding.source), seen.packets,
                    as_other ? fmt::format("{}'s address {}", seen.source->full_name(), many(seen))
                             : many(seen),
                    name_of(finding.target));
    found(std::move(finding));
  });
  martians_.for_each([&](std::uint64_t, Martian& at) {
    Seen& seen = at.seen;
    const bool own = is_here(seen.source);
    if (!seen.dirty || seen.packets < options_.least_martians ||
        (own && seen.flows < options_.least_outside) || !may_tell(seen, seconds))
      return;
    Finding finding = finding_of(seen);
    finding.kind = "martian";
    finding.key = own ? fmt::format("{}/{}", at.interface, seen.source->full_name())
                      : fmt::format("{}/{}", at.interface, at.what);
    finding.source.address = seen.address;
    finding.severity = Severity::kMedium;
    finding.technique = "T1498";
    finding.threshold = static_cast<double>(options_.least_martians);
    finding.confidence = own ? 0.6 : 0.9;
    finding.summary = fmt::format("{} packets from {} to {} came by {}: {}", seen.packets,
                                  many(seen), name_of(finding.target), at.interface, at.what);
    found(std::move(finding));
  });
}

std::size_t SpoofDetector::bytes() const {
  return ports_.bytes() + pods_.bytes() + martians_.bytes();
}

std::uint64_t SpoofDetector::not_followed() const {
  return ports_.evicted() + pods_.evicted() + martians_.evicted();
}

}  // namespace netprobe
