// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "base/duration.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/query_answer.h"
#include "cli/sse.h"
#include "cli/waiting.h"
#include "cli/window_view.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct QueryOptions {
  std::string agent;
  std::string text;
  std::string format = "table";
  std::string since;
  std::string until;
  std::string last;
  std::string timeout = "30s";
  std::string source = "auto";
  std::string file;
  std::uint64_t limit = 0;
  std::uint64_t max_rows = 0;
  bool all = false;
  bool explain = false;
  bool follow = false;
  bool exact = false;
  bool no_colour = false;
};

/// Rows of a page when all pages are wanted.
constexpr std::uint64_t kPage = 5'000;

/// Servers and proxies take URLs of some thousand bytes; a longer query goes in the
/// request's body.
constexpr std::size_t kLongestInUrl = 4'000;

struct Request {
  std::string path;
  std::string body;  ///< the query, where the path has none
};

Request request_of(const QueryOptions& options, const std::string& cursor) {
  std::string path = "/api/query?q=" + percent_encode(options.text);
  const bool posts = path.size() > kLongestInUrl;
  if (posts) path = "/api/query";
  const auto add = [&](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    path += path.contains('?') ? '&' : '?';
    path += std::string(key) + "=" + percent_encode(value);
  };
  add("since", options.last.empty() ? options.since : options.last);
  add("until", options.until);
  const std::uint64_t limit = options.limit == 0 && options.all ? kPage : options.limit;
  if (limit > 0) add("limit", std::to_string(limit));
  if (options.max_rows > 0) add("max_rows", std::to_string(options.max_rows));
  if (options.timeout != "30s") add("timeout", options.timeout);
  if (options.source != "auto") add("source", options.source);
  if (options.format == "json") add("objects", "true");
  if (options.format == "parquet") add("format", "parquet");
  add("cursor", cursor);
  return {std::move(path), posts ? options.text : std::string()};
}

/// Where rows go: standard output, or a file.
class Sink {
 public:
  Status open(const std::string& path) {
    if (path.empty()) return {};
    file_.open(path, std::ios::binary | std::ios::trunc);
    if (!file_) return fail("cannot write to '" + path + "'");
    return {};
  }
  std::string& text() { return out_.text(); }
  /// False where nobody reads any more, or the disk is full.
  bool flush() {
    if (!file_.is_open()) return out_.flush();
    file_ << out_.text();
    file_.flush();
    out_.text().clear();
    return file_.good();
  }
  /// Why rows are missing; empty where they are not.
  [[nodiscard]] bool failed() const { return file_.is_open() ? !file_.good() : out_.error() != 0; }

 private:
  Output out_;
  std::ofstream file_;
};

/// Writes pages of an answer in the format that is wanted.
class RowPrinter {
 public:
  RowPrinter(const QueryOptions& options, Sink& sink) : options_(options), sink_(sink) {}

  bool print(const QueryAnswerView& answer) {
    std::string& out = sink_.text();
    if (options_.format == "json") {
      for (const auto row : answer.rows()) (out += simdjson::minify(row)) += '\n';
    } else if (options_.format == "csv") {
      print_csv(out, answer);
    } else {
      print_table(out, answer);
    }
    begun_ = true;
    return sink_.flush();
  }

 private:
  void print_csv(std::string& out, const QueryAnswerView& answer) const {
    if (!begun_) append_csv_header(out, answer.columns());
    for (const auto row : answer.rows())
      if (simdjson::dom::array values; row.get(values) == simdjson::SUCCESS)
        append_csv_row(out, answer.columns(), values);
  }
  void print_table(std::string& out, const QueryAnswerView& answer) const {
    Table table(answer_table_columns(answer.columns()),
                options_.file.empty() && wants_colour(STDOUT_FILENO, options_.no_colour));
    std::vector<Row> rows;
    for (const auto row : answer.rows())
      if (simdjson::dom::array values; row.get(values) == simdjson::SUCCESS)
        rows.push_back(answer_table_row(answer.columns(), values, options_.exact));
    for (const Row& row : rows) table.fit(row);
    if (!begun_) table.append_header(out);
    for (const Row& row : rows) table.append_row(out, row);
  }
  const QueryOptions& options_;
  Sink& sink_;
  bool begun_ = false;
};

