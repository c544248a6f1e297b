// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/appender.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "store/duckdb/text.h"

namespace netprobe::duck {
namespace {

// Rows that the library holds beside those of the transaction, as a second copy.
constexpr std::size_t kRowsHeld = 2 * 2048;

Type type_of(ColumnType type) {
  switch (type) {
    case ColumnType::kU8:
      return Type::kUTinyint;
    case ColumnType::kU16:
      return Type::kUSmallint;
    case ColumnType::kU32:
      return Type::kUInteger;
    case ColumnType::kU64:
      return Type::kUBigint;
    case ColumnType::kI64:
      return Type::kBigint;
    case ColumnType::kAddress:
      return Type::kBlob;
    case ColumnType::kText:
    case ColumnType::kWord:
      return Type::kVarchar;
  }
  return Type::kVarchar;
}

}  // namespace

std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::kU8:
      return "UTINYINT";
    case ColumnType::kU16:
      return "USMALLINT";
    case ColumnType::kU32:
      return "UINTEGER";
    case ColumnType::kU64:
      return "UBIGINT";
    case ColumnType::kI64:
      return "BIGINT";
    case ColumnType::kAddress:
      return "BLOB";
    case ColumnType::kText:
    case ColumnType::kWord:
      return "VARCHAR";
  }
  return "VARCHAR";
}

std::string create_table_sql(std::string_view name, std::span<const TableColumn> columns) {
  std::string sql = fmt::format("CREATE TABLE {} (", name);
  std::string_view separator;
  for (const TableColumn& column : columns) {
    sql += fmt::format("{}\"{}\" {} NOT NULL", separator, column.name, sql_type(column.type));
    separator = ", ";
  }
  return sql + ")";
}

Result<std::unique_ptr<TableAppender>> TableAppender::open(Session& session,
                                                           const std::string& database,
                                                           std::string_view table,
                                                           std::span<const TableColumn> columns) {
  std::unique_ptr<TableAppender> result(new TableAppender(session.api()));
  const Api& api = session.api();
  if (api.appender_create_ext(session.handle(), database.c_str(), "main",
                              std::string(table).c_str(), &result->appender_) != kSuccess)
    return std::unexpected(result->failed().error());
  std::vector<LogicalType> types;
  types.reserve(columns.size());
  for (const TableColumn& column : columns) {
    types.push_back(api.create_logical_type(type_of(column.type)));
    result->columns_.push_back({.type = column.type});
  }
  result->chunk_ = api.create_data_chunk(types.data(), types.size());
  for (LogicalType& type : types) api.destroy_logical_type(&type);
  if (result->chunk_ == nullptr) return fail("DuckDB has no memory for rows to write");
  result->capacity_ = api.vector_size();
  result->renew_columns();
  return result;
}

TableAppender::~TableAppender() {
  if (chunk_ != nullptr) api_->destroy_data_chunk(&chunk_);
  if (appender_ != nullptr) api_->appender_destroy(&appender_);
}

Status TableAppender::failed() const {
  const char* why = appender_ != nullptr ? api_->appender_error(appender_) : nullptr;
  if (why == nullptr) return fail("DuckDB takes no rows and does not say why");
  const std::string_view text(why);
  return fail(std::string(text.substr(0, text.find('\n'))));  // advice follows
}

// A chunk that was reset may have other memory.
void TableAppender::renew_columns() {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    columns_[i].data = api_->vector_get_data(api_->data_chunk_get_vector(chunk_, i));
}

void TableAppender::unsigned_(std::uint64_t number) {
  // A number that its column cannot hold is as large as can be.
  const auto fit = [&]<typename T>(T) {
    constexpr std::uint64_t kMost = std::numeric_limits<T>::max();
    put(static_cast<T>(number < kMost ? number : kMost));
  };
  switch (columns_[column_].type) {
    case ColumnType::kU8:
      return fit(std::uint8_t{});
    case ColumnType::kU16:
      return fit(std::uint16_t{});
    case ColumnType::kU32:
      return fit(std::uint32_t{});
    default:
      return put(number);
  }
}

void TableAppender::signed_(std::int64_t number) { put(number); }

void TableAppender::bytes(std::string_view bytes) { put(text_of(bytes)); }

void TableAppender::text(std::string_view text) { bytes(is_utf8(text) ? text : mended(text)); }

void TableAppender::address(const IpAddress& address) {
  bytes({reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size()});
}

// Names of processes are any bytes, and DuckDB takes a text to be UTF-8.
std::string_view TableAppender::mended(std::string_view text) {
  return mended_.emplace_back(mended_utf8(text));
}

void TableAppender::labels(const Identity* identity) {
  if (identity == nullptr || identity->labels.empty()) return text({});
  const auto [at, is_new] = labels_.try_emplace(identity);
  if (is_new) {
    at->second = labels_text(identity);
    if (!is_utf8(at->second)) at->second = mended(at->second);
  }
  bytes(at->second);
}

Status TableAppender::finish_row() {
  column_ = 0;
  return ++row_ == capacity_ ? flush() : Status{};
}

Status TableAppender::flush() {
  if (row_ == 0) return {};
  api_->data_chunk_set_size(chunk_, row_);
  if (api_->append_data_chunk(appender_, chunk_) != kSuccess) return failed();
  unflushed_ += row_;
  row_ = 0;
  mended_.clear();
  api_->data_chunk_reset(chunk_);
  renew_columns();
  if (unflushed_ >= kRowsHeld) {
    unflushed_ = 0;
    if (api_->appender_flush(appender_) != kSuccess) return failed();
  }
  return {};
}

Status TableAppender::close() {
  if (auto done = flush(); !done) return done;
  if (api_->appender_close(appender_) != kSuccess) return failed();
  return {};
}

}  // namespace netprobe::duck
