// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <optional>

#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/flow_list.h"
#include "cli/flow_view.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/query_answer.h"
#include "cli/sse.h"
#include "cli/window_view.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct ObserveOptions {
  std::string agent;
  std::string format = "table";
  FilterFlags filters;
  std::string query;  ///< of the query language, a filter
  std::string since;
  std::string until;
  std::string last;
  std::uint64_t limit = 0;
  bool once = false;
  bool follow = false;

  [[nodiscard]] bool wants_history() const {
    return !since.empty() || !until.empty() || !last.empty();
  }
  /// Which flows, as parameters with a '&' in front of each.
  [[nodiscard]] std::string conditions() const {
    return (query.empty() ? "" : "&q=" + percent_encode(query)) + filters.query();
  }
  bool addresses = false;
  bool no_colour = false;
};

/// Prints flows as they come, in one format.
class FlowPrinter {
 public:
  FlowPrinter(FlowFormat format, bool colour, std::uint64_t limit, bool addresses)
      : format_(format),
        limit_(limit),
        addresses_(addresses),
        table_(flow_columns(format, false), colour) {}

  /// Writes what there is. Call once an agent answers: before, there is nothing
  /// but an error to print, and no header. False where nobody reads.
  bool flush() {
    begin();
    return out_.flush();
  }

  /// False where no more are wanted: enough, or nobody reads.
  bool print(std::string_view json) {
    begin();
    if (format_ == FlowFormat::kJson) {
      out_.text() += json;
      out_.text() += '\n';
    } else {
      auto view = parse_flow(json);
      if (!view) {
        complain(view.error().message, 0);
        return true;
      }
      if (!addresses_) view->use_names();
      table_.append_row(out_.text(), flow_row(*view, format_, false));
    }
    ++printed_;
    return out_.flush_if_long() && !enough();
  }
  [[nodiscard]] bool enough() const { return limit_ > 0 && printed_ >= limit_; }

 private:
  void begin() {
    if (!std::exchange(begun_, true) && format_ != FlowFormat::kJson)
      table_.append_header(out_.text());
  }
  FlowFormat format_;
  std::uint64_t limit_;
  bool addresses_;
  std::uint64_t printed_ = 0;
  bool begun_ = false;
  Output out_;
  Table table_;
};

/// Says what the agent has against the request, and where in the query.
int refused(const HttpReply& reply, const ObserveOptions& options, const AgentClient& agent) {
  const Error error = problem_of(reply, agent.url());
  const std::string where = query_problem(reply.body, options.query);
  return complain(where.empty() ? error.message : where, exit_code_of(error));
}

/// Calls `flow` for all flows of a list, page by page, until it returns false.
int for_pages(const std::string& list, const ObserveOptions& options, AgentClient& agent,
              const std::function<bool(std::string_view)>& flow) {
  std::string cursor;
  bool more = true;
  do {
    std::string path = list;
    if (!cursor.empty()) path += "&cursor=" + percent_encode(cursor);
    const auto reply = agent.fetch(path);
    if (!reply) return complain(reply.error().message, exit_code_of(reply.error()));
    if (reply->status != 200) return refused(*reply, options, agent);
    const auto page =
        read_flow_page(reply->body, [&](std::string_view text) { return more = flow(text); });
    if (!page) return complain(page.error().message, kExitFailed);
    // An agent that repeats its cursor would keep us here for ever.
    if (page->next_cursor == cursor) break;
    cursor = page->next_cursor;
  } while (more && !cursor.empty());
  return kExitOk;
}

int observe_once(const ObserveOptions& options, AgentClient& agent, FlowPrinter& printer) {
  const int code = for_pages("/api/flows?limit=1000" + options.conditions(), options, agent,
                             [&](std::string_view flow) { return printer.print(flow); });
  if (code == kExitOk) (void)printer.flush();
  return code;
}

/// Flows of a range are read newest first, and printed as they came about: as
/// many as are held meanwhile.
constexpr std::size_t kMostHeld = 50'000;

