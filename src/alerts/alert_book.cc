// SPDX-License-Identifier: Apache-2.0
#include "alerts/alert_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace netprobe {
namespace {

/// FNV-1a: the same on every machine and after a restart, so that an id can be looked up.
std::uint64_t fingerprint(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325U) {
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  return hash;
}

/// What is newer holds; what is only known of before stays.
void merge(Finding& into, Finding&& newer) {
  newer.first_seen = std::min(into.first_seen, newer.first_seen);
  newer.last_seen = std::max(into.last_seen, newer.last_seen);
  newer.severity = std::max(into.severity, newer.severity);
  newer.count = std::max(into.count, newer.count);
  if (!newer.source.identity) newer.source.identity = into.source.identity;
  if (!newer.source.process) newer.source.process = into.source.process;
  if (!newer.target.identity) newer.target.identity = into.target.identity;
  if (!newer.target.process) newer.target.process = into.target.process;
  std::vector<EvidenceFlow> evidence = std::move(into.evidence);
  for (EvidenceFlow flow : newer.evidence) {
    const auto known = std::ranges::find_if(evidence, [&](const EvidenceFlow& each) {
      return each.flow_id == flow.flow_id && each.tuple == flow.tuple;
    });
    if (known != evidence.end()) {
      // Some detectors know a flow's sums, others what it gained: the end of a flow gains
      // nothing, and must not undo what was known.
      flow.packets = std::max(flow.packets, known->packets);
      flow.bytes = std::max(flow.bytes, known->bytes);
      evidence.erase(known);
    }
    add_evidence(evidence, flow);
  }
  newer.evidence = std::move(evidence);
  into = std::move(newer);
}

}  // namespace

AlertBook::AlertBook(AlertBookOptions options, std::vector<RecordMatcher> mutes)
    : options_(std::move(options)), mutes_(std::move(mutes)) {}

std::string AlertBook::id_of(const Finding& finding, Micros now) const {
  std::uint64_t hash = fingerprint(options_.node);
  hash = fingerprint(finding.kind, fingerprint("\n", hash));
  hash = fingerprint(finding.key, fingerprint("\n", hash));
  return fmt::format("{:016x}", fingerprint(std::to_string(now), fingerprint("\n", hash)));
}

bool AlertBook::is_muted(const Alert& alert, Micros now) const {
  if (mutes_.empty()) return false;
  const AlertEvent event = event_of(alert, now);
  const RecordRef record{RecordKind::kAlert, &event, options_.node};
  return std::ranges::any_of(mutes_, [&](const auto& mute) { return mute.matches(record); });
}

void AlertBook::open(const std::string& place, Finding&& finding, Micros now) {
  if (active_.size() >= options_.most_active) {
    ++not_kept_;
    return;
  }
  auto alert = std::make_shared<Alert>();
  alert->id = id_of(finding, now);
  alert->finding = std::move(finding);
  alert->opened = alert->updated = now;
  alert->found = 1;
  alert->muted = is_muted(*alert, now);
  if (alert->muted) ++muted_;
  ++totals_[{alert->finding.kind, alert->finding.severity}];
  active_.emplace(place, Entry{.alert = std::move(alert)});
}

void AlertBook::take(Finding&& finding, Micros now) {
  if (finding.evidence.size() > kMostEvidence)
    finding.evidence.erase(finding.evidence.begin(), finding.evidence.end() - kMostEvidence);
  const std::string place = std::string(finding.kind) + '\n' + finding.key;
  const auto found = active_.find(place);
  if (found == active_.end()) return open(place, std::move(finding), now);
  // Readers may hold the one before.
  auto alert = std::make_shared<Alert>(*found->second.alert);
  merge(alert->finding, std::move(finding));
  alert->updated = now;
  ++alert->found;
  found->second.alert = std::move(alert);
  found->second.changed = true;
}

Micros AlertBook::patience(const Alert& alert) const {
  return std::max(options_.resolve_after, std::min(alert.finding.window, options_.longest_wait));
}

void AlertBook::resolve(Entry& entry, Micros now, const Tell& tell) {
  auto alert = std::make_shared<Alert>(*entry.alert);
  alert->state = AlertState::kResolved;
  alert->change = AlertChange::kResolved;
  alert->resolved = alert->updated = now;
  AlertPtr done = std::move(alert);
  if (!done->muted) tell(done);
  if (resolved_.size() >= options_.most_resolved) resolved_.erase(resolved_.begin());
  resolved_.push_back(std::move(done));
}

void AlertBook::tick(Micros now, const Tell& tell) {
  for (auto at = active_.begin(); at != active_.end();) {
    Entry& entry = at->second;
    const AlertPtr held = entry.alert;  // what follows may put another in its place
    const Alert& alert = *held;
    const bool worse = alert.finding.severity > entry.told_severity;
    // A clock that was set back must not silence it.
    const bool again = now - entry.told >= options_.tell_again || now < entry.told;
    if (entry.changed && !alert.muted && (entry.told == 0 || worse || again)) {
      auto told = std::make_shared<Alert>(alert);
      told->change = entry.told == 0 ? AlertChange::kOpened
                     : worse         ? AlertChange::kWorse
                                     : AlertChange::kOngoing;
      entry.alert = std::move(told);
      tell(entry.alert);
      entry.told = now;
      entry.told_severity = alert.finding.severity;
      entry.changed = false;
    }
    if (now - alert.updated < patience(alert)) {
      ++at;
      continue;
    }
    resolve(entry, now, tell);
    at = active_.erase(at);
  }
}

AlertReport AlertBook::report() const {
  AlertReport report;
  report.alerts.reserve(active_.size() + resolved_.size());
  for (const auto& [place, entry] : active_) report.alerts.push_back(entry.alert);
  report.alerts.insert(report.alerts.end(), resolved_.begin(), resolved_.end());
  std::ranges::sort(report.alerts, [](const AlertPtr& a, const AlertPtr& b) {
    return std::tie(b->updated, a->id) < std::tie(a->updated, b->id);
  });
  for (const auto& [what, count] : totals_)
    report.totals.push_back({what.first, what.second, count});
  report.muted = muted_;
  report.not_kept = not_kept_;
  return report;
}

}  // namespace netprobe