int refused(const HttpReply& reply, const QueryOptions& options, const AgentClient& agent) {
  const Error error = problem_of(reply, agent.url());
  const std::string where = query_problem(reply.body, options.text);
  // 405: it has queries, but takes none in a body.
  if (reply.status == 405)
    return complain("the agent at " + agent.url() + " is too old for a query as long as this",
                    kExitFailed);
  if (reply.status == 404)
    return complain("the agent at " + agent.url() + " is too old for queries", kExitFailed);
  return complain(where.empty() ? error.message : where, exit_code_of(error));
}

/// Of what people should know; nothing where the answer is whole.
void remark(const QueryAnswerView& answer, const QueryOptions& options) {
  for (const auto& warning : answer.warnings()) complain(printable(warning), 0);
  if (!answer.truncated() || options.limit > 0) return;
  complain(answer.next_cursor().empty()
               ? "there are more rows than max-rows allows: raise --max-rows, or narrow the query"
               : "there are more: --all has them all, --limit so many",
           0);
}

Result<HttpReply> fetch(AgentClient& agent, const Request& request) {
  const Waiting waiting(::isatty(STDERR_FILENO) == 1);
  return request.body.empty() ? agent.fetch(request.path)
                              : agent.post_text(request.path, request.body);
}

int print_pages(const QueryOptions& options, AgentClient& agent, Sink& sink) {
  RowPrinter printer(options, sink);
  std::string cursor;
  do {
    const auto reply = fetch(agent, request_of(options, cursor));
    if (!reply) return complain(reply.error().message, exit_code_of(reply.error()));
    if (reply->status != 200) return refused(*reply, options, agent);
    const auto answer = QueryAnswerView::parse(reply->body);
    if (!answer) return complain(answer.error().message, kExitFailed);
    if (options.explain) {
      sink.text() += explanation_of(*answer);
      (void)sink.flush();
      return kExitOk;
    }
    if (!printer.print(*answer)) break;
    if (!options.all || options.limit > 0) {
      remark(*answer, options);
      return kExitOk;
    }
    // An agent that repeats its cursor would keep us here for ever.
    if (answer->next_cursor() == cursor) break;
    cursor = answer->next_cursor();
    if (cursor.empty()) remark(*answer, options);
  } while (!cursor.empty());
  return sink.failed() ? complain("cannot write all of the answer", kExitFailed) : kExitOk;
}

int print_parquet(const QueryOptions& options, AgentClient& agent, Sink& sink) {
  if (options.file.empty() && ::isatty(STDOUT_FILENO) == 1)
    return complain("Parquet is nothing for a terminal: say --out FILE", kExitUsage);
  const auto reply = fetch(agent, request_of(options, {}));
  if (!reply) return complain(reply.error().message, exit_code_of(reply.error()));
  if (reply->status != 200) return refused(*reply, options, agent);
  sink.text() += reply->body;
  (void)sink.flush();
  return sink.failed() ? complain("cannot write all of the answer", kExitFailed) : kExitOk;
}

/// Live sums, until nobody reads or the agent goes.
int follow(const QueryOptions& options, AgentClient& agent, Sink& sink) {
  using Format = WindowPrinter::Format;
  WindowPrinter printer(options.format == "json"  ? Format::kJson
                        : options.format == "csv" ? Format::kCsv
                                                  : Format::kTable,
                        options.exact,
                        options.file.empty() && wants_colour(STDOUT_FILENO, options.no_colour));
  SseParser parser;
  bool wanted = true;
  std::uint64_t steps = 0;
  const auto line = [&](std::string_view text) {
    if (!parser.line(text) || parser.event().name != "window") return true;
    if (const auto done = printer.append(sink.text(), parser.event().data); !done)
      complain(done.error().message, 0);
    if (!printer.remark().empty()) complain(printer.remark(), 0);
    wanted = sink.flush() && (options.limit == 0 || ++steps < options.limit);
    return wanted;
  };
  const std::string path = "/api/stream?q=" + percent_encode(options.text);
  const auto done = agent.stream(path, line, [&] { return wanted; });
  if (sink.failed()) return complain("cannot write all of the answer", kExitFailed);
  if (done) {
    return wanted ? complain("the agent at " + agent.url() + " ended the stream", kExitFailed)
                  : kExitOk;
  }
  return complain(done.error().message, exit_code_of(done.error()));
}

