// SPDX-License-Identifier: Apache-2.0
#include "detect/beacon/beacon_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/duration.h"

namespace netprobe {
namespace {

constexpr Micros kMilli = 1'000;
/// Records are not in order to the second; what goes back by more is a clock that was set.
constexpr Micros kClockSet = 600LL * 1'000'000;
/// A learnt destination that is not a clock's after so many calls is none.
constexpr std::uint32_t kEnoughCalls = kMostCalls;

bool is_answered(const FlowRecord& record) {
  if (record.tuple.protocol != kProtoTcp) return true;
  if ((record.reverse_tcp_flags & kTcpSyn) != 0) return true;
  // Seen from the middle: a reset alone has an ACK as well.
  return (record.reverse_tcp_flags & (kTcpAck | kTcpRst)) == kTcpAck;
}

/// More than acknowledgements and TCP's own keep-alives.
bool has_payload(const FlowRecord& record) {
  const std::uint64_t header = record.tuple.dst.is_v4() ? 52 : 72;
  return record.tuple.protocol != kProtoTcp ||
         record.forward.bytes > record.forward.packets * header;
}

std::string_view technique_of(std::uint16_t port) {
  for (const int web : {80, 443, 8080, 8443})
    if (port == web) return "T1071.001";
  for (const int known : {21, 22, 25, 110, 143, 389, 465, 587, 636, 993, 995, 1883, 8883})
    if (port == known) return "T1071";
  return "T1571";
}

std::uint32_t capped(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
}

std::string interval_text(std::uint32_t millis) {
  const Nanos step = millis < 10'000 ? 100 * kMillisecond : kSecond;
  return format_duration((Nanos{millis} * kMillisecond + step / 2) / step * step);
}

}  // namespace

BeaconDetector::BeaconDetector(BeaconOptions options)
    : options_(std::move(options)),
      subjects_(options_.seed != 0 ? options_.seed : random_seed(), options_.inside),
      workloads_(options_.max_workloads),
      learnt_(options_.max_learnt),
      once_(options_.max_once),
      pairs_(options_.max_pairs),
      callers_(options_.max_services) {
  options_.popular = std::clamp<unsigned>(options_.popular, 1, kMostCallers);
  options_.min_calls = std::max(options_.min_calls, 4U);
}

bool BeaconDetector::is_of_interest(const FlowRecord& record) const {
  if (record.forward.packets == 0) return false;
  if (record.tuple.protocol != kProtoTcp && record.tuple.protocol != kProtoUdp) return false;
  if (record.service || (record.dst && record.dst->kind != IdentityKind::kExternal)) return false;
  if (!is_answered(record)) return false;
  const auto& ignored = options_.ignored_ports;
  return std::find(ignored.begin(), ignored.end(), record.tuple.dst_port) == ignored.end();
}

bool BeaconDetector::ends_of(const FlowRecord& record, Contact& contact) const {
  contact.dst = subjects_.target(record, record.tuple.dst);
  if (contact.dst.place != Place::kOutside && contact.dst.place != Place::kLocal) return false;
  contact.src = subjects_.source(record);
  if (contact.src.id == 0 || contact.src.place == Place::kOutside) return false;
  // An address that nobody is known for may be made up, unless somebody answers it.
  if (!contact.src.named && record.reverse.packets == 0) return false;
  const std::uint64_t port =
      std::uint64_t{record.tuple.dst_port} << 8U | std::uint64_t{record.tuple.protocol};
  const std::uint64_t seed = subjects_.seed() ^ port;
  contact.service = mix_hash(seed, record.tuple.dst);
  contact.pair = mix_hash(contact.service, contact.src.id);
  contact.learnt = mix_hash(mix_hash(seed, network_around(record.tuple.dst)), contact.src.id);
  return true;
}

void BeaconDetector::note_ends(const FlowRecord& record) {
  // Names only: addresses may be made up.
  if (record.src || record.src_process)
    note_workload(subjects_.source(record).id, record.last_seen);
  if (record.dst || record.dst_process)
    note_workload(subjects_.server(record, record.tuple.dst).id, record.last_seen);
}

BeaconDetector::Workload& BeaconDetector::note_workload(std::uint64_t id, Micros now) {
  Workload& workload = workloads_.touch(id);
  // A clock that was set back must not make learning longer than it is.
  if (workload.first == 0 || workload.first > now + kClockSet) workload.first = now;
  return workload;
}

void BeaconDetector::on_flow(const FlowRecord& record) {
  if (record.began) note_ends(record);
  Contact contact;
  if (!is_of_interest(record) || !ends_of(record, contact)) return;
  const Workload& workload = note_workload(contact.src.id, record.last_seen);
  Learnt* learnt = learnt_.touch_if_known(contact.learnt);
  if (learnt == nullptr && record.last_seen - workload.first < options_.learning)
    learnt = &learnt_.touch(contact.learnt);
  if (learnt != nullptr && learnt->judged) return;

  Pair* pair = pairs_.touch_if_known(contact.pair);
  if (pair != nullptr && pair->last > record.last_seen + kClockSet) {
    pairs_.drop(contact.pair);
    pair = nullptr;
  }
  Once* once = pair == nullptr ? once_.touch_if_known(contact.pair) : nullptr;
  const Micros before = pair != nullptr ? pair->last : once != nullptr ? once->last : 0;
  // The first record of a flow may have been passed over: nobody had answered yet.
  const Micros start = record.first_seen > before ? record.first_seen : record.time;
  if (pair == nullptr) {
    pair = second_call(once, record, contact, start);
    if (pair == nullptr) return;
  } else if (start - before >= options_.min_gap) {
    if (record.first_seen > before || has_payload(record)) add_call(*pair, record, start);
  } else {
    pair->sent += record.forward.bytes;
    pair->last = std::max(pair->last, record.last_seen);
    return;
  }
  judge(*pair, learnt, record, contact);
}

BeaconDetector::Pair* BeaconDetector::second_call(Once* once, const FlowRecord& record,
                                                  const Contact& contact, Micros start) {
  if (once == nullptr) {
    note_caller(contact);
    once_.touch(contact.pair) = {
        .first = start, .last = record.last_seen, .sent = capped(record.forward.bytes)};
    return nullptr;
  }
  const bool is_call = record.first_seen > once->last || has_payload(record);
  if (start - once->last < options_.min_gap || !is_call) {
    once->last = std::max(once->last, record.last_seen);
    once->sent = capped(once->sent + record.forward.bytes);
    return nullptr;
  }
  const Once first = *once;
  once_.drop(contact.pair);
  Pair& pair = pairs_.touch(contact.pair);
  pair.first = pair.start = first.first;
  pair.last = first.last;
  pair.sent = first.sent;
  add_call(pair, record, start);
  return &pair;
}

void BeaconDetector::add_call(Pair& pair, const FlowRecord& record, Micros start) {
  pair.intervals[pair.at % kMostCalls] =
      capped(static_cast<std::uint64_t>(start - pair.start) / kMilli);
  pair.sizes[pair.at % kMostCalls] = capped(pair.sent);
  ++pair.at;
  pair.start = start;
  pair.last = std::max(start, record.last_seen);
  pair.sent = record.forward.bytes;
  pair.newest[pair.calls % kEvidence] = {
      .src = record.tuple.src,
      .time = record.last_seen,
      .flow_id = record.flow_id,
      .bytes = record.forward.bytes + record.reverse.bytes,
      .packets = capped(record.forward.packets + record.reverse.packets),
      .src_port = record.tuple.src_port,
      .flags = record.tcp_flags};
  ++pair.calls;
}

void BeaconDetector::judge(Pair& pair, Learnt* learnt, const FlowRecord& record,
                           const Contact& contact) {
  if (pair.calls < options_.min_calls || pair.start - pair.first < options_.min_duration) return;
  const std::size_t n = std::min<std::size_t>(pair.at, kMostCalls);
  std::array<std::uint32_t, kMostCalls> intervals{};
  for (std::size_t i = 0; i < n; ++i) intervals[i] = pair.intervals[(pair.at - n + i) % kMostCalls];
  const Regularity regular = regularity_of({intervals.data(), n}, {pair.sizes.data(), n});
  const bool is_clock = regular.score >= options_.min_score &&
                        regular.timing.spread <= most_spread(options_.max_spread, pair.calls);
  Workload& workload = workloads_.touch(contact.src.id);
  if (learnt != nullptr) {
    if (!is_clock && pair.calls < kEnoughCalls) return;
    learnt->judged = true;
    if (is_clock) ++workload.regular;
    pairs_.drop(contact.pair);
    return;
  }
  if (!is_clock || workload.regular >= options_.prober) return;
  const Callers* callers = callers_.touch_if_known(contact.service);
  if (callers != nullptr && callers->n >= options_.popular) return;
  tell(pair, regular, record);
}

void BeaconDetector::tell(const Pair& pair, const Regularity& regular, const FlowRecord& record) {
  if (pending_.size() >= kMostPending) {
    ++not_told_;
    return;
  }
  Finding finding;
  finding.kind = "beacon";
  finding.technique = technique_of(record.tuple.dst_port);
  finding.severity = finding.technique == "T1571" ? Severity::kHigh : Severity::kMedium;
  finding.key =
      fmt::format("{}>{}:{}", subject_name(record.src, record.src_process, record.tuple.src),
                  record.tuple.dst.to_string(), record.tuple.dst_port);
  finding.source = src_of(record);
  finding.source.port = 0;
  finding.target = dst_of(record);
  finding.summary = fmt::format(
      "{} calls {} port {} every {} (deviation {:.0f} %), {} times in {}, each time about {} bytes",
      name_of(finding.source), name_of(finding.target), record.tuple.dst_port,
      interval_text(regular.timing.median), regular.timing.spread * 100, pair.calls,
      format_duration((pair.start - pair.first) / 1'000'000 * kSecond), regular.size.median);
  finding.expected = fmt::format(
      "No calls like a clock's to whom it did not call in its first {}; regularity below {:.2f}",
      format_duration(options_.learning * kMicrosecond), options_.min_score);
  finding.first_seen = pair.first;
  finding.last_seen = pair.last;
  finding.value = regular.score;
  finding.threshold = options_.min_score;
  finding.unit = "regularity";
  finding.window = pair.start - pair.first;
  const double room = std::max(0.01, 1 - options_.min_score);
  // Few calls that look alike may be chance; of more they hardly are.
  const double proof = std::min(1.0, 0.6 + 0.4 * pair.calls / 30.0);
  finding.confidence = proof * (0.6 + 0.4 * (regular.score - options_.min_score) / room);
  finding.spoofable = record.tuple.protocol != kProtoTcp && record.reverse.packets == 0;
  finding.count = pair.calls;
  for (std::uint32_t i = 0; i < kEvidence; ++i) {
    const Call& call = pair.newest[(pair.calls + i) % kEvidence];
    if (call.time == 0) continue;
    EvidenceFlow flow{.time = call.time,
                      .tuple = record.tuple,
                      .flow_id = call.flow_id,
                      .packets = call.packets,
                      .bytes = call.bytes,
                      .tcp_flags = call.flags};
    flow.tuple.src = call.src;
    flow.tuple.src_port = call.src_port;
    add_evidence(finding.evidence, flow);
  }
  pending_.push_back(std::move(finding));
}

void BeaconDetector::note_caller(const Contact& contact) {
  Callers& callers = callers_.touch(contact.service);
  const auto id = static_cast<std::uint32_t>(contact.src.id);
  const auto end = callers.ids.begin() + callers.n;
  if (callers.n < kMostCallers && std::find(callers.ids.begin(), end, id) == end)
    callers.ids[callers.n++] = id;
}

void BeaconDetector::tick(Micros /*now*/, const FindingSink& found) {
  for (Finding& finding : pending_) found(std::move(finding));
  pending_.clear();
}

std::size_t BeaconDetector::bytes() const {
  return workloads_.bytes() + learnt_.bytes() + once_.bytes() + pairs_.bytes() + callers_.bytes() +
         pending_.capacity() * sizeof(Finding);
}

std::uint64_t BeaconDetector::not_followed() const {
  return workloads_.evicted() + pairs_.evicted() + not_told_;
}

}  // namespace netprobe
