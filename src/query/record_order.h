// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "query/query.h"

namespace netprobe {

struct RecordOrderField {
  FieldRef field;
  bool descending = false;
};

/// The order of records in memory: what the query asks for, then newest first, then
/// who, then the kind's own id; a connection's, which is no field, comes behind it.
[[nodiscard]] std::vector<RecordOrderField> record_order(const Query& query);

}  // namespace netprobe
