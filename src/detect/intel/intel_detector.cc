// SPDX-License-Identifier: Apache-2.0
#include "detect/intel/intel_detector.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace netprobe {
namespace {

constexpr std::size_t kMostLists = 5;  // named in a summary
/// A name that a resolver asks for so soon after somebody else is asked on their behalf.
constexpr Micros kForwarded = 5'000'000;
/// An address that nobody asked for so long may be another's by now.
constexpr Micros kServes = Micros{3600} * 1'000'000;

bool is_outside(const IdentityPtr& identity) {
  return !identity || identity->kind == IdentityKind::kExternal;
}

std::uint64_t text_hash(std::string_view text) {
  std::uint64_t hash = hash_key();
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return keyed_hash(hash);
}

/// What is one of ours: pods of one workload are one, as they run the same.
std::string who(const FindingEnd& end) {
  const Identity* identity = end.identity.get();
  if (identity == nullptr) return end.address.to_string();
  if (identity->kind != IdentityKind::kPod || identity->workload.empty())
    return identity->full_name();
  return identity->name_space + '/' + identity->workload_kind + '/' + identity->workload;
}

/// For hashing alone, so without making text of an address.
std::uint64_t who_hash(const FindingEnd& end) {
  return end.identity ? text_hash(who(end)) : keyed_hash(end.address);
}

/// Somebody behind the address took it: a reset is no answer.
bool is_answered(const FlowRecord& record) {
  if (record.tuple.protocol == kProtoTcp) return (record.reverse_tcp_flags & kTcpSyn) != 0;
  return record.reverse.packets > 0;
}

/// The side that began it is where it says it is.
bool is_proven(const FlowRecord& record) {
  if (record.handshake > 0) return true;
  return record.tuple.protocol == kProtoTcp && (record.reverse_tcp_flags & kTcpSyn) != 0 &&
         (record.tcp_flags & kTcpAck) != 0;
}

std::string lists_text(const std::vector<WatchlistMatch>& matches) {
  std::string text;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (i == kMostLists) return text + " and " + std::to_string(matches.size() - i) + " more";
    if (i > 0) text += ", ";
    text += matches[i].list;
    if (!matches[i].reason.empty()) text += " (" + matches[i].reason + ")";
  }
  return text;
}

std::string plural(std::uint64_t count, std::string_view one) {
  return std::to_string(count) + ' ' + std::string(one) + (count == 1 ? "" : "s");
}

}  // namespace

IntelDetector::IntelDetector(WatchlistSource watchlist, IntelDetectorOptions options)
    : source_(std::move(watchlist)),
      options_(options),
      watchlist_(source_()),
      pairs_(options.most_pairs) {}

void IntelDetector::on_flow(const FlowRecord& record) {
  if (is_outside(record.dst)) look_at(record, record.tuple.dst, true);
  // A service may lead to somebody outside, who stands behind the translation.
  if (record.nat && record.translated.dst != record.tuple.dst && is_outside(record.dst))
    look_at(record, record.translated.dst, true);
  if (is_outside(record.src)) look_at(record, record.tuple.src, false);
}

void IntelDetector::look_at(const FlowRecord& record, const IpAddress& address, bool calls) {
  if (!watchlist_->has(address)) return;
  const auto matches = watchlist_->find(address);
  if (matches.empty()) return;
  for (const WatchlistMatch& match : matches) ++matches_[match.list];
  const FindingEnd ours = calls ? src_of(record) : dst_of(record);
  // The narrowest of the first list names the pair.
  const PairKey key{who_hash(ours), text_hash(matches.front().entry), calls};
  Pair& pair = pairs_.touch(key);
  if (pair.flows == 0 && pair.packets == 0) begin(pair, record, address, calls, matches);
  follow(pair, record);
}

std::uint64_t IntelDetector::matches(std::string_view list) const {
  const auto found = matches_.find(list);
  return found == matches_.end() ? 0 : found->second;
}

bool IntelDetector::is_server(const DnsMessage& message) {
  const Micros* asked = servers_.find(message.client);
  return asked != nullptr && std::abs(message.time - *asked) < kServes;
}

bool IntelDetector::is_forwarded(const DnsMessage& message) {
  Asked& asked = asked_.touch(text_hash(message.name));
  if (asked.time != 0 && asked.client != message.client &&
      std::abs(message.time - asked.time) < kForwarded && is_server(message))
    return true;
  asked = {.client = message.client, .time = message.time};
  return false;
}

void IntelDetector::on_dns(const DnsMessage& message) {
  // Answers as well: what asks a Service is answered by the address of a pod.
  servers_.touch(message.server) = message.time;
  if (message.is_response || message.name.empty()) return;
  const auto matches = watchlist_->find_name(message.name);
  for (const WatchlistMatch& match : matches) ++matches_[match.list];
  if (matches.empty() || is_forwarded(message)) return;
  FindingEnd ours{.address = message.client,
                  .identity = message.client_identity,
                  .process = message.client_process,
                  .port = 0,
                  .text = {}};
  Pair& pair = pairs_.touch({who_hash(ours), text_hash(matches.front().entry), true});
  if (pair.flows == 0) {
    pair.calls = pair.is_name = true;
    pair.ours = std::move(ours);
    pair.listed.text = message.name;
    pair.listed.port = 53;
    list(pair, matches);
    pair.first_seen = message.time;
  }
  ++pair.flows;
  ++pair.packets;
  pair.bytes += message.bytes;
  pair.last_seen = std::max(pair.last_seen, message.time);
  pair.touched = now_;
  pair.has_news = true;
  add_evidence(pair.evidence, evidence_of(message), kEvidence);
}

