// SPDX-License-Identifier: Apache-2.0
#include "outbox/record_sieve.h"

namespace netprobe {

RecordSieve::RecordSieve(const ExportTarget& target) : all_(target.filter.filter == nullptr) {
  for (const RecordKind kind : target.kinds) {
    const auto at = static_cast<std::size_t>(kind);
    wanted_.at(at) = true;
    if (all_) continue;
    Query query = target.filter;
    query.kind = kind;
    matchers_.at(at).emplace(query);
  }
}

}  // namespace netprobe
