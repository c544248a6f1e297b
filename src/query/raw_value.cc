// SPDX-License-Identifier: Apache-2.0
#include "query/column.h"
#include "query/getters.h"
#include "query/lower.h"
#include "query/record.h"

namespace netprobe {
namespace {

bool is_odd(std::string_view text) { return text.find_first_of("=\x1f") != std::string_view::npos; }

}  // namespace

std::string_view label_of(const Identity* identity, std::string_view key, std::string& scratch) {
  if (identity == nullptr || identity->labels.empty()) return {};
  bool odd = is_odd(key);
  std::string_view value;
  for (const auto& [name, text] : identity->labels) {
    odd = odd || is_odd(name) || text.contains('\x1f') || (name == key && !value.empty());
    if (name == key) value = text;
  }
  if (!odd) return value;
  scratch = labels_text(identity);
  return label_in(scratch, key);
}

Raw raw_value(const Getter& getter, const FieldRef& ref, const Row& row) {
  if (getter.number != nullptr) return getter.number(row);
  if (getter.address != nullptr) return getter.address(row);
  if (getter.text != nullptr) return std::string(getter.text(row));
  if (ref.label.empty()) return labels_text(getter.identity(row));
  std::string scratch;
  return std::string(label_of(getter.identity(row), ref.label, scratch));
}

bool is_none(const Raw& raw, FieldId id) {
  if (const auto* text = std::get_if<std::string>(&raw)) return text->empty();
  if (const auto* address = std::get_if<IpAddress>(&raw)) return address->is_unspecified();
  const auto none = none_number(id);
  if (!none) return false;
  const bool is_signed = class_of(field(id).type) == ValueClass::kSigned;
  return std::get<std::uint64_t>(raw) ==
         (is_signed ? biased(static_cast<std::int64_t>(*none)) : *none);
}

Value value_from(const Raw& raw, FieldType type) {
  if (const auto* text = std::get_if<std::string>(&raw)) return *text;
  if (const auto* address = std::get_if<IpAddress>(&raw)) return *address;
  const std::uint64_t number = std::get<std::uint64_t>(raw);
  if (type == FieldType::kBool) return number != 0;
  if (class_of(type) == ValueClass::kSigned) return unbiased(number);
  return number;
}

Raw raw_from(const Value& value, FieldId id) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* address = std::get_if<IpAddress>(&value)) return *address;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return biased(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  if (const auto* flag = std::get_if<bool>(&value)) return std::uint64_t{*flag ? 1U : 0U};
  switch (class_of(field(id).type)) {
    case ValueClass::kText:
      return std::string();
    case ValueClass::kAddress:
      return IpAddress{};
    case ValueClass::kSigned:
      return biased(static_cast<std::int64_t>(none_number(id).value_or(0)));
    case ValueClass::kUnsigned:
      break;
  }
  return none_number(id).value_or(0);
}

Value value_of(const FieldRef& ref, const RecordRef& record) {
  const Raw raw = raw_value(getter_for(ref.id, source_of(record.kind)), ref, row_of(record));
  return is_none(raw, ref.id) ? Value{} : value_from(raw, field(ref.id).type);
}

}  // namespace netprobe
