// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "query/history_store.h"
#include "query/sql.h"
#include "records.h"

namespace netprobe::test {

/// Something that answers queries about the same records. Each tier of the
/// engines has them: raw, and summed up by minute and by hour.
class Engine {
 public:
  using Answer = std::expected<QueryAnswer, QueryFailure>;

  virtual ~Engine() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual Answer ask(const QueryRequest& request, Tier tier) = 0;
};

/// evaluate(): it has records only, whatever the tier.
[[nodiscard]] std::unique_ptr<Engine> memory_engine(const RandomRecords& records);
/// A database in memory. The error says why there can be none here.
[[nodiscard]] Result<std::unique_ptr<Engine>> duckdb_engine(const RandomRecords& records);
/// A real server on loopback, of this engine's own.
[[nodiscard]] Result<std::unique_ptr<Engine>> clickhouse_engine(const RandomRecords& records);

/// An engine that is asked by SQL: the statement of a query, and its answer.
class SqlEngine : public Engine {
 public:
  explicit SqlEngine(SqlDialect dialect) : dialect_(dialect) {}
  [[nodiscard]] Answer ask(const QueryRequest& request, Tier tier) final;
  /// The last statement, for messages.
  [[nodiscard]] const std::string& statement() const { return statement_; }

 protected:
  /// The answer's rows and their statement; an engine with more steps than one has
  /// its own.
  [[nodiscard]] virtual std::expected<SqlStatement, QueryFailure> read(
      const QueryRequest& request, Tier tier, const std::optional<RecordCursor>& after,
      std::vector<std::vector<Value>>& rows);
  /// Rows as the statement's columns say, the hidden ones too.
  [[nodiscard]] virtual Result<std::vector<std::vector<Value>>> run(
      const SqlStatement& statement) = 0;
  [[nodiscard]] SqlDialect dialect() const { return dialect_; }
  void note(std::string statement) { statement_ = std::move(statement); }

 private:
  SqlDialect dialect_;
  std::string statement_;
};

/// Puts the records of every kind into an engine's tables, and sums them up.
template <typename SqlEngineType>
[[nodiscard]] Status load_all(SqlEngineType& engine, const RandomRecords& records) {
  const auto& batches = records.batches();
  if (auto done = engine.load(RecordKind::kFlow, batches, &HistoryBatch::flows); !done) return done;
  if (auto done = engine.load(RecordKind::kDrop, batches, &HistoryBatch::drops); !done) return done;
  if (auto done = engine.load(RecordKind::kConnection, batches, &HistoryBatch::connections); !done)
    return done;
  if (auto done = engine.load(RecordKind::kAlert, batches, &HistoryBatch::alerts); !done)
    return done;
  return engine.roll_up();
}

}  // namespace netprobe::test
