// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "query/column.h"
#include "query/evaluate.h"

namespace netprobe {

/// Where a value is read from: a record, or a flow that is still live, taken as
/// one record.
enum class RecordSource : std::uint8_t { kFlow, kDrop, kConnection, kAlert, kLive };
[[nodiscard]] RecordSource source_of(RecordKind kind);

/// What getters take: the record of a RecordSource.
struct Row {
  const void* data = nullptr;
  std::string_view node;
};
[[nodiscard]] Row row_of(const RecordRef& record);
[[nodiscard]] inline Row row_of(const Flow& flow, std::string_view node) { return {&flow, node}; }

using NumberGetter = std::uint64_t (*)(const Row& row);  ///< signed ones biased (lower.h)
using AddressGetter = const IpAddress& (*)(const Row& row);
using TextGetter = std::string_view (*)(const Row& row);
using IdentityGetter = const Identity* (*)(const Row& row);

/// How a field is read, worked out once: one of them is set, as the field's class
/// is; of labels, `identity`.
struct Getter {
  NumberGetter number = nullptr;
  AddressGetter address = nullptr;
  TextGetter text = nullptr;
  IdentityGetter identity = nullptr;
};
/// Of fields that the source does not have, what gives none (or 0).
[[nodiscard]] Getter getter_for(FieldId id, RecordSource source);

/// The value of a label, as label_in(labels_text()) has it. Points into the
/// identity, or into `scratch` where a label has characters of no valid label.
[[nodiscard]] std::string_view label_of(const Identity* identity, std::string_view key,
                                        std::string& scratch);

/// A value as it is kept: signed numbers biased, none as what stands for it. Sorts
/// as engines sort.
using Raw = std::variant<std::uint64_t, IpAddress, std::string>;
[[nodiscard]] Raw raw_value(const Getter& getter, const FieldRef& ref, const Row& row);
[[nodiscard]] bool is_none(const Raw& raw, FieldId id);
/// As an answer has it; what stands for none is still itself.
[[nodiscard]] Value value_from(const Raw& raw, FieldType type);
/// The opposite, of an answer's value: none is what stands for it.
[[nodiscard]] Raw raw_from(const Value& value, FieldId id);

}  // namespace netprobe
