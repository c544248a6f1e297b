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

namespace netprobe {

/// All detectors that there are, by name. A new one is one line (docs/add-a-detector.md).
struct DetectorEntry {
  std::string_view name;
  std::string_view help;
  bool on_by_default = true;
  Result<std::unique_ptr<Detector>> (*make)(const AgentOptions& options, const Clock& clock);
};
[[nodiscard]] const std::vector<DetectorEntry>& detector_registry();
/// For --help: a line each.
[[nodiscard]] std::string detectors_help();

/// All of the registry, on as `options.detectors` wants them. Errors are usage errors.
[[nodiscard]] Result<std::vector<DetectorSlot>> make_detectors(const AgentOptions& options,
                                                               const Clock& clock);

/// Detectors and alerts as the options want them; null where detection is off. Errors are
/// usage errors. `write` takes the records of alerts, on a thread of the engine; it and
/// `clock` outlive the engine.
[[nodiscard]] Result<std::unique_ptr<DetectionEngine>> make_detection(
    const AgentOptions& options, const Clock& clock, std::function<void(HistoryBatchPtr)> write);

}  // namespace netprobe
