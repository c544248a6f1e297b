// SPDX-License-Identifier: Apache-2.0
#include "query/record_order.h"

#include "query/column.h"

namespace netprobe {

std::vector<RecordOrderField> record_order(const Query& query) {
  using enum FieldId;
  std::vector<RecordOrderField> order;
  const auto add = [&](FieldId id, bool descending = false) {
    order.push_back({{id, {}}, descending});
  };
  for (const OrderBy& by : query.order)
    if (auto ref = record_field(query.kind, by.column))
      order.push_back({std::move(*ref), by.descending});
  add(kTime, true);
  for (const FieldId id : {kNode, kSrcIp, kDstIp, kSrcPort, kDstPort, kProtocol}) add(id);
  switch (query.kind) {
    case RecordKind::kFlow:
      add(kFlowId);
      break;
    case RecordKind::kDrop:
      add(kDropReason);
      add(kDropLocation);
      break;
    case RecordKind::kConnection:
      break;
    case RecordKind::kAlert:
      add(kAlertId);
      break;
  }
  return order;
}

}  // namespace netprobe
