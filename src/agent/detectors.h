// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/options.h"
#include "alerts/detection_engine.h"
#include "base/clock.h"
#include "base/result.h"
#include "intel/intel_index.h"

namespace netprobe {

/// Takes the lists of bad addresses as they change, on a thread of detectors'.
using ListSink = std::function<void(std::shared_ptr<const intel::IntelIndex>)>;

/// What a detector may be made from; all of it outlives the detector.
struct DetectorNeeds {
  const AgentOptions& options;
  const Clock& clock;
  const ListSink& lists;  ///< empty: nobody wants them
};
/// All detectors that there are, by name. A new one is one line (docs/add-a-detector.md).
struct DetectorEntry {
  std::string_view name;
  std::string_view help;
  bool on_by_default = true;
  Result<std::unique_ptr<Detector>> (*make)(const DetectorNeeds& needs);
};
[[nodiscard]] const std::vector<DetectorEntry>& detector_registry();
/// For --help: a line each.
[[nodiscard]] std::string detectors_help();

/// An entry beside those of the probes for each list: "threat_intel:NAME".
[[nodiscard]] std::vector<ProbeStatus> watchlist_probes(const std::vector<WatchlistStatus>& lists);

/// All of the registry, on as `options.detectors` wants them. Errors are usage errors.
[[nodiscard]] Result<std::vector<DetectorSlot>> make_detectors(const AgentOptions& options,
                                                               const Clock& clock,
                                                               const ListSink& lists = nullptr);

/// Detectors and alerts as the options want them; null where detection is off. Errors are
/// usage errors. `write` takes the records of alerts, on a thread of the engine; it and
/// `clock` outlive the engine. `lists`: DetectorNeeds.
[[nodiscard]] Result<std::unique_ptr<DetectionEngine>> make_detection(
    const AgentOptions& options, const Clock& clock, std::function<void(HistoryBatchPtr)> write,
    const ListSink& lists = nullptr);

}  // namespace netprobe
