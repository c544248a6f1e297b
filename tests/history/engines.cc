// SPDX-License-Identifier: Apache-2.0
#include "engines.h"

#include "query/schema.h"

namespace netprobe::test {
namespace {

class MemoryEngine final : public Engine {
 public:
  explicit MemoryEngine(const RandomRecords& records) : records_(records) {}
  std::string name() const override { return "memory"; }
  Answer ask(const QueryRequest& request, Tier /*tier*/) override {
    return evaluate(request, records_.of(request.query.kind));
  }

 private:
  const RandomRecords& records_;
};

}  // namespace

std::unique_ptr<Engine> memory_engine(const RandomRecords& records) {
  return std::make_unique<MemoryEngine>(records);
}

Engine::Answer SqlEngine::ask(const QueryRequest& request, Tier tier) {
  const auto after = read_record_cursor(request.cursor);
  if (!after) return std::unexpected(after.error());
  QueryAnswer answer;
  const auto sql = read(request, tier, *after, answer.rows);
  if (!sql) return std::unexpected(sql.error());
  finish_answer(request.query, *sql, request.limits.rows, *after, answer);
  return answer;
}

std::expected<SqlStatement, QueryFailure> SqlEngine::read(const QueryRequest& request, Tier tier,
                                                          const std::optional<RecordCursor>& after,
                                                          std::vector<std::vector<Value>>& rows) {
  const Query& query = request.query;
  auto sql =
      to_sql(query, dialect_, tier, table_name(query.kind, tier), request.limits.rows, after);
  if (!sql) return sql;
  note(sql->text);
  auto answered = run(*sql);
  if (!answered)
    return std::unexpected(QueryFailure{QueryFailure::Kind::kFailed, answered.error().message});
  rows = std::move(*answered);
  return sql;
}

}  // namespace netprobe::test
