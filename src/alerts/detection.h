// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "alerts/alert_book.h"
#include "base/clock.h"
#include "model/alert.h"
#include "model/detector.h"
#include "model/history.h"
#include "model/name_batch.h"

namespace netprobe {

/// One that was made, or why it is off.
struct DetectorSlot {
  std::string name;
  std::unique_ptr<Detector> detector;  ///< null: off
  std::string why;                     ///< it is
};

/// Detectors and the alerts that are made of what they find, without thread or queue:
/// whoever has records and a time runs them, live (detection_engine.h) or from a capture.
/// A detector that throws is turned off, and says so; the others go on. One thread.
class Detection {
 public:
  /// `clock`: for what detectors cost; time as such is given. Outlives this.
  Detection(std::vector<DetectorSlot> detectors, std::vector<RecordMatcher> mutes,
            AlertBookOptions book, const Clock& clock);

  void look(const HistoryBatch& batch);
  /// Networks of the cluster, as they are known by now.
  void set_inside(const std::vector<IpPrefix>& inside);
  void look(const NameBatch& batch);
  /// All records up to `now` (wall) were given.
  void tick(Micros now, const AlertBook::Tell& tell);

  /// What detectors had learnt, before the first record: alerts/learnt_state.h.
  void load(const std::string& directory);
  void save(const std::string& directory);

  /// Alerts and detectors as they are now.
  [[nodiscard]] AlertReport report() const;

 private:
  struct Running {
    DetectorSlot slot;
    std::uint64_t records = 0;
    std::uint64_t findings = 0;
    Nanos run_time = 0;
  };
  /// Calls `work` with the detector; turns it off where it throws.
  template <typename Work>
  void guard(Running& running, Work&& work);

  const Clock& clock_;
  std::vector<Running> detectors_;
  AlertBook book_;
  std::string room_;          ///< for what is saved
  bool save_failed_ = false;  ///< it was said
};

}  // namespace netprobe
