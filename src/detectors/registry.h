// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/detection.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "detectors/intel_watch.h"
#include "model/detector.h"

namespace netprobe {

/// What detectors are to be.
struct DetectorSettings {
  std::string node;                ///< whose records they are told
  std::vector<std::string> names;  ///< "beacon", "!beacon", "all", "none": the later decides
  IntelSettings intel;
};
/// What a detector may be made from; all of it outlives the detector.
struct DetectorNeeds {
  const DetectorSettings& settings;
  const Clock& clock;
  const IntelSink& lists;  ///< empty: nobody wants them
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

/// A usage error where one of the names is of no detector.
[[nodiscard]] Status check_detector_names(const std::vector<std::string>& names);
/// All of the registry, on as `settings.names` wants them. Errors are usage errors.
[[nodiscard]] Result<std::vector<DetectorSlot>> make_detectors(const DetectorSettings& settings,
                                                               const Clock& clock,
                                                               const IntelSink& lists = nullptr);

}  // namespace netprobe