void IntelDetector::list(Pair& pair, const std::vector<WatchlistMatch>& matches) {
  pair.entry = matches.front().entry;
  pair.lists = lists_text(matches);
  pair.listed_severity = Severity::kInfo;
  for (const WatchlistMatch& match : matches) {
    pair.listed_severity = std::max(pair.listed_severity, match.severity);
    pair.confidence = std::max(pair.confidence, match.confidence);
  }
}

void IntelDetector::begin(Pair& pair, const FlowRecord& record, const IpAddress& address,
                          bool calls, const std::vector<WatchlistMatch>& matches) {
  pair.calls = calls;
  pair.ours = calls ? src_of(record) : dst_of(record);
  pair.listed = calls ? dst_of(record) : src_of(record);
  pair.listed.address = address;
  // Ports of those that call are another each time.
  (calls ? pair.ours : pair.listed).port = 0;
  list(pair, matches);
  pair.first_seen = record.time;
}

void IntelDetector::follow(Pair& pair, const FlowRecord& record) {
  if (record.began || pair.flows == 0) ++pair.flows;
  pair.packets += record.forward.packets + record.reverse.packets;
  pair.bytes += record.forward.bytes + record.reverse.bytes;
  pair.answered = pair.answered || is_answered(record);
  pair.proven = pair.proven || is_proven(record);
  pair.first_seen = std::min(pair.first_seen, record.time);
  pair.last_seen = std::max({pair.last_seen, record.last_seen, record.time});
  pair.touched = now_;
  pair.has_news = true;
  if (const auto& process = pair.calls ? record.src_process : record.dst_process)
    pair.ours.process = process;
  add_flow(pair.evidence, record);
}

void IntelDetector::add_flow(std::vector<EvidenceFlow>& evidence, const FlowRecord& record) {
  EvidenceFlow flow = evidence_of(record);
  const auto known = std::ranges::find_if(evidence, [&](const EvidenceFlow& other) {
    return other.flow_id == flow.flow_id && other.tuple == flow.tuple;
  });
  if (known != evidence.end()) {
    flow.packets += known->packets;
    flow.bytes += known->bytes;
    evidence.erase(known);
  }
  add_evidence(evidence, flow, kEvidence);
}

Severity IntelDetector::severity_of(const Pair& pair) {
  if (pair.calls) return pair.listed_severity;
  return std::min(pair.listed_severity, pair.answered ? Severity::kMedium : Severity::kLow);
}

Finding IntelDetector::finding_of(const Pair& pair) {
  Finding finding;
  finding.kind = "threat_intel";
  finding.severity = severity_of(pair);
  finding.technique = pair.is_name ? "T1071.004" : pair.calls ? "T1071" : "T1595";
  finding.source = pair.calls ? pair.ours : pair.listed;
  finding.target = pair.calls ? pair.listed : pair.ours;
  const std::string ours = who(pair.ours);
  finding.key = pair.calls ? ours + '>' + pair.entry : pair.entry + '>' + ours;
  std::string listed = pair.is_name ? pair.listed.text : pair.listed.address.to_string();
  if (pair.entry != listed) listed += " in " + pair.entry;
  const std::string numbers = ": " + plural(pair.flows, "flow") + ", " +
                              plural(pair.packets, "packet") + ", " + plural(pair.bytes, "byte");
  const std::string by = ", which is listed by " + pair.lists;
  if (pair.is_name) {
    finding.summary =
        name_of(pair.ours) + " asks for " + listed + by + ": " + plural(pair.flows, "question");
  } else if (pair.calls) {
    finding.summary = name_of(pair.ours) + " calls " + listed + by + numbers +
                      (pair.answered ? ", answered" : ", not answered");
  } else {
    finding.summary = listed + by + (pair.answered ? ", is answered by " : ", knocks at ") +
                      name_of(pair.ours) + numbers;
  }
  finding.first_seen = pair.first_seen;
  finding.last_seen = pair.last_seen;
  finding.value = static_cast<double>(pair.flows);
  finding.threshold = 1;
  finding.unit = pair.is_name ? "questions" : "flows";
  finding.confidence = pair.confidence;
  // Who calls is one of ours, and seen where it is; a question is a single datagram.
  finding.spoofable = pair.is_name || (!pair.calls && !pair.proven);
  finding.count = pair.flows;
  finding.evidence = pair.evidence;
  return finding;
}

void IntelDetector::tick(Micros now, const FindingSink& found) {
  now_ = now;
  watchlist_ = source_();
  pairs_.drop_idle([&](const PairKey&, Pair& pair) {
    // What came since the last tick has no time of ours yet; and clocks may step back.
    if (pair.touched == 0 || pair.touched > now) pair.touched = now;
    return !pair.has_news && now - pair.touched >= options_.quiet;
  });
  std::size_t left = options_.most_findings;
  texts_ = 0;
  pairs_.for_each([&](const PairKey&, Pair& pair) {
    texts_ += pair.entry.capacity() + pair.lists.capacity() +
              pair.evidence.capacity() * sizeof(EvidenceFlow);
    if (!pair.has_news || left == 0) return;
    const Severity severity = severity_of(pair);
    const bool is_due = pair.told == 0 || severity > pair.told_severity ||
                        now - pair.told >= options_.again || now < pair.told;
    if (!is_due) return;
    --left;
    pair.has_news = false;
    pair.told = now;
    pair.told_severity = severity;
    found(finding_of(pair));
  });
}

std::size_t IntelDetector::bytes() const {
  return pairs_.bytes() + asked_.bytes() + servers_.bytes() + texts_;
}

}  // namespace netprobe
