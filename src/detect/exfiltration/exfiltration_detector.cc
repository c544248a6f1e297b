// SPDX-License-Identifier: Apache-2.0
#include "detect/exfiltration/exfiltration_detector.h"

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

constexpr Micros kHour = 3600LL * 1'000'000;
constexpr std::size_t kMostHot = 256;
/// A clock that jumps by more was set: what was summed up is of no known hour.
constexpr std::int64_t kMostHours = 24;

/// VXLAN, Geneve and WireGuard between nodes: what is inside is a flow of its own.
bool is_tunnel(const FlowTuple& tuple, Place place) {
  if (tuple.protocol != kProtoUdp || place != Place::kLocal) return false;
  for (const int port : {4789, 6081, 8472, 51820, 51821})
    if (tuple.dst_port == port) return true;
  return false;
}

}  // namespace

ExfiltrationDetector::ExfiltrationDetector(ExfiltrationOptions options)
    : options_(std::move(options)),
      subjects_(options_.seed != 0 ? options_.seed : random_seed(), options_.inside),
      workloads_(options_.max_workloads),
      peers_(options_.max_peers),
      known_(options_.max_known) {}

bool ExfiltrationDetector::traffic_of(const FlowRecord& record, Traffic& traffic) const {
  const bool translated = record.nat && !record.translated.dst.is_unspecified();
  const IpAddress& answers = translated ? record.translated.dst : record.tuple.dst;
  const Place from = subjects_.source_place(record);
  const Place to = record.service ? Place::kCluster : subjects_.target_place(record, answers);
  if (from == Place::kOutside) {
    // Somebody outside called: what it was answered is what went out.
    if (to == Place::kNobody || to == Place::kOutside || record.reverse.packets == 0) return false;
    traffic.self = subjects_.server(record, answers);
    traffic.self_end = {.address = answers,
                        .identity = record.dst,
                        .process = record.dst_process,
                        .port = record.tuple.dst_port,
                        .text = {}};
    traffic.peer_end = src_of(record);
    traffic.out = record.reverse.bytes;
    traffic.in = record.forward.bytes;
  } else {
    if (from == Place::kNobody || (to != Place::kOutside && to != Place::kLocal)) return false;
    if (is_tunnel(record.tuple, to)) return false;
    traffic.self = subjects_.source(record);
    // An address that nobody is known for may be made up, unless somebody answers it.
    if (!traffic.self.named && record.reverse.packets == 0) return false;
    traffic.self_end = src_of(record);
    traffic.self_end.port = 0;
    traffic.peer_end = dst_of(record);
    traffic.out = record.forward.bytes;
    traffic.in = record.reverse.bytes;
    traffic.began = true;
  }
  return traffic.self.id != 0;
}

void ExfiltrationDetector::note_ends(const FlowRecord& record) {
  // Names only: addresses may be made up.
  if (record.src || record.src_process) note(subjects_.source(record).id, record.last_seen);
  if (record.dst || record.dst_process)
    note(subjects_.server(record, record.tuple.dst).id, record.last_seen);
}

Micros ExfiltrationDetector::note(std::uint64_t id, Micros now) {
  Known& known = known_.touch(id);
  // A clock that was set back must not make learning longer than it is.
  if (known.first == 0 || known.first > now + kHour) known.first = now;
  return known.first;
}

void ExfiltrationDetector::on_flow(const FlowRecord& record) {
  if (record.began) note_ends(record);
  Traffic traffic;
  if (!traffic_of(record, traffic)) return;
  roll(record.time);
  Workload& workload = workloads_.touch(traffic.self.id);
  if (workload.used == 0) workload.self = traffic.self_end;
  workload.used = record.last_seen;
  const Micros since = note(traffic.self.id, record.last_seen);
  const bool learning = record.last_seen - since < options_.learning;
  const bool fresh = traffic.began && is_fresh(record, traffic, learning);
  for (Sums* sums : {&workload.hour, &workload.day}) {
    sums->out += traffic.out;
    sums->in += traffic.in;
    if (fresh) sums->fresh += traffic.out;
  }
  add_top(workload, record, traffic, fresh);
  if (learning || workload.hot) return;
  if (workload.hour.out < options_.floor && workload.day.out < options_.day_floor) return;
  workload.self = std::move(traffic.self_end);
  if (!excess_of(workload).over) return;
  if (hot_.size() >= kMostHot) {
    ++not_told_;
    return;
  }
  workload.hot = true;
  workload.over_since = record.last_seen;
  hot_.push_back(traffic.self.id);
}

bool ExfiltrationDetector::is_fresh(const FlowRecord& record, const Traffic& traffic,
                                    bool learning) {
  const std::uint64_t key =
      mix_hash(mix_hash(mix_hash(subjects_.seed(), network_around(traffic.peer_end.address)),
                        std::uint64_t{record.tuple.dst_port} << 8U | record.tuple.protocol),
               traffic.self.id);
  if (Peer* known = peers_.touch_if_known(key))
    return known->first != 0 && record.last_seen - known->first < options_.fresh_peer;
  peers_.touch(key).first = learning ? 0 : record.last_seen;
  return !learning;
}

