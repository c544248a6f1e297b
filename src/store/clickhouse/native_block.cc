// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/native_block.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>

namespace netprobe {
namespace {

static_assert(std::endian::native == std::endian::little);

/// A column's type as far as it is read.
struct NativeType {
  enum class Base : std::uint8_t { kUnsigned, kSigned, kReal, kText, kFixed };
  Base base{};
  std::size_t width = 0;  ///< bytes; 0 for texts
  bool nullable = false;
};

std::optional<NativeType> parse_type(std::string_view text) {
  NativeType type;
  constexpr std::string_view kNullable = "Nullable(";
  constexpr std::string_view kFixed = "FixedString(";
  if (text.starts_with(kNullable) && text.ends_with(')')) {
    type.nullable = true;
    text = text.substr(kNullable.size(), text.size() - kNullable.size() - 1);
  }
  const auto number_in = [](std::string_view digits) -> std::size_t {
    std::size_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? value : 0;
  };
  if (text == "String") {
    type.base = NativeType::Base::kText;
    return type;
  }
  if (text == "Float64") {
    type.base = NativeType::Base::kReal;
    type.width = 8;
    return type;
  }
  if (text.starts_with(kFixed) && text.ends_with(')')) {
    type.base = NativeType::Base::kFixed;
    type.width = number_in(text.substr(kFixed.size(), text.size() - kFixed.size() - 1));
    return type.width == 0 || type.width > 256 ? std::nullopt : std::optional(type);
  }
  const bool is_unsigned = text.starts_with("UInt");
  if (!is_unsigned && !text.starts_with("Int")) return std::nullopt;
  type.base = is_unsigned ? NativeType::Base::kUnsigned : NativeType::Base::kSigned;
  const std::size_t bits = number_in(text.substr(is_unsigned ? 4 : 3));
  if (bits != 8 && bits != 16 && bits != 32 && bits != 64) return std::nullopt;
  type.width = bits / 8;
  return type;
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::size_t size() const { return rest_.size(); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> take(std::uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::optional<std::string_view> text() {
    const auto size = varint();
    return size ? take(*size) : std::nullopt;
  }

 private:
  std::string_view rest_;
};

std::uint64_t unsigned_of(std::string_view bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

std::int64_t signed_of(std::string_view bytes) {
  const auto bits = static_cast<unsigned>(bytes.size() * 8);
  const std::uint64_t raw = unsigned_of(bytes) << (64 - bits);
  return static_cast<std::int64_t>(raw) >> (64 - bits);
}

/// In the answer's terms, whatever width the server chose.
Value value_of(const NativeType& type, const Column& column, std::string_view bytes) {
  using Base = NativeType::Base;
  const bool is_time = column.type == FieldType::kTime || column.type == FieldType::kDuration;
  switch (type.base) {
    case Base::kText:
      return std::string(bytes);
    case Base::kFixed:
      if (column.type == FieldType::kAddress && bytes.size() == 16) {
        std::array<std::uint8_t, 16> address{};
        std::memcpy(address.data(), bytes.data(), address.size());
        return IpAddress(std::span<const std::uint8_t, 16>(address));
      }
      return std::string(bytes);
    case Base::kReal: {
      double value = 0;
      std::memcpy(&value, bytes.data(), sizeof(value));
      return value;
    }
    case Base::kUnsigned: {
      const std::uint64_t value = unsigned_of(bytes);
      if (column.is_real) return static_cast<double>(value);
      if (column.type == FieldType::kBool) return value != 0;
      if (is_time) return static_cast<std::int64_t>(value);
      return value;
    }
    case Base::kSigned: {
      const std::int64_t value = signed_of(bytes);
      if (column.is_real) return static_cast<double>(value);
      if (column.type == FieldType::kBool) return value != 0;
      if (is_time) return value;
      return static_cast<std::uint64_t>(value);
    }
  }
  return {};
}

std::unexpected<Error> broken(const std::string& how) {
  return fail("ClickHouse's answer cannot be read: " + how);
}

/// One column of a block, into the rows from `first` on.
Status read_column(Bytes& bytes, const Column& column, std::size_t at, std::size_t first,
                   std::size_t count, std::vector<std::vector<Value>>& rows) {
  const auto name = bytes.text();
  const auto type_name = bytes.text();
  if (!name || !type_name) return broken("it is cut off");
  const auto type = parse_type(*type_name);
  if (!type) return broken("column '" + column.name + "' has a type that is not known");
  std::string_view nulls;
  if (type->nullable) {
    const auto taken = bytes.take(count);
    if (!taken) return broken("it is cut off");
    nulls = *taken;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto cell = type->width == 0 ? bytes.text() : bytes.take(type->width);
    if (!cell) return broken("it is cut off");
    if (nulls.empty() || nulls[i] == 0) rows[first + i][at] = value_of(*type, column, *cell);
  }
  return {};
}

}  // namespace

Result<std::vector<std::vector<Value>>> decode_native(std::string_view text,
                                                      const std::vector<Column>& columns,
                                                      std::size_t most_rows) {
  Bytes bytes(text);
  std::vector<std::vector<Value>> rows;
  while (!bytes.empty()) {
    const auto width = bytes.varint();
    const auto height = bytes.varint();
    if (!width || !height) return broken("it is cut off");
    if (*width == 0 && *height == 0) continue;
    if (*width != columns.size())
      return broken("it has " + std::to_string(*width) + " columns, not " +
                    std::to_string(columns.size()));
    // A row takes a byte a column at least: no more memory than bytes pay for.
    if (*height > bytes.size()) return broken("it is cut off");
    if (rows.size() + *height > most_rows) return broken("it has more rows than were asked for");
    const std::size_t first = rows.size();
    rows.resize(first + *height, std::vector<Value>(columns.size()));
    for (std::size_t at = 0; at < columns.size(); ++at)
      if (auto read = read_column(bytes, columns[at], at, first, *height, rows); !read)
        return std::unexpected(read.error());
  }
  return rows;
}

}  // namespace netprobe
