// SPDX-License-Identifier: Apache-2.0
#include "detect/lateral/lateral_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/duration.h"

namespace netprobe {
namespace {

constexpr Micros kHour = 3600LL * 1'000'000;
/// Ports from here on are mostly those of clients, and a target's only by chance.
constexpr std::uint16_t kFirstClientPort = 32'768;
/// Whom one asks for names says nothing of whom one talks to.
constexpr std::uint16_t kDns = 53;
/// Records are not in order to the second; what goes back by more is a clock that was set.
constexpr Micros kClockSet = 600LL * 1'000'000;

std::uint32_t hours(Micros time) { return static_cast<std::uint32_t>(time / kHour); }

bool is_api_server(const FlowRecord& record, std::uint16_t port) {
  const Identity* service = record.service.get();
  if (service != nullptr && service->name_space == "default" && service->name == "kubernetes")
    return true;
  return port == 6443;
}

/// A connection that was set up before our eyes; so its ends are who they say they are, and
/// it is known who began. Of UDP an answer has to do.
bool is_set_up(const FlowRecord& record) {
  if (record.tuple.protocol == kProtoTcp)
    return (record.tcp_flags & kTcpSyn) != 0 && (record.reverse_tcp_flags & kTcpSyn) != 0;
  return record.tuple.protocol == kProtoUdp && record.reverse.packets > 0;
}

}  // namespace

LateralDetector::LateralDetector(LateralOptions options)
    : options_(std::move(options)),
      subjects_(options_.seed != 0 ? options_.seed : random_seed(), options_.inside),
      edges_(options_.max_edges),
      sources_(options_.max_subjects),
      services_(options_.max_services) {}

bool LateralDetector::is_of_interest(const FlowRecord& record) const {
  if (!is_set_up(record)) return false;
  // What goes on is looked at when it began, and when it ends.
  return record.began || record.ended || record.reverse.packets > 0;
}

bool LateralDetector::ends_of(const FlowRecord& record, Contact& contact) const {
  const bool translated = record.nat && !record.translated.dst.is_unspecified();
  const FlowTuple& tuple = translated ? record.translated : record.tuple;
  contact.port = tuple.dst_port;
  if (contact.port >= kFirstClientPort || contact.port == kDns) return false;
  if (is_api_server(record, record.tuple.dst_port) || is_api_server(record, contact.port))
    return false;
  contact.src = subjects_.source(record);
  contact.dst = subjects_.target(record, tuple.dst);
  if (contact.dst.place == Place::kOutside && record.service)
    contact.dst = subjects_.service(record);
  for (const Subject* end : {&contact.src, &contact.dst})
    if (end->place == Place::kNobody || end->place == Place::kOutside) return false;
  if (contact.src.id == contact.dst.id) return false;  // replicas of one workload
  // Without names, and without a handshake, an address may be anybody's.
  if (record.tuple.protocol != kProtoTcp && (!contact.src.named || !contact.dst.named))
    return false;
  // A cluster's nodes probe pods, whatever port these have.
  const bool node = record.src && record.src->kind == IdentityKind::kNode;
  if (node && service_port(contact.port).use != PortUse::kAdmin) return false;
  contact.service = mix_hash(mix_hash(contact.dst.id, std::uint64_t{contact.port}),
                             std::uint64_t{record.tuple.protocol});
  contact.edge = edge_of(contact.src, contact.service);
  return true;
}

std::uint64_t LateralDetector::edge_of(const Subject& src, std::uint64_t service) const {
  return mix_hash(mix_hash(subjects_.seed(), src.id), service);
}

/// Who is called is known as well, though it never begins anything.
LateralDetector::Source& LateralDetector::note(std::uint64_t id, Micros now) {
  Source& source = sources_.touch(id);
  if (source.first == 0 || source.first > now + kClockSet) source.first = now;
  return source;
}

void LateralDetector::on_flow(const FlowRecord& record) {
  Contact contact;
  if (!is_of_interest(record) || !ends_of(record, contact)) return;
  const Micros now = record.last_seen;
  // Nobody looked for so long that all is forgotten: everything would be new.
  if (newest_ != 0 && now - newest_ >= options_.forget) clear();
  if (newest_ < now || newest_ > now + kClockSet) newest_ = now;
  if (began_ == 0 || began_ > now + kClockSet) began_ = now;
  if (Edge* known = edges_.touch_if_known(contact.edge)) {
    known->used = hours(now);
    if (known->times == 0 || now - known->told_first >= options_.fresh_edge) return;
    if (record.began) ++known->times;
    if (now - known->told >= options_.repeat) tell(*known, record, contact);
    return;
  }
  note(contact.dst.id, now);
  const Source source = note(contact.src.id, now);
  const bool learning = now - began_ < options_.learning;
  const bool newcomer = now - source.first < options_.newcomer;
  const double score = learning ? 0 : score_of(contact, source, newcomer);
  learn_name(record, contact);
  Edge& edge = add_edge(contact.edge, contact.src.id, contact.service, now);
  if (score < options_.min_score) return;
  edge.score = static_cast<float>(score);
  edge.times = 1;
  edge.told_first = now;
  tell(edge, record, contact);
}

LateralDetector::Edge& LateralDetector::add_edge(std::uint64_t key, std::uint64_t source,
                                                 std::uint64_t service, Micros now) {
  Edge& edge = edges_.touch(key, [&](std::uint64_t, const Edge& gone) { remove_edge(gone); });
  edge = {.source = source, .service = service, .used = hours(now)};
  ++sources_.touch(source).edges;
  ++services_.touch(service).callers;
  return edge;
}

void LateralDetector::remove_edge(const Edge& edge) {
  // Of whom nothing is known any more is met as one that is new.
  if (Source* source = sources_.find(edge.source); source != nullptr && source->edges > 0)
    if (--source->edges == 0) source->first = 0;
  if (Service* service = services_.find(edge.service); service != nullptr && service->callers > 0)
    --service->callers;
}

/// Which backend a service chose may be known of one flow and not of the next: both are the
/// same to us.
void LateralDetector::learn_name(const FlowRecord& record, const Contact& contact) {
  const Subject named = subjects_.service(record);
  if (named.id == 0 || named.id == contact.dst.id) return;
  const std::uint64_t service = mix_hash(mix_hash(named.id, std::uint64_t{record.tuple.dst_port}),
                                         std::uint64_t{record.tuple.protocol});
  const std::uint64_t key = edge_of(contact.src, service);
  if (edges_.touch_if_known(key) == nullptr)
    add_edge(key, contact.src.id, service, record.last_seen);
}

double LateralDetector::score_of(const Contact& contact, const Source& source, bool newcomer) {
  const Service* service = services_.find(contact.service);
  const double callers = service != nullptr ? service->callers : 0;
  const PortUse use = service_port(contact.port).use;
  // Of a workload that is new all edges are: only what is odd for anybody counts.
  if (newcomer && (use != PortUse::kAdmin || callers > 1)) return 0;
  double score = 0;
  switch (use) {
    case PortUse::kAdmin:
      score = 0.5;
      break;
    case PortUse::kDatabase:
      score = 0.35;
      break;
    case PortUse::kOther:
      score = 0.15;
      break;
  }
  score += 0.25 / (1 + callers);
  score += 0.35 / (1 + std::log2(1.0 + source.edges));
  return score;
}

void LateralDetector::tell(Edge& edge, const FlowRecord& record, const Contact& contact) {
  edge.told = record.last_seen;
  if (pending_.size() >= kMostPending) {
    ++not_told_;
    return;
  }
  const ServicePort port = service_port(contact.port);
  const Service* service = services_.find(contact.service);
  const Source* source = sources_.find(contact.src.id);
  const std::uint32_t callers =
      service != nullptr && service->callers > 0 ? service->callers - 1 : 0;
  const std::uint32_t others = source != nullptr && source->edges > 0 ? source->edges - 1 : 0;
  Finding finding;
  finding.kind = "lateral_movement";
  finding.technique = port.technique;
  finding.severity = edge.score >= 0.8 ? Severity::kHigh : Severity::kMedium;
  finding.source = src_of(record);
  finding.source.port = 0;
  finding.target = dst_of(record);
  if (record.nat && !record.translated.dst.is_unspecified())
    finding.target.address = record.translated.dst;
  finding.target.port = contact.port;
  finding.key =
      fmt::format("{}>{}:{}", subject_name(record.src, record.src_process, record.tuple.src),
                  subject_name(record.dst, nullptr, finding.target.address), contact.port);
  finding.summary = fmt::format("{} talks to {} port {}{}, which it never did before",
                                name_of(finding.source), name_of(finding.target), contact.port,
                                port.name.empty() ? "" : fmt::format(" ({})", port.name));
  finding.expected = fmt::format(
      "Only what was seen since {}: it calls {} other{} inside, and {} other{} call{} this port "
      "there",
      format_rfc3339(began_ * kMicrosecond).substr(0, 10),
      others == 0 ? "no" : std::to_string(others), others == 1 ? "" : "s",
      callers == 0 ? "no" : std::to_string(callers), callers == 1 ? "" : "s",
      callers == 1 ? "s" : "");
  finding.first_seen = edge.told_first;
  finding.last_seen = record.last_seen;
  finding.value = edge.score;
  finding.threshold = options_.min_score;
  finding.unit = "oddness";
  finding.confidence = std::min(0.95, double{edge.score});
  finding.spoofable = record.tuple.protocol != kProtoTcp;
  finding.count = edge.times;
  add_evidence(finding.evidence, evidence_of(record));
  pending_.push_back(std::move(finding));
}

void LateralDetector::tick(Micros now, const FindingSink& found) {
  for (Finding& finding : pending_) found(std::move(finding));
  pending_.clear();
  // A few a second keep up with any number of edges.
  const std::uint32_t oldest = hours(std::max<Micros>(0, now - options_.forget));
  edges_.drop_idle(
      [&](std::uint64_t, const Edge& edge) {
        if (edge.used >= oldest) return false;
        remove_edge(edge);
        return true;
      },
      64);
}

std::size_t LateralDetector::bytes() const {
  return edges_.bytes() + sources_.bytes() + services_.bytes() +
         pending_.capacity() * sizeof(Finding);
}

std::uint64_t LateralDetector::not_followed() const {
  return edges_.evicted() + sources_.evicted() + not_told_;
}

}  // namespace netprobe
