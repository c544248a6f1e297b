// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/clickhouse/newer.h"
#include "store/clickhouse/options.h"

namespace netprobe {

/// One statement for the server.
struct ClickHouseRequest {
  std::string sql;
  HttpParams params;  ///< database, settings, query_id
  /// Pieces of a gzip member that follows the statement; empty: none.
  std::vector<std::string_view> body;
  /// On a connection of its own: on one that was kept libcurl would send it a
  /// second time, unasked, where that turns out to be dead.
  bool once = false;
  Nanos timeout = 30 * kSecond;
  std::size_t most = 1U << 20U;  ///< bytes of an answer; more is an error
  /// Asked a few times a second; true: given up.
  std::function<bool()> cancelled;
};

/// What came of it.
struct ClickHouseReply {
  enum class Failure : std::uint8_t {
    kNone,         ///< the server answered: see `status`
    kUnreachable,  ///< no connection was made: the statement never left
    kBroken,       ///< no answer, or half of one: it may have been carried out
    kTooLong,
    kCancelled,
  };
  Failure failure = Failure::kNone;
  int status = 0;
  std::string body;
  std::string error;  ///< of a failure or a status that is not 200; one sentence, no secrets
  /// ClickHouse's own number of an error, from its text; 0: none.
  int code = 0;

  [[nodiscard]] bool ok() const { return failure == Failure::kNone && status == 200; }
};

/// A connection to a ClickHouse server, kept between requests. Blocking; one thread
/// an object. Redirects are not followed.
class ClickHouseHttp {
 public:
  explicit ClickHouseHttp(const ClickHouseOptions& options);
  ~ClickHouseHttp();
  ClickHouseHttp(const ClickHouseHttp&) = delete;
  ClickHouseHttp& operator=(const ClickHouseHttp&) = delete;

  [[nodiscard]] ClickHouseReply ask(const ClickHouseRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// "Code: 60, e.displayText() = …": the number; 0 where there is none.
[[nodiscard]] int clickhouse_error_code(std::string_view text);
/// The server's words as part of a sentence: one line, at most 300 bytes.
[[nodiscard]] std::string clickhouse_error_text(std::string_view text);

}  // namespace netprobe
