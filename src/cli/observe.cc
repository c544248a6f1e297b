// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <csignal>
#include <optional>

#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/flow_list.h"
#include "cli/flow_view.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/sse.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct ObserveOptions {
  std::string agent;
  std::string format = "table";
  FilterFlags filters;
  std::uint64_t limit = 0;
  bool once = false;
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

int observe_once(const ObserveOptions& options, AgentClient& agent, FlowPrinter& printer) {
  std::string cursor;
  bool more = true;
  do {
    std::string path = "/api/flows?limit=1000" + options.filters.query();
    if (!cursor.empty()) path += "&cursor=" + percent_encode(cursor);
    const auto body = agent.get(path);
    if (!body) return complain(body.error().message, exit_code_of(body.error()));
    const auto page =
        read_flow_page(*body, [&](std::string_view flow) { return more = printer.print(flow); });
    if (!page) return complain(page.error().message, kExitFailed);
    // An agent that repeats its cursor would keep us here for ever.
    if (page->next_cursor == cursor) break;
    cursor = page->next_cursor;
  } while (more && !cursor.empty());
  (void)printer.flush();
  return kExitOk;
}

void say_lost(std::string_view data) {
  simdjson::dom::parser parser;
  simdjson::dom::element lost;
  std::uint64_t count = 0;
  if (parser.parse(data.data(), data.size()).get(lost) == simdjson::SUCCESS)
    count = json_count(lost, "lost");
  complain(std::to_string(count) + " changes are not shown: this reader is too slow for them", 0);
}

int observe_live(const ObserveOptions& options, AgentClient& agent, FlowPrinter& printer) {
  // Everything that was handed over is written by then: nothing to unwind.
  (void)std::signal(SIGINT, [](int) { ::_exit(kExitOk); });
  SseParser parser;
  bool wanted = true;
  std::string path = "/api/stream";
  if (const auto query = options.filters.query(); !query.empty()) path += "?" + query.substr(1);
  const auto line = [&](std::string_view text) {
    if (!parser.line(text)) return true;
    if (parser.event().name == "flow") wanted = printer.print(parser.event().data);
    if (parser.event().name == "lost") say_lost(parser.event().data);
    return wanted;
  };
  const auto pause = [&] { return wanted = printer.flush() && wanted; };
  const auto done = agent.stream(path, line, pause);
  if (!done) return complain(done.error().message, exit_code_of(done.error()));
  if (!wanted) return kExitOk;
  return complain("the agent at " + agent.url() + " ended the stream", kExitFailed);
}

int observe(const ObserveOptions& options) {
  AgentClient agent(options.agent);
  FlowPrinter printer(*parse_flow_format(options.format),
                      wants_colour(STDOUT_FILENO, options.no_colour), options.limit,
                      options.addresses);
  return options.once ? observe_once(options, agent, printer)
                      : observe_live(options, agent, printer);
}

}  // namespace

void add_observe(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("observe", "Flows as they change, from an agent");
  auto options = std::make_shared<ObserveOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "wide", "json"},
             "json is one object a line, as the agent wrote it");
  command->add_flag("--once", options->once, "the flows that are there now, then end");
  add_number(*command, "-n,--limit", options->limit, 1, UINT64_MAX, "end after so many lines")
      ->default_str("");
  add_addresses_flag(*command, options->addresses);
  add_no_colour_flag(*command, options->no_colour);
  options->filters.add_to(*command);
  command->footer(
      "Examples:\n"
      "  netprobe observe --port 53\n"
      "  netprobe observe --namespace shop --direction inter-node\n"
      "  netprobe observe --src-workload deployment/web --service db --addresses\n"
      "  netprobe observe --ip 10.244.0.0/16 --protocol tcp -o wide\n"
      "  netprobe observe --once -o json | jq -r .dst_ip | sort | uniq -c\n"
      "Exit codes: 0 (also after Ctrl-C), 1 no agent or it went away, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = observe(*options); });
}

}  // namespace netprobe
