// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "engines.h"
#include "query/schema.h"
#include "store/duckdb/appender.h"
#include "store/duckdb/database.h"
#include "store/duckdb/dictionary.h"
#include "store/duckdb/names.h"
#include "store/duckdb/raw_filter.h"
#include "store/duckdb/raw_layout.h"
#include "store/duckdb/raw_table.h"
#include "store/duckdb/tables.h"

namespace netprobe::test {
namespace {

// As the store has records: raw ones with numbers for names, in a database of its own.
constexpr std::string_view kRaw = "raw";
constexpr std::uint64_t kMemory = 512U << 20U;

class DuckDbEngine final : public SqlEngine {
 public:
  explicit DuckDbEngine() : SqlEngine(SqlDialect::kDuckDb) {}

  std::string name() const override { return "DuckDB"; }

  Status open() {
    auto library = duck::Library::load();
    if (!library) return std::unexpected(library.error());
    auto instance = duck::Instance::open(*library, {.memory_limit = kMemory});
    if (!instance) return std::unexpected(instance.error());
    instance_ = std::move(*instance);
    auto session = duck::Session::open(*instance_);
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
    auto done = names_.make_functions(*session_);
    if (done) done = session_->run("ATTACH ':memory:' AS raw");
    for (const std::string& sql : duck::make_table_sql(duck::FileKind::kRaw, kRaw))
      if (done) done = session_->run(sql);
    return done;
  }

  template <typename Record>
  Status load(RecordKind kind, const std::vector<HistoryBatchPtr>& batches,
              std::vector<Record> HistoryBatch::* records) {
    auto table = duck::RawTable::open(*session_, std::string(kRaw), kind, dictionary_);
    if (!table) return std::unexpected(table.error());
    for (const HistoryBatchPtr& batch : batches) {
      for (const Record& record : (*batch).*records) {
        write_record(**table, record, batch->node);
        if (auto done = (*table)->finish_row(); !done) return done;
      }
    }
    auto done = (*table)->close();
    return done ? dictionary_.append_new(*session_, std::string(kRaw)) : done;
  }

  Status roll_up() {
    auto use = names_.use(*session_, {.database = kRaw}, duck::NameColumns().set());
    if (!use) return std::unexpected(use.error());
    use_ = std::move(*use);
    const duck::RawSource source{.database = kRaw, .names = use_.number()};
    const auto make = [&](std::string_view to, const std::string& sums) -> Status {
      if (auto made = session_->run(duck::create_table_sql(to, rollup_columns())); !made)
        return made;
      return session_->run("INSERT INTO " + std::string(to) + " " + sums);
    };
    auto done = make("flows_1m",
                     duck::raw_sums_sql(source, 60'000'000, 0, std::numeric_limits<Micros>::max()));
    if (!done) return done;
    return make("flows_1h", rollup_sql(SqlDialect::kDuckDb, "flows_1m", true, 3'600'000'000));
  }

 private:
  /// Raw records are found by number, as far as the filter lets them.
  std::expected<SqlStatement, QueryFailure> read(const QueryRequest& request, Tier tier,
                                                 const std::optional<RecordCursor>& after,
                                                 std::vector<std::vector<Value>>& rows) override {
    if (tier != Tier::kRaw) return SqlEngine::read(request, tier, after, rows);
    const auto failed = [](const Error& error) {
      return std::unexpected(QueryFailure{QueryFailure::Kind::kFailed, error.message});
    };
    Query around = request.query;
    const duck::RawFilter filter(around.filter, around.kind);
    around.filter = filter.rest();
    const auto lists = names_.lists(*session_, {.database = kRaw}, filter.columns());
    if (!lists) return failed(lists.error());
    std::vector<duck::Names::Use> uses;
    const std::string where = filter.of_numbers(*lists, names_, uses).value_or("1 = 0");
    const duck::RawSource source{.database = kRaw, .names = use_.number(), .where = where};
    auto sql = to_sql(around, SqlDialect::kDuckDb, tier,
                      "(" + duck::raw_rows_sql(around.kind, source) + ") AS records",
                      request.limits.rows, after);
    if (!sql) return sql;
    note(sql->text);
    auto answered = run(*sql);
    if (!answered) return failed(answered.error());
    rows = std::move(*answered);
    return sql;
  }

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

  duck::Names names_{kMemory};
  std::unique_ptr<duck::Instance> instance_;
  std::unique_ptr<duck::Session> session_;
  duck::Dictionary dictionary_;
  duck::Names::Use use_;
};

}  // namespace

Result<std::unique_ptr<Engine>> duckdb_engine(const RandomRecords& records) {
  auto engine = std::make_unique<DuckDbEngine>();
  if (auto done = engine->open(); !done) return std::unexpected(done.error());
  if (auto done = load_all(*engine, records); !done) return std::unexpected(done.error());
  return engine;
}

}  // namespace netprobe::test
