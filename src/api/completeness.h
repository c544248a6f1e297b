// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "model/snapshot.h"

namespace netprobe {

/// The range that a query asked for; wall.
struct AskedRange {
  std::optional<Nanos> since;
  std::optional<Nanos> until;
};

/// Appends `"completeness":{…}`: the range of time that the answer covers, and
/// what was lost that could have been in it. Losses are counted since
/// `lost_since`, when the agent started, so they are an upper bound for a
/// shorter range. `complete` is true where nothing that was asked for can be
/// missing. `probes`: those that the answer is made of; what others lost is no
/// matter to it. "flow" stands for the flow table, too. `cut`: what this answer
/// had no room for.
void append_completeness(JsonObject& json, std::string& out, const Snapshot& snapshot,
                         const AskedRange& asked = {},
                         std::initializer_list<std::string_view> probes = {"flow"},
                         const LossCounter& cut = {});

/// What a query's answer covers: wall; none where it is not known.
struct CoveredRange {
  std::optional<Nanos> since;
  std::optional<Nanos> until;
  /// All that was asked for is kept and could be read.
  bool whole = true;
};

/// What append_completeness() tells as lost, by "stage.cause".
[[nodiscard]] std::map<std::string, std::uint64_t> live_losses(
    const Snapshot& snapshot, const AskedRange& asked,
    std::initializer_list<std::string_view> probes);
/// And append_history_completeness().
[[nodiscard]] std::map<std::string, std::uint64_t> history_losses(
    const Snapshot& snapshot,
    const std::vector<std::pair<std::string, std::uint64_t>>& history_lost,
    std::initializer_list<std::string_view> probes);

/// The same for an answer from history: it reaches back beyond the agent's
/// start. `history_lost`: what the store lost, by cause. What was removed
/// because it is old is in the range, and no loss.
void append_history_completeness(
    JsonObject& json, std::string& out, const Snapshot& snapshot, const CoveredRange& covered,
    const std::vector<std::pair<std::string, std::uint64_t>>& history_lost,
    std::initializer_list<std::string_view> probes);

}  // namespace netprobe
