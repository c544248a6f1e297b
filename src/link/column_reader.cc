// SPDX-License-Identifier: Apache-2.0
#include "link/column_reader.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "link/proto/netprobe.pb.h"

namespace netprobe {

Result<ColumnReader> ColumnReader::make(const v1::Column& column, std::size_t rows) {
  ColumnReader reader(column);
  const auto size = [](const auto& field) { return static_cast<std::size_t>(field.size()); };
  const std::array<std::pair<Kind, std::size_t>, 6> kinds{
      {{Kind::kFlag, size(column.flags())},
       {Kind::kInteger, size(column.integers())},
       {Kind::kNumber, size(column.numbers())},
       {Kind::kReal, size(column.reals())},
       {Kind::kText, size(column.words())},
       {Kind::kAddress, column.addresses().size() / 16}}};
  for (const auto& [kind, count] : kinds) {
    if (count == 0) continue;
    if (count != rows || reader.kind_ != Kind::kNone)
      return fail(fmt::format("column '{}' has {} values for {} rows", column.name(), count, rows));
    reader.kind_ = kind;
  }
  if (column.addresses().size() % 16 != 0)
    return fail(fmt::format("column '{}' has part of an address", column.name()));
  for (const std::uint32_t word : column.words())
    if (word >= size(column.texts()))
      return fail(
          fmt::format("column '{}' names text {} of {}", column.name(), word, column.texts_size()));
  if (!column.known().empty() && column.known().size() != (rows + 7) / 8)
    return fail(
        fmt::format("column '{}' says of another number of rows which are known", column.name()));
  return reader;
}

Value ColumnReader::value(std::size_t row) const {
  const v1::Column& column = *column_;
  if (!column.known().empty() &&
      (static_cast<unsigned char>(column.known()[row / 8]) >> (row % 8) & 1U) == 0)
    return {};
  const int at = static_cast<int>(row);
  switch (kind_) {
    case Kind::kNone:
      return {};
    case Kind::kFlag:
      return column.flags(at);
    case Kind::kInteger:
      return static_cast<std::int64_t>(column.integers(at));
    case Kind::kNumber:
      return static_cast<std::uint64_t>(column.numbers(at));
    case Kind::kReal:
      return column.reals(at);
    case Kind::kText:
      return column.texts(static_cast<int>(column.words(at)));
    case Kind::kAddress: {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(column.addresses().data());
      return IpAddress(std::span<const std::uint8_t, 16>(bytes + row * 16, 16));
    }
  }
  return {};
}

}  // namespace netprobe