void ExfiltrationDetector::add_top(Workload& workload, const FlowRecord& record,
                                   const Traffic& traffic, bool fresh) {
  auto& top = workload.top;
  const auto is_it = [&](const Top& one) {
    return one.peer.address == traffic.peer_end.address && one.peer.port == traffic.peer_end.port &&
           one.protocol == record.tuple.protocol;
  };
  auto one = std::find_if(top.begin(), top.end(), is_it);
  if (one == top.end()) {
    // The least goes, and leaves its sum: who sends much stays at the top (space-saving).
    one = std::min_element(top.begin(), top.end(),
                           [](const Top& a, const Top& b) { return a.out < b.out; });
    const std::uint64_t inherited = one->out;
    *one = Top{.peer = traffic.peer_end,
               .out = inherited,
               .protocol = record.tuple.protocol,
               .fresh = fresh,
               .flow = {}};
  }
  one->out += traffic.out;
  const bool same = one->flow.flow_id == record.flow_id && one->flow.tuple == record.tuple;
  const std::uint64_t packets = same ? one->flow.packets : 0;
  const std::uint64_t bytes = same ? one->flow.bytes : 0;
  one->flow = evidence_of(record);
  one->flow.packets += packets;
  one->flow.bytes += bytes;
}

ExfiltrationDetector::Excess ExfiltrationDetector::excess_of(const Workload& workload,
                                                             const Sums& sums, std::uint64_t usual,
                                                             std::uint64_t floor) const {
  const auto over = [&](double factor) {
    return std::max(static_cast<double>(floor), factor * static_cast<double>(usual));
  };
  Excess excess{.out = sums.out, .usual = usual, .limit = 0};
  const auto out = static_cast<double>(sums.out);
  const double ratio = RatioBaseline::ratio(sums.out, sums.in);
  excess.fresh = sums.fresh >= (sums.out - std::min(sums.out, usual)) / 2 && sums.fresh > 0;
  excess.shifted = workload.ratio.known() ? ratio - workload.ratio.usual() >= options_.ratio_shift
                                          : ratio >= options_.ratio_shift;
  const double limit =
      over(excess.fresh || excess.shifted ? options_.factor : options_.much_factor);
  excess.limit = static_cast<std::uint64_t>(limit);
  excess.over = out >= limit;
  return excess;
}

ExfiltrationDetector::Excess ExfiltrationDetector::excess_of(const Workload& workload) const {
  Excess excess = excess_of(workload, workload.hour, workload.usual_hour, options_.floor);
  if (excess.over) return excess;
  excess = excess_of(workload, workload.day, workload.usual_day, options_.day_floor);
  excess.day = true;
  return excess;
}

void ExfiltrationDetector::roll(Micros now) {
  const std::int64_t hour = now / kHour;
  if (hour == hour_ || hour + 1 == hour_) return;  // records of the hour before may be late
  const bool ends = hour_ >= 0 && hour > hour_ && hour - hour_ <= kMostHours;
  const auto next = static_cast<unsigned>(hour % 24);
  for (const std::uint64_t id : hot_)
    if (Workload* workload = workloads_.find(id)) workload->hot = false;
  hot_.clear();
  workloads_.drop_idle([&](std::uint64_t, const Workload& workload) {
    return now - workload.used > options_.forget;
  });
  workloads_.for_each([&](std::uint64_t, Workload& workload) {
    if (ends) {
      workload.volume.add_hour(static_cast<unsigned>(hour_ % 24), workload.hour.out);
      workload.ratio.add(workload.hour.out, workload.hour.in);
      if (hour / 24 != hour_ / 24) workload.volume.add_day(workload.day.out);
    }
    workload.hour = {};
    if (!ends || hour / 24 != hour_ / 24) workload.day = {};
    workload.top = {};
    workload.told = 0;
    workload.usual_hour = workload.volume.usual_hour(next);
    workload.usual_day = workload.volume.usual_day();
  });
  hour_ = hour;
}

void ExfiltrationDetector::tick(Micros now, const FindingSink& found) {
  roll(now);
  for (const std::uint64_t id : hot_) {
    Workload* workload = workloads_.find(id);
    if (workload == nullptr) continue;
    if (workload->told != 0 && now - workload->told < options_.repeat) continue;
    const Excess excess = excess_of(*workload);
    if (!excess.over) continue;
    workload->told = now;
    tell(*workload, excess, found);
  }
}

std::size_t ExfiltrationDetector::bytes() const {
  return workloads_.bytes() + peers_.bytes() + known_.bytes() +
         hot_.capacity() * sizeof(std::uint64_t);
}

std::uint64_t ExfiltrationDetector::not_followed() const {
  return workloads_.evicted() + not_told_;
}

}  // namespace netprobe
