// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agent/options.h"
#include "alerts/detection_engine.h"
#include "base/clock.h"
#include "base/result.h"
#include "detectors/registry.h"

namespace netprobe {

/// An entry beside those of the probes for each list: "threat_intel:NAME".
[[nodiscard]] std::vector<ProbeStatus> watchlist_probes(const std::vector<WatchlistStatus>& lists);

/// Detectors and alerts as the options want them; null where detection is off. Errors are
/// usage errors. `write` takes the records of alerts, on a thread of the engine; it and
/// `clock` outlive the engine. `lists`: as of make_detectors().
[[nodiscard]] Result<std::unique_ptr<DetectionEngine>> make_detection(
    const AgentOptions& options, const Clock& clock, std::function<void(HistoryBatchPtr)> write,
    const IntelSink& lists = nullptr);

}  // namespace netprobe
