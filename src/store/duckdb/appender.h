// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "query/record.h"
#include "query/schema.h"
#include "store/duckdb/database.h"

namespace netprobe::duck {

/// DuckDB's type of a column: "UBIGINT".
[[nodiscard]] std::string_view sql_type(ColumnType type);

/// "CREATE TABLE <name> (…)" of these columns.
[[nodiscard]] std::string create_table_sql(std::string_view name,
                                           std::span<const TableColumn> columns);

/// Appends rows to one table, a few thousand at a time, within the session's
/// transaction. Of one thread. Texts are pointed to until their rows are handed on:
/// what was written must stay until flush() or finish_row() has done so.
class TableAppender {
 public:
  [[nodiscard]] static Result<std::unique_ptr<TableAppender>> open(
      Session& session, const std::string& database, std::string_view table,
      std::span<const TableColumn> columns);
  ~TableAppender();
  TableAppender(const TableAppender&) = delete;
  TableAppender& operator=(const TableAppender&) = delete;

  // What write_record() calls, column by column (query/record.h).
  void unsigned_(std::uint64_t number);
  void signed_(std::int64_t number);
  void text(std::string_view text);
  void address(const IpAddress& address);
  void labels(const Identity* identity);

  /// After the last column. Fails where a full chunk could not be handed on.
  [[nodiscard]] Status finish_row();
  /// Hands on what is left and closes. Nothing is durable before the commit.
  [[nodiscard]] Status close();

 private:
  struct Column {
    ColumnType type{};
    void* data = nullptr;
  };

  explicit TableAppender(const Api& api) : api_(&api) {}
  void bytes(std::string_view bytes);
  [[nodiscard]] std::string_view mended(std::string_view text);
  void renew_columns();
  [[nodiscard]] Status flush();
  [[nodiscard]] Status failed() const;
  template <typename T>
  void put(T value) {
    static_cast<T*>(columns_[column_++].data)[row_] = value;
  }

  const Api* api_;
  Appender appender_ = nullptr;
  DataChunk chunk_ = nullptr;
  std::vector<Column> columns_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  std::size_t capacity_ = 0;
  std::size_t unflushed_ = 0;
  std::deque<std::string> mended_;  ///< texts of the chunk that were no UTF-8
  /// By identity, of this appender's life: nobody else gets its address meanwhile.
  std::unordered_map<const Identity*, std::string> labels_;
};

}  // namespace netprobe::duck
