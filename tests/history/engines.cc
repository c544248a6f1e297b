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
  const Query& query = request.query;
  const auto sql =
      to_sql(query, dialect_, tier, table_name(query.kind, tier), request.limits.rows, *after);
  if (!sql) return std::unexpected(sql.error());
  statement_ = sql->text;
  auto rows = run(*sql);
  if (!rows)
    return std::unexpected(QueryFailure{QueryFailure::Kind::kFailed, rows.error().message});
  QueryAnswer answer;
  answer.rows = std::move(*rows);
  finish_answer(query, *sql, request.limits.rows, *after, answer);
  return answer;
}

}  // namespace netprobe::test
