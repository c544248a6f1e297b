// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/snapshot.h"

namespace netprobe {

/// The Flannel network in short, for /api/report: what the nodes declare, and
/// how many disagreements were found. An object of its own.
void append_flannel_summary(std::string& out, const Snapshot& snapshot);

}  // namespace netprobe
