// SPDX-License-Identifier: Apache-2.0
#include "engines.h"
#include "query/schema.h"
#include "store/duckdb/appender.h"
#include "store/duckdb/database.h"

namespace netprobe::test {
namespace {

class DuckDbEngine final : public SqlEngine {
 public:
  DuckDbEngine(std::unique_ptr<duck::Instance> instance, std::unique_ptr<duck::Session> session)
      : SqlEngine(SqlDialect::kDuckDb),
        instance_(std::move(instance)),
        session_(std::move(session)) {}

  std::string name() const override { return "DuckDB"; }

  template <typename Record>
  Status load(RecordKind kind, const std::vector<HistoryBatchPtr>& batches,
              std::vector<Record> HistoryBatch::* records) {
    const auto table = to_string(kind);
    if (auto made = session_->run(duck::create_table_sql(table, table_columns(kind))); !made)
      return made;
    auto appender = duck::TableAppender::open(*session_, "memory", table, table_columns(kind));
    if (!appender) return std::unexpected(appender.error());
    for (const HistoryBatchPtr& batch : batches) {
      for (const Record& record : (*batch).*records) {
        write_record(**appender, record, batch->node);
        if (auto done = (*appender)->finish_row(); !done) return done;
      }
    }
    return (*appender)->close();
  }

  Status roll_up() {
    const auto make = [&](std::string_view to, std::string_view from, bool from_rollup,
                          Micros bucket) -> Status {
      if (auto made = session_->run(duck::create_table_sql(to, rollup_columns())); !made)
        return made;
      return session_->run("INSERT INTO " + std::string(to) + " " +
                           rollup_sql(SqlDialect::kDuckDb, from, from_rollup, bucket));
    };
    if (auto done = make("flows_1m", "flows", false, 60'000'000); !done) return done;
    return make("flows_1h", "flows_1m", true, 3'600'000'000);
  }

 private:
  Result<std::vector<std::vector<Value>>> run(const SqlStatement& statement) override {
    auto result = session_->query(statement.text);
    if (!result) return std::unexpected(result.error());
    std::vector<std::vector<Value>> rows;
    while (result->next()) {
      for (std::size_t i = 0; i < result->size(); ++i) {
        auto& row = rows.emplace_back();
        for (std::size_t c = 0; c < result->columns(); ++c) row.push_back(result->value(c, i));
      }
    }
    return rows;
  }

  std::unique_ptr<duck::Instance> instance_;
  std::unique_ptr<duck::Session> session_;
};

}  // namespace

Result<std::unique_ptr<Engine>> duckdb_engine(const RandomRecords& records) {
  auto library = duck::Library::load();
  if (!library) return std::unexpected(library.error());
  auto instance = duck::Instance::open(*library, {.memory_limit = 512U << 20U});
  if (!instance) return std::unexpected(instance.error());
  auto session = duck::Session::open(**instance);
  if (!session) return std::unexpected(session.error());
  auto engine = std::make_unique<DuckDbEngine>(std::move(*instance), std::move(*session));
  if (auto done = load_all(*engine, records); !done) return std::unexpected(done.error());
  return engine;
}

}  // namespace netprobe::test
