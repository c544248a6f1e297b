// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/answer.h"
#include "store/clickhouse/insert_group.h"
#include "store/clickhouse/newer.h"
#include "store/clickhouse/options.h"

namespace netprobe {

/// Raw tables are sorted by intDiv(time, this) first.
[[nodiscard]] Micros slot_of(RecordKind kind);

/// The tables of one database, as SQL. docs/clickhouse.md draws them.
///
/// Every kind has a table that keeps it, and one whose name ends in _in that keeps
/// nothing: what is inserted there goes on by materialised views, for flows to the
/// raw table and to both roll-ups. The mark row (insert_group.h) is refused there
/// when it comes too late.
class ClickHouseTables {
 public:
  ClickHouseTables(const ClickHouseOptions& options, ClickHouseVersion version)
      : options_(&options), version_(version) {}

  /// In order; each may be repeated. The last one notes the schema's version.
  [[nodiscard]] std::vector<std::string> create() const;
  /// Of all tables and views, without the database.
  [[nodiscard]] std::vector<std::string> names() const;
  /// One number: the newest schema that the database has, 0 for none.
  [[nodiscard]] std::string schema_version() const;

  /// How a part goes in: by all views, or into the raw table alone.
  [[nodiscard]] std::string insert(RecordKind kind, bool raw_only) const;
  /// One number: rows of the part that the raw table has.
  [[nodiscard]] std::string count_rows(const InsertGroup& group, const InsertPart& part) const;
  /// One number: the highest number of the lane in a roll-up's day; it has the
  /// part where that is no less.
  [[nodiscard]] std::string rolled_up(Tier tier, const InsertGroup& group,
                                      const InsertPart& part) const;
  /// Sums the part up from the raw table, in one block with its mark.
  [[nodiscard]] std::string roll_up_again(Tier tier, const InsertGroup& group,
                                          const InsertPart& part, std::uint32_t send_by) const;

  /// What stands behind FROM for a query: the columns of the kind's table or of
  /// the roll-up. The range, where there is one, spares reading the other buckets.
  [[nodiscard]] std::string from(RecordKind kind, Tier tier, std::optional<Micros> since,
                                 std::optional<Micros> until) const;
  /// A statement over from() with its range said in slots as well, which is what raw
  /// tables are sorted by: an old server does not see that one follows from the other.
  [[nodiscard]] std::string with_slots(std::string sql, RecordKind kind, Tier tier,
                                       std::optional<Micros> since,
                                       std::optional<Micros> until) const;
  /// One number: the oldest record's or bucket's time; 0 where there is none.
  [[nodiscard]] std::string oldest(RecordKind kind, Tier tier, std::int64_t first_day) const;
  /// Lines "table, partition": what has data.
  [[nodiscard]] std::string partitions() const;
  [[nodiscard]] std::string drop_partition(std::string_view table, std::int64_t day) const;
  /// Two numbers: bytes on disk and parts, of all tables.
  [[nodiscard]] std::string size() const;
  /// 0: for ever.
  [[nodiscard]] Nanos keep_of(std::string_view table) const;

 private:
  [[nodiscard]] std::string full(std::string_view table) const;
  [[nodiscard]] std::string asked(std::string_view table) const;
  [[nodiscard]] std::string create_raw(RecordKind kind) const;
  [[nodiscard]] std::string create_input(RecordKind kind, std::string_view name) const;
  [[nodiscard]] std::string create_rollup(Tier tier) const;
  [[nodiscard]] std::string raw_view(RecordKind kind, std::string_view input) const;
  [[nodiscard]] std::string rollup_view(Tier tier) const;
  [[nodiscard]] std::string rollup_select(Tier tier, std::string_view from) const;

  const ClickHouseOptions* options_;
  ClickHouseVersion version_;
};

}  // namespace netprobe
