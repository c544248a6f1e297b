// SPDX-License-Identifier: Apache-2.0
#include "engines.h"
#include "query/record.h"
#include "query/schema.h"
#include "store/clickhouse/native_block.h"
#include "store/clickhouse/newer.h"
#include "store/clickhouse/record_pages.h"
#include "store/clickhouse/schema_sql.h"
#include "support/clickhouse_server.h"

namespace netprobe::test {
namespace {

constexpr Nanos kPatience = 30 * kSecond;

std::string create_table(std::string_view name, std::span<const TableColumn> columns) {
  std::string sql = "CREATE TABLE " + std::string(name) + " (";
  for (const TableColumn& column : columns) {
    if (!sql.ends_with('(')) sql += ", ";
    sql.append(column.name).append(" ").append(column_type(column, ClickHouseVersion{}));
  }
  return sql + ") ENGINE = MergeTree PARTITION BY intDiv(time, 86400000000) ORDER BY time";
}

/// Rows as lines of FORMAT TabSeparated: written apart from what the store does, so
/// that one checks the other.
class TabRow {
 public:
  void unsigned_(std::uint64_t number) { put(std::to_string(number)); }
  void signed_(std::int64_t number) { put(std::to_string(number)); }
  void text(std::string_view text) { put_escaped(text); }
  void address(const IpAddress& address) {
    put_escaped({reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size()});
  }
  void labels(const Identity* identity) { put_escaped(labels_text(identity)); }
  void end_row() { out_.back() = '\n'; }
  [[nodiscard]] const std::string& out() const { return out_; }

 private:
  void put(std::string_view text) { out_.append(text).append("\t"); }
  void put_escaped(std::string_view text) {
    for (const char c : text) {
      if (c == '\\' || c == '\t' || c == '\n' || c == '\r' || c == '\0') {
        out_ += '\\';
        out_ += c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\0' ? '0' : '\\';
      } else {
        out_ += c;
      }
    }
    out_ += '\t';
  }
  std::string out_;
};

class ClickHouseEngine final : public SqlEngine {
 public:
  explicit ClickHouseEngine(std::unique_ptr<ClickHouseServer> server)
      : SqlEngine(SqlDialect::kClickHouse), server_(std::move(server)) {}

  std::string name() const override { return "ClickHouse"; }

  template <typename Record>
  Status load(RecordKind kind, const std::vector<HistoryBatchPtr>& batches,
              std::vector<Record> HistoryBatch::* records) {
    const std::string table(to_string(kind));
    if (auto made = tell(create_table(table, table_columns(kind))); !made) return made;
    TabRow rows;
    for (const HistoryBatchPtr& batch : batches) {
      for (const Record& record : (*batch).*records) {
        write_record(rows, record, batch->node);
        rows.end_row();
      }
    }
    return tell("INSERT INTO " + table + " FORMAT TabSeparated\n" + rows.out());
  }

  Status roll_up() {
    const auto make = [&](std::string_view to, std::string_view from, bool from_rollup,
                          Micros bucket) -> Status {
      if (auto made = tell(create_table(to, rollup_columns())); !made) return made;
      return tell("INSERT INTO " + std::string(to) + " " +
                  rollup_sql(SqlDialect::kClickHouse, from, from_rollup, bucket));
    };
    if (auto done = make("flows_1m", "flows", false, 60'000'000); !done) return done;
    return make("flows_1h", "flows_1m", true, 3'600'000'000);
  }

 private:
  Result<std::string> post(const std::string& sql) const {
    auto reply = plain_http(server_->port(), "/", "", sql, kPatience);
    if (!reply) return std::unexpected(reply.error());
    if (reply->status != 200) return fail(reply->body);
    return reply->body;
  }
  Status tell(const std::string& sql) const {
    auto reply = post(sql);
    if (!reply) return std::unexpected(reply.error());
    return {};
  }

  /// Pages as the store reads them.
  std::expected<SqlStatement, QueryFailure> read(const QueryRequest& request, Tier tier,
                                                 const std::optional<RecordCursor>& after,
                                                 std::vector<std::vector<Value>>& rows) override {
    const std::string table(to_string(request.query.kind));
    const RecordPage page{.query = request.query,
                          .from = table,
                          .slot = slot_of(request.query.kind),
                          .now = RandomRecords::kUntil,
                          .rows = request.limits.rows,
                          .after = after};
    if (!is_short_page(page)) return SqlEngine::read(request, tier, after, rows);
    const auto ask = [this](const std::string& sql, const std::vector<Column>& columns,
                            std::size_t most) -> std::expected<ClickHouseRows, QueryFailure> {
      note(sql);
      const auto bytes = post(sql + " FORMAT Native");
      auto read = bytes ? decode_native(*bytes, columns, most) : std::unexpected(bytes.error());
      if (read) return std::move(*read);
      return std::unexpected(QueryFailure{QueryFailure::Kind::kFailed, read.error().message});
    };
    auto answered = read_page(page, ask);
    if (!answered) return std::unexpected(answered.error());
    rows = std::move(answered->rows);
    return std::move(answered->statement);
  }

  Result<std::vector<std::vector<Value>>> run(const SqlStatement& statement) override {
    auto bytes = post(statement.text + " FORMAT Native");
    if (!bytes) return std::unexpected(bytes.error());
    return decode_native(*bytes, statement.columns, 1'000'000);
  }

  std::unique_ptr<ClickHouseServer> server_;
};

}  // namespace

Result<std::unique_ptr<Engine>> clickhouse_engine(const RandomRecords& records) {
  if (const std::string obstacle = ClickHouseServer::obstacle(); !obstacle.empty())
    return fail(obstacle, ErrorKind::kUnsupported);
  auto server = ClickHouseServer::start();
  if (!server) return std::unexpected(server.error());
  auto engine = std::make_unique<ClickHouseEngine>(std::move(*server));
  if (auto done = load_all(*engine, records); !done) return std::unexpected(done.error());
  return engine;
}

}  // namespace netprobe::test
