// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/probe_set.h"

#include <algorithm>

namespace netprobe {
namespace {

constexpr Micros kSecondMicros = 1'000'000;
// Places that are looked at for one whose probe is settled.
constexpr std::size_t kTries = 8;
// A time that lies further ahead was told by a clock that has been set back since.
constexpr std::uint32_t kAhead = 60;
// How sure an outcome is: a later record of the same flow may only tell more.
bool tells_more(Outcome outcome, Outcome known) { return outcome > known; }

}  // namespace

std::uint32_t seconds_of(Micros time) {
  return static_cast<std::uint32_t>(std::max<Micros>(time, 0) / kSecondMicros);
}

EvidenceFlow evidence_of(const ScanProbe& probe, const IpAddress& source, const IpAddress& target) {
  return {.time = probe.seconds * kSecondMicros,
          .tuple = {source, target, probe.src_port, probe.port, probe.protocol},
          .flow_id = probe.flow_id,
          .packets = probe.packets,
          .bytes = 0,
          .tcp_flags = probe.flags};
}

bool ProbeSet::add(const ScanProbe& probe) {
  for (ScanProbe& known : probes_) {
    if (known.port != probe.port || known.protocol != probe.protocol || known.peer != probe.peer)
      continue;
    renew(known, probe);
    return false;
  }
  return insert(probe);
}

bool ProbeSet::add_port(const ScanProbe& probe) {
  for (ScanProbe& known : probes_) {
    if (known.port != probe.port || known.protocol != probe.protocol) continue;
    // Whose it is stays; another's answer tells nothing of it.
    if (known.peer == probe.peer) renew(known, probe);
    return false;
  }
  return insert(probe);
}

void ProbeSet::renew(ScanProbe& known, const ScanProbe& probe) {
  if (!tells_more(probe.outcome, known.outcome)) return;
  known.outcome = probe.outcome;
  known.fresh = true;
  known.flags = probe.flags;
  known.packets = static_cast<std::uint16_t>(
      std::min(UINT16_MAX, static_cast<int>(known.packets) + probe.packets));
  // A refused connection is told by how its SYN looked, which only the first record knows.
  if (probe.method != ScanMethod::kConnect) known.method = probe.method;
}

bool ProbeSet::insert(const ScanProbe& probe) {
  if (!is_full()) {
    // By steps, and never more than there is room for.
    if (probes_.size() == probes_.capacity())
      probes_.reserve(std::min(kMost, std::max<std::size_t>(4, probes_.size() * 2)));
    probes_.push_back(probe);
    return true;
  }
  for (std::size_t tried = 0; tried < kTries; ++tried) {
    ScanProbe& place = probes_[oldest_];
    oldest_ = (oldest_ + 1) % kMost;
    if (!place.counts()) continue;
    place = probe;
    return true;
  }
  return false;
}

void ProbeSet::erase(std::size_t i) {
  probes_[i] = probes_.back();
  probes_.pop_back();
  oldest_ = 0;
}

void ProbeSet::remove(const IpAddress& peer, std::uint16_t port, std::uint8_t protocol) {
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    const ScanProbe& probe = probes_[i];
    if (probe.port != port || probe.protocol != protocol || probe.peer != peer) continue;
    return erase(i);
  }
}

void ProbeSet::remove_port(std::uint16_t port, std::uint8_t protocol) {
  for (std::size_t i = 0; i < probes_.size(); ++i)
    if (probes_[i].port == port && probes_[i].protocol == protocol) return erase(i);
}

bool ProbeSet::settle(std::uint32_t now, std::uint32_t patience) {
  bool waiting = false;
  for (ScanProbe& probe : probes_) {
    if (probe.counts()) continue;
    const bool over = now >= probe.seconds + patience || probe.seconds > now + kAhead;
    if (over) {
      probe.outcome = Outcome::kFailed;
      probe.fresh = true;
    }
    waiting = waiting || !over;
  }
  return waiting;
}

void ProbeSet::drop_before(std::uint32_t seconds) {
  if (std::erase_if(probes_, [&](const ScanProbe& probe) { return probe.seconds < seconds; }) > 0)
    oldest_ = 0;
}

}  // namespace netprobe
