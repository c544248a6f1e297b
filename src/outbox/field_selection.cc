// SPDX-License-Identifier: Apache-2.0
#include "outbox/field_selection.h"

#include "query/column.h"

namespace netprobe {
namespace {

std::vector<FieldRef> fields_of_sums() {
  using enum FieldId;
  std::vector<FieldRef> fields;
  for (const FieldId id : {kTime,
                           kNode,
                           kProtocol,
                           kSrcNamespace,
                           kSrcWorkload,
                           kSrcWorkloadKind,
                           kDstNamespace,
                           kDstWorkload,
                           kDstWorkloadKind,
                           kDstPort,
                           kDirection,
                           kPackets,
                           kBytes,
                           kReversePackets,
                           kReverseBytes,
                           kRetransmits,
                           kReverseRetransmits,
                           kResets,
                           kReverseResets,
                           kOutOfOrder,
                           kZeroWindows,
                           kRtt,
                           kLastSeen,
                           kRecords,
                           kFlows,
                           kConnections,
                           kEnded})
    fields.push_back({id, {}});
  return fields;
}

}  // namespace

FieldSelection::FieldSelection(std::span<const FieldRef> chosen, ExportFold fold) {
  for (std::size_t i = 0; i < kRecordKinds; ++i) {
    const auto kind = static_cast<RecordKind>(i);
    auto& fields = fields_.at(i);
    if (chosen.empty() && kind == RecordKind::kFlow && fold == ExportFold::kWorkload) {
      fields = fields_of_sums();
    } else if (chosen.empty()) {
      const auto shown = usual_fields(kind);
      fields.assign(shown.begin(), shown.end());
    }
    for (const FieldRef& ref : chosen)
      if (field(ref.id).of(kind)) fields.push_back(ref);
  }
}

}  // namespace netprobe
