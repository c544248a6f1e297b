// SPDX-License-Identifier: Apache-2.0
#include "detect/anomaly/anomaly_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/duration.h"

namespace netprobe {
namespace {

float log2_of(std::uint64_t value) {
  return static_cast<float>(std::log2(1 + static_cast<double>(value)));
}

/// Doublings of oddness: pages of the web, what is well known, registered, a client's.
float class_of(std::uint16_t port) {
  if (port == 80 || port == 443 || port == 8080 || port == 8443 || port == 53) return 0;
  if (port < 1024) return 4;
  return port < 32'768 ? 2 : 6;
}

}  // namespace

AnomalyDetector::AnomalyDetector(AnomalyOptions options)
    : options_(std::move(options)),
      subjects_(options_.seed != 0 ? options_.seed : random_seed(), options_.inside),
      trees_(options_.trees),
      flows_(options_.max_flows),
      peers_(options_.max_peers),
      sources_(options_.max_sources) {}

void AnomalyDetector::on_flow(const FlowRecord& record) {
  const std::uint64_t key = mix_hash(subjects_.seed(), record.flow_id);
  Sums sums;
  if (!record.began || !record.ended) {
    Sums& kept = flows_.touch(key);
    kept.forward += record.forward;
    kept.reverse += record.reverse;
    if (!record.ended) return;
    sums = kept;
    flows_.drop(key);
  } else {
    sums = {record.forward, record.reverse};
  }
  last_score_ = 0;
  const Subject source = subjects_.source(record);
  if (source.id == 0) return;
  const Point raw = features_of(record, sums, source.id);
  if (!scale_.learn(raw)) return;
  last_score_ = trees_.score_and_learn(scale_.scaled(raw));
  if (last_score_ >= options_.threshold) count_odd(record, sums, source.id, last_score_);
}

AnomalyDetector::Point AnomalyDetector::features_of(const FlowRecord& record, const Sums& sums,
                                                    std::uint64_t source) {
  const Subject target = subjects_.target(record, record.tuple.dst);
  const std::uint64_t peer =
      mix_hash(mix_hash(source, target.id), std::uint64_t{record.tuple.dst_port});
  const bool is_new = peers_.touch_if_known(peer) == nullptr;
  // Visitors are new each; whom one calls oneself tells more.
  if (is_new) peers_.touch(peer);
  const bool counts = is_new && subjects_.source_place(record) != Place::kOutside;
  const auto out = static_cast<float>(sums.forward.bytes);
  const auto in = static_cast<float>(sums.reverse.bytes);
  const auto millis =
      static_cast<std::uint64_t>(std::max<Micros>(0, record.last_seen - record.first_seen) / 1'000);
  return {log2_of(sums.forward.bytes),
          log2_of(sums.reverse.bytes),
          log2_of(sums.forward.packets + sums.reverse.packets),
          log2_of(millis),
          class_of(record.tuple.dst_port),
          4 * (out - in) / (out + in + 1),
          counts ? 4.0F : 0.0F};
}

void AnomalyDetector::count_odd(const FlowRecord& record, const Sums& sums, std::uint64_t id,
                                double score) {
  Source& source = sources_.touch(id);
  if (record.last_seen - source.since > options_.window || record.last_seen < source.since) {
    source = {};
    source.since = record.last_seen;
  }
  ++source.odd;
  EvidenceFlow flow = evidence_of(record);
  flow.packets = sums.forward.packets + sums.reverse.packets;
  flow.bytes = sums.forward.bytes + sums.reverse.bytes;
  add_evidence(source.evidence, flow, kEvidence);
  if (source.odd < options_.min_flows || source.told) return;
  source.told = true;
  if (pending_.size() >= kMostPending) {
    ++not_told_;
    return;
  }
  Finding finding;
  finding.kind = "anomaly";
  finding.severity = Severity::kLow;
  finding.key = subject_name(record.src, record.src_process, record.tuple.src);
  finding.source = src_of(record);
  finding.source.port = 0;
  finding.target = dst_of(record);
  finding.summary = fmt::format(
      "{} flows of {} are unlike others here, the newest to {} port {} (oddness {:.2f})",
      source.odd, name_of(finding.source), name_of(finding.target), record.tuple.dst_port, score);
  finding.expected =
      fmt::format("Flows like those of the last {} to {} that ended; oddness below {:.2f}",
                  options_.trees.window, 2 * options_.trees.window, options_.threshold);
  finding.first_seen = source.since;
  finding.last_seen = record.last_seen;
  finding.value = score;
  finding.threshold = options_.threshold;
  finding.unit = "oddness";
  finding.window = options_.window;
  finding.confidence = 0.3;
  finding.spoofable = (record.reverse_tcp_flags & kTcpSyn) == 0;
  finding.count = source.odd;
  finding.evidence = source.evidence;
  pending_.push_back(std::move(finding));
}

void AnomalyDetector::tick(Micros /*now*/, const FindingSink& found) {
  for (Finding& finding : pending_) found(std::move(finding));
  pending_.clear();
}

std::size_t AnomalyDetector::bytes() const {
  return trees_.bytes() + scale_.bytes() + flows_.bytes() + peers_.bytes() + sources_.bytes() +
         sources_.size() * kEvidence * sizeof(EvidenceFlow) + pending_.capacity() * sizeof(Finding);
}

std::uint64_t AnomalyDetector::not_followed() const { return flows_.evicted() + not_told_; }

}  // namespace netprobe
