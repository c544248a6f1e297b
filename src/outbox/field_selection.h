// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "model/history.h"
#include "outbox/export_target.h"
#include "query/field.h"

namespace netprobe {

/// The fields of each kind that an exporter sends: of those that were chosen the ones
/// that the kind has, in the order in which they were named; without a choice those
/// that a query shows, or of a fold's sums those that they have.
class FieldSelection {
 public:
  explicit FieldSelection(std::span<const FieldRef> chosen, ExportFold fold = ExportFold::kNone);
  explicit FieldSelection(const ExportTarget& target)
      : FieldSelection(target.fields, target.fold) {}

  [[nodiscard]] std::span<const FieldRef> of(RecordKind kind) const {
    return fields_.at(static_cast<std::size_t>(kind));
  }

 private:
  std::array<std::vector<FieldRef>, kRecordKinds> fields_;
};

}  // namespace netprobe
