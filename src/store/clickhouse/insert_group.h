// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/history.h"
#include "store/clickhouse/deflate.h"
#include "store/clickhouse/row_binary.h"

namespace netprobe {

inline constexpr Micros kDayMicros = 24LL * 3600 * 1'000'000;
/// Days since the epoch, down; what tables are partitioned by.
[[nodiscard]] inline std::int64_t day_of(Micros time) {
  return time / kDayMicros - (time % kDayMicros < 0 ? 1 : 0);
}

/// Rows of one table and one day: what one insert carries, and so what the server
/// has whole or not at all.
struct InsertPart {
  RecordKind kind{};
  std::int64_t day = 0;
  std::uint32_t rows = 0;
  Micros oldest = 0;
  Micros newest = 0;
  Deflated body;  ///< Native blocks: table_columns(kind) and mark_columns()
  /// Server's clock, seconds: it may have been sent, to be refused after this. 0: never.
  std::uint32_t send_by = 0;
  bool over = false;  ///< the server has told how that ended, or never saw it
  bool done = false;
  bool rejected = false;  ///< the server will never take it
};

/// What is sent under one id. Ids of one agent's run grow: "a/b/7" comes before
/// "a/b/8" in the lane "a/b".
struct InsertGroup {
  std::string id;  ///< of the first batch in it
  std::vector<InsertPart> parts;
  /// Numbers of the batches in it, as the store counts what it takes; 0 where it
  /// is of a run before.
  std::uint64_t first_batch = 0;
  std::uint64_t batches = 0;
  std::string file;           ///< where it is spilled; empty: in memory alone
  bool from_before = false;   ///< read from a spill of a run before: may have been sent
  bool out_of_order = false;  ///< newer ones of its lane were sent before it

  [[nodiscard]] std::uint64_t rows() const;
  [[nodiscard]] std::size_t bytes() const;  ///< in memory, about
};

/// The lane of an id, and its number in it, from 1. An id of another form, or one
/// that comes out of order, is a lane of its own.
struct Lane {
  std::string name;
  std::uint64_t number = 1;
};
[[nodiscard]] Lane lane_of(const InsertGroup& group);

/// What every row that is sent has behind its own columns: the group's id, 0 and
/// the end of time.
[[nodiscard]] std::array<std::string, 3> mark_columns(std::string_view batch, std::uint64_t mark,
                                                      std::uint32_t send_by);
/// The block of one row that is sent before those of a part, made for each attempt: empty, at
/// the day's start, with the lane, the number in it, and when it is too late. The
/// views keep it in the roll-ups, in the same block as the sums, and nowhere else.
[[nodiscard]] std::string mark_block(const InsertGroup& group, const InsertPart& part,
                                     std::uint32_t send_by);

/// Puts batches together into groups.
class GroupBuilder {
 public:
  void add(const HistoryBatch& batch, std::uint64_t number);
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  /// Nothing where nothing was added. The builder is empty after it.
  [[nodiscard]] std::unique_ptr<InsertGroup> finish();

 private:
  struct Open {
    Deflater deflater;
    /// Rows that the deflater has not seen; without the columns of the mark.
    ColumnValues pending;
    std::uint32_t pending_rows = 0;
    InsertPart part;
  };
  void close_block(Open& open) const;
  template <typename Record>
  void add_all(const std::vector<Record>& records, RecordKind kind, std::string_view node);

  std::string id_;
  std::uint64_t rows_ = 0;
  std::uint64_t first_batch_ = 0;
  std::uint64_t batches_ = 0;
  std::map<std::pair<RecordKind, std::int64_t>, std::unique_ptr<Open>> open_;
  std::vector<RowEncoder> encoders_{RowEncoder(RecordKind::kFlow), RowEncoder(RecordKind::kDrop),
                                    RowEncoder(RecordKind::kConnection),
                                    RowEncoder(RecordKind::kAlert)};
};

/// As a spill file has it, with a checksum over all of it.
[[nodiscard]] std::string encode_group(const InsertGroup& group);
[[nodiscard]] Result<InsertGroup> decode_group(std::string_view bytes);

}  // namespace netprobe
