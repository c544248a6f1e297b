// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "model/identity.h"
#include "query/record.h"
#include "query/schema.h"

namespace netprobe {

/// Appends values as ClickHouse's binary formats have them: numbers in little endian
/// at the width of their column, texts behind their length as a varint (LEB128).
/// Source: clickhouse.com/docs/interfaces/formats/RowBinary, …/Native.
namespace row_binary {
inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}
inline void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}
template <typename T>
void append_number(std::string& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}
/// Bytes that a number of this type takes; 0 for texts.
[[nodiscard]] std::size_t width_of(ColumnType type);
/// The same values, of what is not known: 0, "", "::", with this time in the first.
[[nodiscard]] std::vector<std::string> empty_row(std::span<const TableColumn> columns, Micros time);
}  // namespace row_binary

/// Values by column, each in its column's binary form.
using ColumnValues = std::vector<std::string>;

/// Writes records of one kind as rows (query/record.h), column by column: what is
/// alike stands together, which costs half of the time to compress.
class RowEncoder {
 public:
  explicit RowEncoder(RecordKind kind) : columns_(table_columns(kind)) {}

  /// Appends to `out`, which has table_columns() at least, the values of one row.
  template <typename Record>
  void write(ColumnValues& out, const Record& record, std::string_view node) {
    out_ = out.data();
    column_ = columns_.data();
    RowEncoder& self = *this;
    write_record(self, record, node);
  }
  /// Forgets labels that it remembered; they are kept by address, so between two
  /// batches, whose identities may be others at the same address.
  void forget() { labels_.clear(); }

  // RowWriter.
  void unsigned_(std::uint64_t value) {
    std::string& out = *out_++;
    switch ((column_++)->type) {
      case ColumnType::kU8:
        out += static_cast<char>(value);
        return;
      case ColumnType::kU16:
        row_binary::append_number(out, static_cast<std::uint16_t>(value));
        return;
      case ColumnType::kU32:
        row_binary::append_number(out, static_cast<std::uint32_t>(value));
        return;
      default:
        row_binary::append_number(out, value);
    }
  }
  void signed_(std::int64_t value) {
    ++column_;
    row_binary::append_number(*out_++, value);
  }
  void text(std::string_view value) {
    ++column_;
    row_binary::append_text(*out_++, value);
  }
  void address(const IpAddress& value) {
    ++column_;
    (out_++)->append(reinterpret_cast<const char*>(value.bytes().data()), value.bytes().size());
  }
  void labels(const Identity* identity) {
    if (identity == nullptr) return text({});
    auto [found, is_new] = labels_.try_emplace(identity);
    if (is_new) found->second = labels_text(identity);
    text(found->second);
  }

 private:
  std::span<const TableColumn> columns_;
  const TableColumn* column_ = nullptr;
  std::string* out_ = nullptr;  ///< of the next column
  std::unordered_map<const Identity*, std::string> labels_;
};

}  // namespace netprobe
