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

/// All detectors that there are, by name. A new one is one line (docs/add-a-detector.md).
/// What a detector may be made from; all of it outlives the detector.
struct DetectorNeeds {
  const AgentOptions& options;
  const Clock& clock;
  /// Gets the lists of bad addresses as they change; empty: nobody wants them.
  const std::function<void(std::shared_ptr<const intel::IntelIndex>)>& lists;
};
struct DetectorEntry {
  std::string_view name;
  std::string_view help;
  bool on_by_default = true;
  Result<std::unique_ptr<Detector>> (*make)(const DetectorNeeds& needs);
};
[[nodiscard]] const std::vector<DetectorEntry>& detector_registry();
/// For --help: a line each.
[[nodiscard]] std::string detectors_help();

/// Detectors and alerts as the options want them; null where detection is off. Errors are
/// usage errors. `write` takes the records of alerts, on a thread of the engine; it and
/// `clock` outlive the engine. `lists`: DetectorNeeds.
[[nodiscard]] Result<std::unique_ptr<DetectionEngine>> make_detection(
    const AgentOptions& options, const Clock& clock, std::function<void(HistoryBatchPtr)> write,
    const std::function<void(std::shared_ptr<const intel::IntelIndex>)>& lists = nullptr);

}  // namespace netprobe
