// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/json_writer.h"
#include "model/snapshot.h"

namespace netprobe {

/// Appends `"unattributed":{"non_ip":0,…}`.
void append_unattributed(JsonObject& json, std::string& out, const DeviceCounters& counters);

/// Appends `"accounting":{…}`: where every packet that the hooks saw went. For
/// the total and for each interface and direction: packets, those in flows,
/// those in none by cause, and the difference, which is 0 when nothing is
/// unaccounted for.
void append_accounting(JsonObject& json, std::string& out, const Snapshot& snapshot);

}  // namespace netprobe
