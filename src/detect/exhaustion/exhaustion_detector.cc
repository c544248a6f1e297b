// SPDX-License-Identifier: Apache-2.0
#include "detect/exhaustion/exhaustion_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace netprobe {
namespace {

constexpr std::uint8_t kOver = kTcpFin | kTcpRst;
constexpr Micros kShortest = 900'000;
// Sources that wear out a service together have some connections each; honest ones that
// look so (those that send log lines) have one or two.
constexpr double kOfEachSource = 5;
// A source has most of a service's: it is told of the source.
constexpr double kMost = 0.5;
constexpr std::size_t kMostFindings = 64;

struct SlowKindInfo {
  std::string_view kind;
  Severity severity;
  double confidence;
  std::string_view words;
};
constexpr std::array<SlowKindInfo, 4> kInfo{{
    {"", Severity::kInfo, 0, ""},
    {"slow_request", Severity::kHigh, 0.9, "that send a request in drips and get no answer"},
    {"slow_read", Severity::kHigh, 0.9, "that close their window and take an answer in drips"},
    {"connection_hoarding", Severity::kMedium, 0.7, "with which nothing is done"},
}};
const SlowKindInfo& info_of(SlowKind kind) { return kInfo.at(static_cast<std::size_t>(kind)); }

std::string service_text(const SlowGroupKey& key) {
  return fmt::format(fmt::runtime(key.server.is_v4() ? "{}:{}" : "[{}]:{}"), key.server.to_string(),
                     key.port);
}

EvidenceFlow evidence_of(std::uint64_t flow_id, const SlowConnection& connection) {
  return {.time = Micros{connection.newest()} * 1'000'000,
          .tuple = {connection.client(), connection.server(), connection.client_port(),
                    connection.server_port(), kProtoTcp},
          .flow_id = flow_id,
          .packets = connection.packets(),
          .bytes = connection.bytes(),
          .tcp_flags = kTcpSyn | kTcpAck};
}

}  // namespace

ExhaustionDetector::ExhaustionDetector(ExhaustionOptions options)
    : options_(options), connections_(options.max_connections), groups_(options.max_groups) {}

void ExhaustionDetector::on_flow(const FlowRecord& record) {
  if (record.tuple.protocol != kProtoTcp) return;
  const bool over = record.ended || ((record.tcp_flags | record.reverse_tcp_flags) & kOver) != 0;
  const bool made = record.handshake > 0 && (record.tcp_flags & kTcpAck) != 0;
  if (made && !over) {
    // Known already where the handshake was learnt of late.
    SlowConnection& connection = connections_.touch(record.flow_id);
    if (connection.opened() == 0) connection = SlowConnection(record);
    return connection.add(record, options_);
  }
  if (made || connections_.size() == 0) return;  // short
  if (over) return connections_.drop(record.flow_id);
  if (SlowConnection* known = connections_.touch_if_known(record.flow_id))
    known->add(record, options_);
}

void ExhaustionDetector::add_to_groups(std::uint64_t flow_id, const SlowConnection& connection,
                                       SlowKind kind) {
  SlowGroupKey key{connection.client(), connection.server(), connection.server_port(), kind};
  groups_.touch(key).add(looks_, flow_id, connection, false);
  key.source = {};
  groups_.touch(key).add(looks_, flow_id, connection, true);
}

std::uint32_t ExhaustionDetector::threshold_of(const SlowGroupKey& key) const {
  if (key.kind == SlowKind::kUnused)
    return key.is_service() ? options_.hoarded_of_service : options_.hoarded_of_source;
  return key.is_service() ? options_.slow_of_service : options_.slow_of_source;
}

bool ExhaustionDetector::is_spread(const SlowGroup& service) const {
  const auto* first = service.sources().first();
  return first != nullptr && service.sources().share(*first) < kMost &&
         service.count() >= kOfEachSource * service.source_count();
}

bool ExhaustionDetector::is_told_of_service(const SlowGroupKey& key) {
  SlowGroupKey of_all = key;
  of_all.source = {};
  const SlowGroup* service = groups_.find(of_all);
  return service != nullptr && service->goes_on() && is_spread(*service);
}

void ExhaustionDetector::tick(Micros now, const FindingSink& found) {
  const Micros passed = now - ticked_;
  if (passed >= 0 && passed < kShortest) return;
  ticked_ = now;
  ++looks_;
  const std::uint32_t seconds = to_seconds(now);
  connections_.for_each([&](std::uint64_t flow_id, SlowConnection& connection) {
    if (const SlowKind kind = connection.look(seconds, options_); kind != SlowKind::kNone)
      add_to_groups(flow_id, connection, kind);
  });
  std::vector<SlowGroupKey> over;
  groups_.for_each([&](const SlowGroupKey& key, SlowGroup& group) {
    if (!group.end_look(looks_, threshold_of(key), options_.over_seconds, now)) over.push_back(key);
  });
  for (const SlowGroupKey& key : over) groups_.drop(key);
  std::size_t told = 0;
  groups_.for_each([&](const SlowGroupKey& key, SlowGroup& group) {
    if (!group.goes_on() || told >= kMostFindings) return;
    if (key.is_service() ? !is_spread(group) : is_told_of_service(key)) return;
    ++told;
    found(finding(key, group, now));
  });
}

Finding ExhaustionDetector::finding(const SlowGroupKey& key, const SlowGroup& group, Micros now) {
  const SlowKindInfo& info = info_of(key.kind);
  Finding finding;
  finding.kind = info.kind;
  finding.severity = info.severity;
  finding.confidence = info.confidence;
  finding.technique = "T1499.002";
  finding.key = service_text(key);
  finding.target.address = key.server;
  finding.target.port = key.port;
  finding.source.address = key.source;
  finding.first_seen = group.first_seen();
  finding.last_seen = now;
  finding.value = group.count();
  finding.threshold = threshold_of(key);
  finding.unit = "connections";
  finding.count = group.count();
  for (std::size_t i = 0; i < group.samples(); ++i) {
    const std::uint64_t flow_id = group.flow_ids().at(i);
    const SlowConnection* connection = connections_.find(flow_id);
    if (connection == nullptr) continue;
    finding.evidence.push_back(evidence_of(flow_id, *connection));
    if (connection->server_identity()) finding.target.identity = connection->server_identity();
    if (!key.is_service() && connection->client_identity())
      finding.source.identity = connection->client_identity();
  }
  std::sort(finding.evidence.begin(), finding.evidence.end(),
            [](const EvidenceFlow& a, const EvidenceFlow& b) { return a.time < b.time; });
  if (key.is_service()) {
    finding.source.text = fmt::format("about {:.0f} addresses", group.source_count());
  } else {
    finding.key = key.source.to_string() + '>' + finding.key;
  }
  finding.summary = fmt::format("{} holds {} connections to {} port {} {}; {} are too many",
                                name_of(finding.source), group.count(), name_of(finding.target),
                                key.port, info.words, threshold_of(key));
  return finding;
}

std::size_t ExhaustionDetector::bytes() const {
  return sizeof *this + connections_.bytes() + groups_.bytes();
}

}  // namespace netprobe
