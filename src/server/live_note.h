// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cluster/live_merge.h"

namespace netprobe {

/// What a stream tells beside records: an event `lost` (records are missing here), or `agent`
/// ("state":"joined", "left").
void append_note(std::string& out, const LiveItem& item);

}  // namespace netprobe