/// "--last 20": flows; else a duration.
std::optional<std::uint64_t> count_of(const std::string& last) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), count);
  if (error != std::errc{} || end != last.data() + last.size() || count == 0) return std::nullopt;
  return count;
}

int observe_past(const ObserveOptions& options, AgentClient& agent, FlowPrinter& printer) {
  const auto count = count_of(options.last);
  const std::uint64_t most = std::min<std::uint64_t>(
      count.value_or(!options.follow && options.limit > 0 ? options.limit : kMostHeld), kMostHeld);
  std::string list =
      "/api/flows?sort=last_seen&limit=" + std::to_string(std::min<std::uint64_t>(most, 1000));
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) list += "&" + std::string(key) + "=" + percent_encode(value);
  };
  // The newest so many are looked for in a day.
  add("since", count ? "24h" : options.last.empty() ? options.since : options.last);
  add("until", options.until);
  std::vector<std::string> held;
  bool cut = false;
  const int code =
      for_pages(list + options.conditions(), options, agent, [&](std::string_view flow) {
        cut = held.size() == most;
        if (!cut) held.emplace_back(flow);
        return !cut;
      });
  if (code != kExitOk) return code;
  if (cut && !count && options.limit == 0)
    complain("there are more flows than " + std::to_string(most) +
                 ": these are the newest; 'netprobe query' has pages of all",
             0);
  for (auto flow = held.rbegin(); flow != held.rend(); ++flow)
    if (!printer.print(*flow)) break;
  (void)printer.flush();
  return kExitOk;
}

void say_lost(std::string_view data) {
  simdjson::dom::parser parser;
  simdjson::dom::element lost;
  if (parser.parse(data.data(), data.size()).get(lost) != simdjson::SUCCESS) return;
  const std::string node = json_text(lost, "node");
  std::string why = json_text(lost, "problem");  // a cluster's server knows more than one cause
  if (why.empty()) why = "this reader is too slow for them";
  complain(std::to_string(json_count(lost, "lost")) + " changes" +
               (node.empty() ? "" : " on " + printable(node)) + " are not shown: " + printable(why),
           0);
}

/// An agent has come to the stream of a cluster's server, or left it.
void say_agent(std::string_view data) {
  simdjson::dom::parser parser;
  simdjson::dom::element agent;
  if (parser.parse(data.data(), data.size()).get(agent) != simdjson::SUCCESS) return;
  if (json_text(agent, "state") != "left") return;
  const std::string why = json_text(agent, "problem");
  complain("flows of " + printable(json_text(agent, "node")) + " are not shown" +
               (why.empty() ? "" : ": " + printable(why)),
           0);
}

/// Does the stream's first event say that sums follow?
bool is_of_sums(std::string_view hello) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  return parser.parse(hello.data(), hello.size()).get(root) == simdjson::SUCCESS &&
         json_flag(root, "sums", false);
}

int observe_live(const ObserveOptions& options, AgentClient& agent, FlowPrinter& printer) {
  // Everything that was handed over is written by then: nothing to unwind.
  (void)std::signal(SIGINT, [](int) { ::_exit(kExitOk); });
  SseParser parser;
  bool wanted = true;
  std::string path = "/api/stream";
  if (const auto query = options.conditions(); !query.empty()) path += "?" + query.substr(1);
  int past = kExitOk;
  WindowPrinter windows(
      options.format == "json" ? WindowPrinter::Format::kJson : WindowPrinter::Format::kTable,
      false, wants_colour(STDOUT_FILENO, options.no_colour));
  Output sums;
  bool has_sums = false;
  const auto print_window = [&](std::string_view data) {
    if (const auto done = windows.append(sums.text(), data); !done)
      complain(done.error().message, 0);
    if (!windows.remark().empty()) complain(windows.remark(), 0);
    return sums.flush();
  };
  const auto line = [&](std::string_view text) {
    if (!parser.line(text)) return true;
    // The stream is open, so that nothing is missed while the past is read: what
    // changes meanwhile waits in it.
    if (parser.event().name == "hello") has_sums = is_of_sums(parser.event().data);
    if (parser.event().name == "hello" && options.wants_history()) {
      AgentClient other(options.agent);
      past = observe_past(options, other, printer);
      return wanted = past == kExitOk && !printer.enough();
    }
    if (parser.event().name == "flow") wanted = printer.print(parser.event().data);
    if (parser.event().name == "window") wanted = print_window(parser.event().data);
    if (parser.event().name == "lost") say_lost(parser.event().data);
    if (parser.event().name == "agent") say_agent(parser.event().data);
    return wanted;
  };
  const auto pause = [&] {
    if (has_sums) return wanted;  // they have columns of their own
    return wanted = printer.flush() && wanted;
  };
  const auto done = agent.stream(path, line, pause);
  if (!done) {
    // Where in a query it is wrong is told by who answers with more than a line.
    if (done.error().kind == ErrorKind::kUsage && !options.query.empty()) {
      const auto reply = agent.fetch(path);  // it was refused, and is again
      if (reply && reply->status != 200) return refused(*reply, options, agent);
    }
    return complain(done.error().message, exit_code_of(done.error()));
  }
  if (!wanted) return past;
  return complain("the agent at " + agent.url() + " ended the stream", kExitFailed);
}

