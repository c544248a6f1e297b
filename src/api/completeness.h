// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace netprobe
