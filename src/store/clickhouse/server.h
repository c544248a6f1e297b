// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/clickhouse/http.h"
#include "store/clickhouse/insert_group.h"
#include "store/clickhouse/schema_sql.h"

namespace netprobe {

/// How the delivery of a group ended, for now.
struct Delivery {
  enum class Outcome : std::uint8_t {
    kDone,      ///< the server has all of it, once
    kAgain,     ///< not yet, or not known yet: come again
    kRejected,  ///< the server will never take this: it is not there
  };
  Outcome outcome = Outcome::kAgain;
  std::string problem;  ///< of the two others, one sentence
  /// The tables are not as they were: prepare() before the next one.
  bool lost_tables = false;
};

/// The server as the one thread knows it that writes: its version, its tables,
/// its clock, and which parts of a group it has.
///
/// What had no answer may have been carried out, or be carried out later, as long
/// as a copy of it is on its way. So each attempt says when it is too late, by the
/// server's clock, and the server refuses it after that. A part is sent again only
/// when (1) that time has passed, (2) no insert of the part is running, and (3), in
/// this order, the tables do not have it.
class ClickHouseServerLink {
 public:
  /// `stopping`: asked a few times a second; true ends what is under way.
  ClickHouseServerLink(const ClickHouseOptions& options, std::function<bool()> stopping);

  /// Asks who is there and sees to the tables. Errors: nobody, no ClickHouse, no
  /// right, or a newer schema than this program's.
  [[nodiscard]] Status prepare();
  [[nodiscard]] bool prepared() const { return prepared_; }
  /// As prepare() found it.
  [[nodiscard]] ClickHouseVersion version() const { return version_; }

  /// Sends what is not there yet, part by part.
  [[nodiscard]] Delivery deliver(InsertGroup& group);

 private:
  /// What the tables have of a part. `known`: it stays so until we send.
  struct Presence {
    bool known = false;
    std::uint64_t rows = 0;
    bool minute = true;
    bool hour = true;
  };
  struct Sent {
    bool ok = false;
    ClickHouseReply reply;
  };

  [[nodiscard]] ClickHouseReply ask(const std::string& sql, HttpParams params = {}) const;
  [[nodiscard]] Result<std::uint64_t> ask_number(const std::string& sql) const;
  [[nodiscard]] Status see_to_tables();
  [[nodiscard]] Status read_clock();
  [[nodiscard]] Delivery deliver_part(InsertGroup& group, InsertPart& part);
  [[nodiscard]] Result<Presence> look_for(const InsertGroup& group, const InsertPart& part);
  [[nodiscard]] Sent send(const InsertGroup& group, InsertPart& part, bool raw_only);
  [[nodiscard]] Sent roll_up(const InsertGroup& group, InsertPart& part, Tier tier);
  [[nodiscard]] Sent note(InsertPart& part, ClickHouseReply reply) const;
  [[nodiscard]] std::string query_id(const InsertGroup& group, const InsertPart& part) const;
  [[nodiscard]] std::uint32_t send_by() const;

  const ClickHouseOptions& options_;
  std::function<bool()> stopping_;
  mutable ClickHouseHttp http_;
  SystemClock clock_;
  ClickHouseVersion version_;
  ClickHouseTables tables_;
  bool prepared_ = false;
  std::uint32_t server_time_ = 0;  ///< its clock, seconds, when it was read
  Nanos server_time_at_ = 0;       ///< monotonic
  std::optional<std::uint32_t> from_before_until_;  ///< fence of groups of a run before
};

}  // namespace netprobe