int observe(const ObserveOptions& options) {
  AgentClient agent(options.agent);
  FlowPrinter printer(*parse_flow_format(options.format),
                      wants_colour(STDOUT_FILENO, options.no_colour), options.limit,
                      options.addresses);
  if (options.once) return observe_once(options, agent, printer);
  if (options.wants_history() && !options.follow) return observe_past(options, agent, printer);
  return observe_live(options, agent, printer);
}

}  // namespace

void add_observe(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("observe", "Flows as they change, from an agent; or those of a time");
  auto options = std::make_shared<ObserveOptions>();
  command
      ->add_option("QUERY,-q,--query", options->query,
                   "a filter of the query language, beside the flags")
      ->type_name("FILTER");
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "wide", "json"},
             "json is one object a line, as the agent wrote it");
  auto* once = command->add_flag("--once", options->once, "the flows that are there now, then end");
  auto* since = command->add_option("--since", options->since, "then or later: 15m, or a time")
                    ->type_name("TIME")
                    ->excludes(once);
  auto* until = command->add_option("--until", options->until, "before then")
                    ->type_name("TIME")
                    ->excludes(once);
  command->add_option("--last", options->last, "of so long until now (15m), or so many (20)")
      ->type_name("TIME")
      ->excludes(since)
      ->excludes(once);
  command->add_flag("--follow", options->follow, "behind the past, go on with what changes")
      ->excludes(until)
      ->excludes(once);
  add_number(*command, "-n,--limit", options->limit, 1, UINT64_MAX, "end after so many lines")
      ->default_str("");
  add_addresses_flag(*command, options->addresses);
  add_no_colour_flag(*command, options->no_colour);
  options->filters.add_to(*command);
  command->footer(
      "With --since, --until or --last: flows of that time, from history where the agent keeps\n"
      "one, each as what it had in it. With --follow the stream is opened first and waits while\n"
      "the past is read: nothing is missed. A line is a flow's state, not its growth, so a flow\n"
      "that goes on stands there again with its newer state, and no byte is counted twice.\n"
      "Examples:\n"
      "  netprobe observe 'dst.port=443 bytes>1M'\n"
      "  netprobe observe --last 15m --follow --namespace shop\n"
      "  netprobe observe --since 2026-01-02T03:00:00Z --until 2026-01-02T03:10:00Z\n"
      "  netprobe observe --port 53\n"
      "  netprobe observe 'dst.port=443 | sum bytes by src.workload every 5s'\n"
      "  netprobe observe --namespace shop --direction inter-node\n"
      "  netprobe observe --src-workload deployment/web --service db --addresses\n"
      "  netprobe observe --ip 10.244.0.0/16 --protocol tcp -o wide\n"
      "  netprobe observe --once -o json | jq -r .dst_ip | sort | uniq -c\n"
      "Exit codes: 0 (also after Ctrl-C), 1 no agent or it went away, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = observe(*options); });
}

}  // namespace netprobe
