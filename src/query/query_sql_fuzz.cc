// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "query/sql.h"
#include "query/testing/sql_check.h"

/// Whatever a text is, as a query or as a name, nothing of it is SQL.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto check = [](SqlDialect dialect, std::string_view sql) {
    if (!testing::trouble_in(dialect, sql).empty()) std::abort();
  };
  if (const auto cursor = parse_record_cursor(text))
    if (format_record_cursor(*cursor) != text) std::abort();
  auto query = parse_query(text, 1'764'000'000LL * kSecond);
  if (query) give_range(*query, 0, 1'764'000'000'000'000);
  for (const SqlDialect dialect : {SqlDialect::kDuckDb, SqlDialect::kClickHouse}) {
    check(dialect, "SELECT " + sql_literal(dialect, text));
    if (!query) continue;
    for (const Tier tier : {Tier::kRaw, Tier::kMinute, Tier::kHour}) {
      const auto sql = to_sql(*query, dialect, tier, "source", 100, std::nullopt);
      if (sql) check(dialect, sql->text);
      if (!sql && sql.error().message.empty()) std::abort();
      if (!sql && tier == Tier::kRaw) std::abort();  // a query that was parsed can be asked
    }
  }
  return 0;
}
