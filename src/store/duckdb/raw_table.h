// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "store/duckdb/appender.h"
#include "store/duckdb/dictionary.h"
#include "store/duckdb/raw_layout.h"

namespace netprobe::duck {

/// Appends records to a table of a raw file: as TableAppender, with numbers of a
/// dictionary for words and names.
class RawTable {
 public:
  [[nodiscard]] static Result<std::unique_ptr<RawTable>> open(Session& session,
                                                              const std::string& database,
                                                              RecordKind kind,
                                                              Dictionary& dictionary) {
    auto table =
        TableAppender::open(session, database, table_name(kind, Tier::kRaw), raw_columns(kind));
    if (!table) return std::unexpected(table.error());
    return std::unique_ptr<RawTable>(
        new RawTable(std::move(*table), raw_keeping(kind), dictionary));
  }

  // What write_record() calls, column by column (query/record.h).
  void unsigned_(std::uint64_t number) {
    ++column_;
    table_->unsigned_(number);
  }
  void signed_(std::int64_t number) {
    ++column_;
    table_->signed_(number);
  }
  void address(const IpAddress& address) {
    ++column_;
    table_->address(address);
  }
  void text(std::string_view text) {
    switch (keeping_[column_++]) {
      case Keeping::kNothing:
        return;
      case Keeping::kWord:
        return table_->unsigned_(dictionary_.word(text));
      default:
        return table_->text(text);
    }
  }
  void labels(const Identity* identity) {
    ++column_;
    table_->unsigned_(dictionary_.identity(identity));
  }

  [[nodiscard]] Status finish_row() {
    column_ = 0;
    return table_->finish_row();
  }
  [[nodiscard]] Status close() { return table_->close(); }

 private:
  RawTable(std::unique_ptr<TableAppender> table, std::span<const Keeping> keeping,
           Dictionary& dictionary)
      : table_(std::move(table)), keeping_(keeping), dictionary_(dictionary) {}

  std::unique_ptr<TableAppender> table_;
  std::span<const Keeping> keeping_;
  Dictionary& dictionary_;
  std::size_t column_ = 0;
};

}  // namespace netprobe::duck
