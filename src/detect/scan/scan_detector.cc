// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/scan_detector.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "detect/scan/scan_finding.h"

namespace netprobe {
namespace {

// A flow that has carried on for so long was told of already.
constexpr Micros kYoung = 30'000'000;
// What the three counts of answers are of.
constexpr std::uint64_t kAtPort = 1;
constexpr std::uint64_t kAtTarget = 2;
constexpr std::uint64_t kAtAll = 3;
// So large a part of what was tried was answered: peers of a peer-to-peer network.
constexpr double kChatter = 0.2;

std::uint64_t port_word(const FlowTuple& tuple, bool ping) {
  return static_cast<std::uint64_t>(tuple.protocol) << 16 | (ping ? 0U : tuple.dst_port);
}

/// A pod is one source, whatever addresses it has.
std::uint64_t source_of(const RecordBase& record) {
  if (!record.src || record.src->kind != IdentityKind::kPod || record.src->host_network)
    return keyed_hash(record.tuple.src);
  const std::string& id = record.src->uid.empty() ? record.src->name : record.src->uid;
  std::uint64_t hash = hash_key();
  for (std::size_t at = 0; at < id.size(); at += sizeof hash) {
    std::uint64_t word = 0;
    id.copy(reinterpret_cast<char*>(&word), sizeof word, at);
    hash = mix_hash(hash, word);
  }
  return keyed_hash(hash);
}

bool is_young(const FlowRecord& record) {
  return record.began || record.ended || record.handshake > 0 ||
         record.last_seen - record.first_seen < kYoung;
}

}  // namespace

struct ScanDetector::Keys {
  Keys(const FlowRecord& record, bool ping)
      : source(source_of(record)),
        target(keyed_hash(record.tuple.dst)),
        port(port_word(record.tuple, ping)) {}
  [[nodiscard]] std::uint64_t pair() const { return mix_hash(mix_hash(source, target), port); }
  [[nodiscard]] static std::uint64_t group(std::uint64_t source, std::uint64_t of,
                                           std::uint64_t what) {
    return mix_hash(mix_hash(source, of), what);
  }
  std::uint64_t source;
  std::uint64_t target;
  std::uint64_t port;
};

ScanDetector::ScanDetector(const ScanOptions& options)
    : options_(options),
      newcomers_(options.newcomers),
      suspects_(options.suspects),
      targets_(options.targets) {}

void ScanDetector::on_flow(const FlowRecord& record) {
  if (record.folded.records != 0) return;
  const Contact contact = contact_of(record);
  switch (contact.outcome) {
    case Outcome::kNothing:
      return;
    case Outcome::kGood:
    case Outcome::kOpen:
      if (!is_young(record)) return;
      return answered(record, Keys(record, false), contact.outcome == Outcome::kGood);
    case Outcome::kPending:
    case Outcome::kFailed:
    case Outcome::kEmpty:
      return failed(record, Keys(record, contact.method == ScanMethod::kPing), contact);
  }
}

void ScanDetector::answered(const FlowRecord& record, const Keys& keys, bool good) {
  const FlowTuple& tuple = record.tuple;
  if (good)
    answered_.add(keys.pair(), {Keys::group(keys.source, keys.port, kAtPort),
                                Keys::group(keys.source, keys.target, kAtTarget),
                                Keys::group(keys.source, 0, kAtAll)});
  if (ScanSuspect* suspect = suspects_.find(keys.source)) {
    suspect->probes.remove(tuple.dst, tuple.dst_port, tuple.protocol);
    if (good) suspect->answered.add(keys.pair());
  } else if (Newcomer* newcomer = newcomers_.find(keys.source)) {
    for (std::size_t i = 0; i < newcomer->size; ++i) {
      const ScanProbe& probe = newcomer->probes[i];
      if (probe.peer != tuple.dst || probe.port != tuple.dst_port ||
          probe.protocol != tuple.protocol)
        continue;
      newcomer->probes[i] = newcomer->probes[--newcomer->size];
      break;
    }
  }
  if (ScanTarget* target = targets_.find(keys.target))
    target->probes.remove_port(tuple.dst_port, tuple.protocol);
}

void ScanDetector::failed(const FlowRecord& record, const Keys& keys, Contact contact) {
  if (answered_.knows(keys.pair())) return;
  const bool ping = contact.method == ScanMethod::kPing;
  const ScanProbe probe{
      .peer = record.tuple.dst,
      .flow_id = record.flow_id,
      .seconds = seconds_of(record.last_seen != 0 ? record.last_seen : record.time),
      .port = ping ? std::uint16_t{0} : record.tuple.dst_port,
      .src_port = record.tuple.src_port,
      .packets = static_cast<std::uint16_t>(
          std::min<std::uint64_t>(record.forward.packets + record.reverse.packets, UINT16_MAX)),
      .protocol = record.tuple.protocol,
      .method = contact.method,
      .flags = record.tcp_flags,
      .outcome = contact.outcome};
  if (ScanSuspect* suspect = suspects_.touch_if_known(keys.source)) {
    add_to_suspect(*suspect, record, probe);
  } else {
    Newcomer& newcomer = newcomers_.touch(keys.source);
    newcomer.last = probe.seconds;
    bool known = false;
    for (std::size_t i = 0; i < newcomer.size && !known; ++i) {
      ScanProbe& other = newcomer.probes[i];
      known =
          other.peer == probe.peer && other.port == probe.port && other.protocol == probe.protocol;
      if (known && probe.outcome > other.outcome) other.outcome = probe.outcome;
    }
    if (!known && newcomer.size < Newcomer::kMost) {
      newcomer.probes[newcomer.size++] = probe;
    } else if (!known) {
      add_to_suspect(promote(keys.source, record, newcomer), record, probe);
      newcomers_.drop(keys.source);
    }
  }
  if (!ping) add_to_target(record, keys, probe);
}

ScanSuspect& ScanDetector::promote(std::uint64_t source, const FlowRecord& record,
                                   const Newcomer& newcomer) {
  ScanSuspect& suspect = suspects_.touch(source);
  suspect.address = record.tuple.src;
  suspect.outside = is_outside(record.src, record.tuple.src);
  for (std::size_t i = 0; i < newcomer.size; ++i) {
    const ScanProbe& probe = newcomer.probes[i];
    suspect.probes.add(probe);
    suspect.targets.add(keyed_hash(probe.peer));
    suspect.ports.add(keyed_hash(probe.port));
    ++suspect.count;
  }
  return suspect;
}

void ScanDetector::add_to_suspect(ScanSuspect& suspect, const FlowRecord& record,
                                  const ScanProbe& probe) {
  suspect.dirty = true;
  suspect.last = std::max(suspect.last, probe.seconds);
  if (record.src) suspect.identity = record.src;
  if (record.src_process) suspect.process = record.src_process;
  // A pod's packets that its own interface saw; role alone may be that of the target's.
  const bool pod = record.src && record.src->kind == IdentityKind::kPod;
  suspect.proven = suspect.proven || record.src_process || (pod && record.role == Role::kPod);
  if (record.tuple.src.is_v4() != suspect.address.is_v4()) suspect.other_family = record.tuple.src;
  const auto known = std::ranges::find(suspect.tried, probe.peer, &ScanSuspect::Tried::address);
  const auto last = known == suspect.tried.end() ? known - 1 : known;
  std::rotate(suspect.tried.begin(), last, last + 1);
  suspect.tried.front() = {probe.peer, record.dst};
  const std::size_t before = suspect.probes.all().size();
  const bool added = suspect.probes.add(probe);
  // What finds no room, because all wait for answers, is counted all the same.
  if (!added && before < ProbeSet::kMost) return;
  suspect.targets.add(keyed_hash(probe.peer));
  suspect.ports.add(keyed_hash(probe.port));
  if (added) ++suspect.count;
}

void ScanDetector::add_to_target(const FlowRecord& record, const Keys& keys, ScanProbe probe) {
  ScanTarget& target = targets_.touch(keys.target);
  target.address = record.tuple.dst;
  if (record.dst) target.identity = record.dst;
  target.last = std::max(target.last, probe.seconds);
  probe.peer = record.tuple.src;
  target.sources.add(keys.source);
  if (!target.probes.add_port(probe)) return;
  ++target.count;
  target.dirty = true;
}

void ScanDetector::forget_old(std::uint32_t now) {
  const auto is_over = [&](std::uint32_t last, std::uint32_t window) {
    return last + window < now;
  };
  newcomers_.drop_idle([&](std::uint64_t, const Newcomer& newcomer) {
    return is_over(newcomer.last, options_.slow_window);
  });
  suspects_.drop_idle([&](std::uint64_t, const ScanSuspect& suspect) {
    return is_over(suspect.last, options_.slow_window);
  });
  targets_.drop_idle([&](std::uint64_t, const ScanTarget& target) {
    return is_over(target.last, options_.distributed_window);
  });
}

void ScanDetector::tick(Micros now, const FindingSink& found) {
  const std::uint32_t seconds = seconds_of(now);
  told_ = 0;
  answered_.tick(now);
  suspects_.for_each([&](std::uint64_t key, ScanSuspect& suspect) {
    if (!suspect.dirty) return;
    source_key_ = key;
    look_at(suspect, seconds, found);
  });
  targets_.for_each([&](std::uint64_t, ScanTarget& target) {
    if (target.dirty) look_at(target, seconds, found);
  });
  forget_old(seconds);
}

bool ScanDetector::may_tell(ScanSuspect& suspect, std::uint64_t what, std::uint32_t now) const {
  ScanSuspect::Told* place = suspect.told.data();
  for (ScanSuspect::Told& told : suspect.told) {
    if (told.what == what) {
      if (now >= told.seconds && now - told.seconds < options_.repeat) return false;
      place = &told;
      break;
    }
    if (told.seconds < place->seconds) place = &told;
  }
  *place = {what, now};
  return true;
}

bool ScanDetector::mostly_answered(std::uint64_t source, const ScanSuspect& suspect,
                                   const ShapeFound& shape) const {
  std::uint64_t tried = shape.score;
  std::uint64_t answered = 0;
  switch (shape.shape) {
    case ScanShape::kVertical:
      answered = answered_.count(Keys::group(source, keyed_hash(shape.target), kAtTarget));
      break;
    case ScanShape::kHorizontal:
      if (suspect.probes.is_full()) tried = std::max(tried, suspect.targets.estimate());
      answered = answered_.count(
          Keys::group(source, std::uint64_t{shape.protocol} << 16 | shape.port, kAtPort));
      if (shape.slow) answered = std::max(answered, suspect.answered.estimate());
      break;
    case ScanShape::kBlock:
      if (suspect.probes.is_full()) tried = std::max(tried, suspect.count);
      answered = answered_.count(Keys::group(source, 0, kAtAll));
      break;
    case ScanShape::kSweep:
      break;
  }
  return answered > tried;
}

void ScanDetector::look_at(ScanSuspect& suspect, std::uint32_t now, const FindingSink& found) {
  auto& probes = suspect.probes.all();
  if (now > options_.slow_window) suspect.probes.drop_before(now - options_.slow_window);
  suspect.dirty = suspect.probes.settle(now, options_.patience);
  const std::uint32_t least = std::min({options_.vertical_ports, options_.outside_targets,
                                        options_.inside_targets, options_.block_pairs});
  if (probes.size() < least) return;
  if (now < suspect.quiet_until && suspect.quiet_until - now <= options_.repeat) {
    suspect.dirty = true;
    return;
  }
  for (const ShapeFound& shape : shapes_of(suspect.probes, now, suspect.outside, options_)) {
    if (mostly_answered(source_key_, suspect, shape)) continue;
    const std::uint64_t what = mix_hash(
        mix_hash(keyed_hash(shape.target), std::uint64_t{shape.protocol} << 16 | shape.port),
        static_cast<std::uint64_t>(shape.shape) << 1 | (shape.slow ? 1U : 0U));
    if (told_ >= options_.max_findings) {
      ++not_told_;
      suspect.dirty = true;
      continue;
    }
    if (!may_tell(suspect, what, now)) {
      suspect.dirty = true;
      continue;
    }
    const auto answered = static_cast<double>(answered_.count(Keys::group(source_key_, 0, kAtAll)));
    const bool wide = shape.shape == ScanShape::kHorizontal || shape.shape == ScanShape::kBlock;
    const bool chatter = wide && answered >= kChatter * static_cast<double>(shape.score) &&
                         shape.method == ScanMethod::kUdp;
    ++told_;
    if (shape.shape == ScanShape::kBlock) suspect.quiet_until = now + options_.repeat;
    found(finding_of(suspect, shape, chatter, options_));
    for (const std::uint8_t i : shape.members) {
      probes[i].fresh = false;
      probes[i].told = probes[i].told || !shape.slow;
    }
  }
}

void ScanDetector::look_at(ScanTarget& target, std::uint32_t now, const FindingSink& found) {
  const std::uint32_t window = options_.distributed_window;
  if (now > window) target.probes.drop_before(now - window);
  target.dirty = target.probes.settle(now, options_.patience);
  if (target.probes.all().size() < options_.distributed_ports) return;
  std::uint32_t ports = 0;
  std::uint32_t most = 0;
  std::uint32_t outside = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> by_source;
  for (const ScanProbe& probe : target.probes.all()) {
    if (probe.outcome != Outcome::kFailed) continue;
    ++ports;
    most = std::max(most, ++by_source[keyed_hash(probe.peer)]);
    outside += is_outside(nullptr, probe.peer) ? 1 : 0;
  }
  if (ports < options_.distributed_ports || by_source.size() < options_.distributed_sources ||
      most * 2 > ports)
    return;
  const bool too_soon =
      target.told != 0 && now >= target.told && now - target.told < options_.repeat;
  if (too_soon || told_ >= options_.max_findings) {
    target.dirty = true;
    if (!too_soon) ++not_told_;
    return;
  }
  target.told = now;
  ++told_;
  found(finding_of(target, ports, static_cast<std::uint32_t>(by_source.size()), outside * 2 > ports,
                   options_));
}

std::size_t ScanDetector::bytes() const {
  std::size_t bytes = answered_.bytes() + newcomers_.bytes() + suspects_.bytes() + targets_.bytes();
  suspects_.for_each(
      [&](std::uint64_t, const ScanSuspect& suspect) { bytes += suspect.probes.bytes(); });
  targets_.for_each(
      [&](std::uint64_t, const ScanTarget& target) { bytes += target.probes.bytes(); });
  return bytes;
}

std::uint64_t ScanDetector::not_followed() const {
  return newcomers_.evicted() + suspects_.evicted() + targets_.evicted() + not_told_;
}

}  // namespace netprobe
