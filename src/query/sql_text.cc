// SPDX-License-Identifier: Apache-2.0
#include "query/sql_text.h"

#include "base/utf8.h"
#include "query/lower.h"

namespace netprobe {
namespace {

constexpr char kHex[] = "0123456789abcdef";

/// DuckDB's parser knows no escapes in '…', ends at a NUL and takes UTF-8 only;
/// what is none becomes U+FFFD, as in the texts that are kept.
std::string duckdb_literal(std::string_view text) {
  std::string out = "'";
  bool joined = false;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') {
      out += "' || chr(0) || '";
      joined = true;
      ++i;
      continue;
    }
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      out += kReplacement;
      ++i;
      continue;
    }
    if (text[i] == '\'') out += '\'';
    out += text.substr(i, length);
    i += length;
  }
  out += '\'';
  return joined ? "(" + out + ")" : out;
}

/// ClickHouse's knows the escapes of C. Control characters are written so too, so
/// that a statement is one line in its log.
std::string clickhouse_literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xfU];
    } else {
      out += c;
    }
  }
  out += '\'';
  return out;
}

std::string_view result_type(SqlDialect dialect, const Column& column) {
  const bool duckdb = dialect == SqlDialect::kDuckDb;
  if (column.is_real) return duckdb ? "DOUBLE" : "Float64";
  switch (class_of(column.type)) {
    case ValueClass::kSigned:
      return duckdb ? "BIGINT" : "Int64";
    case ValueClass::kUnsigned:
      return duckdb ? "UBIGINT" : "UInt64";
    case ValueClass::kAddress:
      return duckdb ? "BLOB" : "FixedString(16)";
    case ValueClass::kText:
      break;
  }
  return duckdb ? "VARCHAR" : "String";
}

}  // namespace

std::string sql_literal(SqlDialect dialect, std::string_view text) {
  return dialect == SqlDialect::kDuckDb ? duckdb_literal(text) : clickhouse_literal(text);
}

// How DuckDB keeps addresses is decided here and in result_type().
std::string sql_address(SqlDialect dialect, const IpAddress& address) {
  const bool duckdb = dialect == SqlDialect::kDuckDb;
  std::string out = duckdb ? "'" : "unhex('";
  for (const std::uint8_t byte : address.bytes()) {
    if (duckdb) out += "\\x";
    out += kHex[byte >> 4U];
    out += kHex[byte & 0xfU];
  }
  return out + (duckdb ? "'::BLOB" : "')");
}

std::string sql_number(ValueClass value, std::uint64_t number) {
  if (value != ValueClass::kSigned) return std::to_string(number);
  // "-9223372036854775808" is a minus in front of what is too large.
  if (unbiased(number) == INT64_MIN) return "(-9223372036854775807 - 1)";
  return std::to_string(unbiased(number));
}

std::string sql_and(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) {
    if (part.empty()) continue;
    if (!out.empty()) out += " AND ";
    out += part;
  }
  return out.empty() ? "1 = 1" : out;
}

std::string sql_divide(SqlDialect dialect, std::string_view a, std::uint64_t b) {
  std::string out;
  if (dialect == SqlDialect::kDuckDb) {
    out.append("(").append(a).append(" // ").append(std::to_string(b)).append(")");
  } else {
    out.append("intDiv(").append(a).append(", ").append(std::to_string(b)).append(")");
  }
  return out;
}

std::string sql_bucket(SqlDialect dialect, std::string_view time, Micros bucket) {
  // ClickHouse 18.16 takes a literal's own width for the remainder's: an hour does
  // not fit into the 32 bits with a sign that it makes of it.
  const std::string length = dialect == SqlDialect::kDuckDb
                                 ? std::to_string(bucket)
                                 : "toInt64(" + std::to_string(bucket) + ")";
  std::string out = "(";
  return out.append(time).append(" - ").append(time).append(" % ").append(length).append(")");
}

std::string sql_aggregate(SqlDialect dialect, std::string_view function, std::string_view value,
                          std::string_view condition) {
  std::string out;
  if (condition.empty()) return out.append(function).append("(").append(value).append(")");
  if (dialect == SqlDialect::kDuckDb) {
    out.append(function).append("(").append(value).append(") FILTER (WHERE ");
    return out.append(condition).append(")");
  }
  out.append(function).append("If(").append(value).append(value.empty() ? "" : ", ");
  return out.append(condition).append(")");
}

std::string sql_result(SqlDialect dialect, const Column& column, std::string_view value,
                       std::string_view none) {
  std::string out = "CAST(";
  if (none.empty()) {
    out += value;
  } else {
    out.append("CASE WHEN ").append(none).append(" THEN NULL ELSE ").append(value).append(" END");
  }
  out += " AS ";
  if (dialect == SqlDialect::kClickHouse) out += "Nullable(";
  out += result_type(dialect, column);
  if (dialect == SqlDialect::kClickHouse) out += ")";
  return out + ")";
}

}  // namespace netprobe
