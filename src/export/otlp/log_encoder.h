// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "outbox/field_selection.h"
#include "outbox/record_steps.h"
#include "query/evaluate.h"
#include "query/getters.h"

namespace netprobe {

/// Writes records as LogRecords of OTLP (logs/v1/logs.proto). What is said of an end is
/// written once for each identity and remembered, within a bound. Not thread-safe.
class LogEncoder {
 public:
  explicit LogEncoder(const FieldSelection& selection);

  /// Appends one LogRecord as an item of ScopeLogs. `now`: wall.
  void append(std::string& out, const RecordRef& record, Nanos now);

 private:
  // Of pods of this node and those that they talk to; a few hundred bytes each.
  static constexpr std::size_t kMostKnown = 8'192;

  using Form = RecordStep::Form;
  using Step = RecordStep;  ///< key: otlp_key(); times in nanoseconds, durations in seconds
  struct Known {
    IdentityPtr identity;            ///< held, so that its address stays its own
    std::vector<std::string> parts;  ///< attributes
  };

  void append_step(const Step& step, const RecordBase& record, const Row& row);
  void append_number(const Step& step, const Row& row);
  const std::string& end_of(const IdentityPtr& identity, const Step& step);
  [[nodiscard]] std::string part_of(const IdentityPtr& identity, bool src,
                                    const std::vector<FieldRef>& fields) const;
  void append_body(const RecordRef& record);

  std::array<std::vector<Step>, kRecordKinds> plans_;
  std::vector<RecordEndPart> parts_;
  std::unordered_map<const Identity*, Known> known_;
  std::string nobody_;  ///< of an end that is not known
  std::string record_;  ///< the one that is being written
  std::string text_;    ///< a value of it
};

}  // namespace netprobe
