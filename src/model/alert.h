// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json_writer.h"
#include "model/address_watchlist.h"
#include "model/finding.h"
#include "model/history.h"
#include "model/probe_status.h"

namespace netprobe {

enum class AlertState : std::uint8_t { kActive, kResolved };
/// "active", "resolved".
[[nodiscard]] std::string_view to_string(AlertState state);

/// All findings of one kind and key, from the first until nothing came for a while.
struct Alert {
  std::string id;  ///< the same for as long as it lives; unique with the node
  AlertState state = AlertState::kActive;
  AlertChange change = AlertChange::kOpened;  ///< why it was told last
  bool muted = false;  ///< by a query of the configuration: kept, and told nobody
  Finding finding;     ///< newest numbers, earliest first_seen, all evidence that found room
  Micros opened = 0;   ///< wall: when it was first told
  Micros updated = 0;
  Micros resolved = 0;      ///< 0: it goes on
  std::uint64_t found = 0;  ///< findings that it is made of
};
using AlertPtr = std::shared_ptr<const Alert>;

/// Alerts that were opened since the start.
struct AlertTotal {
  std::string_view kind;  ///< static storage
  Severity severity{};
  std::uint64_t count = 0;
};

/// What one detector does and costs.
struct DetectorStatus {
  std::string name;
  bool on = false;
  std::string why;  ///< it is off
  std::uint64_t records = 0;
  std::uint64_t findings = 0;
  std::uint64_t not_followed = 0;  ///< records or sources for which it had no room
  std::uint64_t bytes = 0;         ///< of memory, estimated
  Nanos run_time = 0;
};

/// Immutable; readers share it.
struct AlertReport {
  std::vector<AlertPtr> alerts;  ///< newest update first
  std::vector<AlertTotal> totals;
  std::uint64_t muted = 0;     ///< of these
  std::uint64_t not_kept = 0;  ///< findings that would be alerts of their own, and had no room
  std::vector<DetectorStatus> detectors;
  std::vector<WatchlistStatus> watchlists;
  std::vector<LossCounter> lost;
};
using AlertReportPtr = std::shared_ptr<const AlertReport>;

/// The record of it for history and exporters, told at `now` (wall). Its evidence begins
/// with what stores have no column for: change, key, opened, resolved.
[[nodiscard]] AlertEvent event_of(const Alert& alert, Micros now);
/// The ends of a record of an alert, as they were in its finding.
[[nodiscard]] FindingEnd source_of(const AlertEvent& event);
[[nodiscard]] FindingEnd target_of(const AlertEvent& event);
/// An end as a JSON object: what is known of ip, port, text, names and process.
void append_end_json(std::string& out, const FindingEnd& end);
/// "T1046" as members of an object: technique, and where it is known technique_name,
/// tactic and tactic_name.
void append_technique(JsonObject& json, std::string_view id);
/// What it was found by, as JSON: measured value, threshold, window, evidence flows …
void append_evidence_json(std::string& out, const Alert& alert);
/// One object of /api/alerts.
void append_json(std::string& out, const Alert& alert);

}  // namespace netprobe