int query(QueryOptions options) {
  if (options.text == "-") {
    options.text.assign(std::istreambuf_iterator<char>(std::cin), {});
    while (options.text.ends_with('\n')) options.text.pop_back();
  }
  const auto timeout = parse_duration(options.timeout);
  if (!timeout) return complain("--timeout: " + timeout.error().message, kExitUsage);
  // The agent gives up first, and says why.
  AgentClient agent(options.agent, {.total_timeout = *timeout + 15 * kSecond});
  Sink sink;
  if (auto opened = sink.open(options.file); !opened)
    return complain(opened.error().message, kExitFailed);
  if (options.follow) return follow(options, agent, sink);
  return options.format == "parquet" && !options.explain ? print_parquet(options, agent, sink)
                                                         : print_pages(options, agent, sink);
}

}  // namespace

void add_query(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("query", "Ask what happened: the query language, over history");
  auto options = std::make_shared<QueryOptions>();
  command->add_option("QUERY", options->text, "a filter, then stages behind |; '-' reads it")
      ->type_name("QUERY")
      ->required();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "json", "csv", "parquet"},
             "json is one object a line");
  command->add_option("--out", options->file, "write to this file")->type_name("FILE");
  auto* since = command->add_option("--since", options->since, "then or later: 15m, or a time")
                    ->type_name("TIME");
  command->add_option("--until", options->until, "before then")->type_name("TIME");
  command->add_option("--last", options->last, "of so long until now, as 15m or 24h")
      ->type_name("DURATION")
      ->excludes(since);
  auto* limit = add_number(*command, "-n,--limit", options->limit, 1, 100'000, "rows at most");
  limit->default_str("");
  auto* all = command->add_flag("--all", options->all, "all pages of records")->excludes(limit);
  command
      ->add_flag("--follow", options->follow,
                 "live sums as their steps end: 'sum bytes by src.workload every 5s'; -n so many")
      ->excludes(all)
      ->excludes(since);
  add_number(*command, "--max-rows", options->max_rows, 1, 100'000,
             "rows that an answer may have: 10000 without")
      ->default_str("");
  command->add_option("--timeout", options->timeout, "what it may take")
      ->type_name("DURATION")
      ->capture_default_str();
  add_choice(*command, "--source", options->source, {"auto", "history", "live"},
             "auto is history where the agent keeps one");
  command->add_flag("--explain", options->explain,
                    "how it was understood and answered, instead of the rows");
  command->add_flag("--exact", options->exact, "a table of whole numbers, not of 1.2 MB");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "A table is for people: -o json, csv and parquet have exact numbers; durations are in\n"
      "milliseconds. docs/query.md has the language.\n"
      "Examples:\n"
      "  netprobe query 'src.namespace=shop dst.port=5432 | top 10 src.workload by bytes'\n"
      "  netprobe query 'dropped dst.ip=10.0.0.0/8 | sum packets by drop.reason' --last 24h\n"
      "  netprobe query 'ip=10.1.2.3 not port=53 | rate bytes every 1m' --since 1h -o csv\n"
      "  netprobe query 'pod=shop/web-1' --last 1h --all -o json > flows.jsonl\n"
      "  netprobe query 'protocol=tcp | p99 rtt by dst.workload' --explain\n"
      "  netprobe query --follow 'dst.port=443 | sum bytes by src.workload every 5s'\n"
      "  netprobe query - < question.txt\n"
      "Exit codes: 0, 1 no agent or no answer (too broad, history off), 2 wrong usage or query.");
  command->callback([options, &exit_code] { exit_code = query(*options); });
}

}  // namespace netprobe
