// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/clock.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/flow_view.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/units.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct ConnectionsOptions {
  std::string agent;
  std::string format = "table";
  std::map<std::string, std::vector<std::string>> filters;
  FilterFlags names;
  std::uint64_t limit = 1'000;
  bool listening = false;
  bool no_colour = false;
};

struct FilterFlag {
  const char* key;
  const char* type;
  const char* help;
};
constexpr std::array kFilters{
    FilterFlag{"ip", "ADDRESS", "either side has this address, or is in this prefix"},
    FilterFlag{"port", "PORT", "either side has this port"},
    FilterFlag{"protocol", "NAME", "tcp or udp"},
    FilterFlag{"pid", "PID", "of this process"},
    FilterFlag{"process", "NAME", "of processes with this name"},
    FilterFlag{"container", "ID", "of this container; the front of its id is enough"},
    FilterFlag{"state", "STATE", "established, syn_sent, …; live: not ended"},
    FilterFlag{"verdict", "VERDICT", "open, closed, refused, reset_by_server, …"},
    FilterFlag{"role", "client|server|unknown", "which side the socket is"},
};

std::string endpoint(const simdjson::dom::element& from, const char* ip, const char* port) {
  const auto address = json_text(from, ip);
  const auto number = json_count(from, port);
  if (number == 0 && (address == "::" || address == "0.0.0.0")) return "*";
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(number);
}

std::string process(const simdjson::dom::element& from) {
  const auto pid = json_count(from, "pid");
  if (pid == 0) return "-";
  return process_text(json_text(from, "process"), pid, json_text(from, "known_by"));
}

std::string millis(const simdjson::dom::element& from, const char* key) {
  const double value = json_real(from, key);
  return value == 0 ? "-" : human_duration(static_cast<Nanos>(value * 1e6));
}

Style style_of(const std::string& verdict) {
  if (verdict == "open" || verdict == "connecting") return Style::kGreen;
  if (verdict == "closed" || verdict == "half_closed" || verdict == "idle" || verdict == "unknown")
    return Style::kPlain;
  return Style::kRed;
}

Row row_of(const simdjson::dom::element& c) {
  const auto bytes = [&](const char* key) {
    return human_bytes(static_cast<double>(json_count(c, key)));
  };
  const auto verdict = json_text(c, "verdict");
  return {process(c),
          json_text(c, "role"),
          json_text(c, "protocol"),
          endpoint(c, "src_ip", "src_port"),
          endpoint(c, "dst_ip", "dst_port"),
          json_text(c, "state"),
          bytes("bytes_sent"),
          bytes("bytes_received"),
          millis(c, "rtt_ms"),
          std::to_string(json_count(c, "retransmits")),
          Cell(verdict, style_of(verdict))};
}

Row listening_row_of(const simdjson::dom::element& socket) {
  const bool tcp = json_text(socket, "protocol") == "tcp";
  return {process(socket), json_text(socket, "protocol"), endpoint(socket, "ip", "port"),
          tcp ? std::to_string(json_count(socket, "backlog")) + "/" +
                    std::to_string(json_count(socket, "backlog_max"))
              : "-",
          std::to_string(json_count(socket, "receive_drops"))};
}

using enum Align;

std::vector<TextColumn> connection_columns() {
  return {{"PROCESS", kLeft, 16}, {"ROLE", kLeft, 6},      {"PROTO", kLeft, 5},
          {"LOCAL", kLeft, 20},   {"PEER", kLeft, 20},     {"STATE", kLeft, 11},
          {"SENT", kRight, 8},    {"RECEIVED", kRight, 8}, {"RTT", kRight, 7},
          {"RETRANS", kRight, 7}, {"VERDICT", kLeft, 8}};
}

std::vector<TextColumn> listening_columns() {
  return {{"PROCESS", kLeft, 16},
          {"PROTO", kLeft, 5},
          {"LOCAL", kLeft, 20},
          {"BACKLOG", kRight, 9},
          {"DROPS", kRight, 6}};
}

std::string path_of(const ConnectionsOptions& options, std::uint64_t limit,
                    const std::string& cursor) {
  std::string path = "/api/connections?limit=" + std::to_string(limit);
  for (const auto& [key, values] : options.filters)
    for (const auto& value : values) path += "&" + key + "=" + percent_encode(value);
  path += options.names.query();
  if (options.listening) path += "&state=listen";
  if (!cursor.empty()) path += "&cursor=" + percent_encode(cursor);
  return path;
}

int connections(const ConnectionsOptions& options) {
  AgentClient agent(options.agent);
  Output out;
  const bool json = options.format == "json";
  const char* key = options.listening ? "listening" : "connections";
  Table table(options.listening ? listening_columns() : connection_columns(),
              wants_colour(STDOUT_FILENO, options.no_colour));
  std::string cursor;
  std::uint64_t left = options.limit;
  bool first = true;
  do {
    const auto body = agent.get(path_of(options, std::min<std::uint64_t>(left, 1'000), cursor));
    if (!body) return complain(body.error().message, exit_code_of(body.error()));
    simdjson::dom::parser parser;
    simdjson::dom::element page;
    simdjson::dom::array list;
    if (parser.parse(*body).get(page) != simdjson::SUCCESS ||
        page[key].get_array().get(list) != simdjson::SUCCESS)
      return complain("the agent's answer is not a list of connections", kExitFailed);
    std::vector<Row> rows;
    for (const auto each : list) {
      if (left == 0) break;
      --left;
      if (json) {
        out.text() += simdjson::minify(each);
        out.text() += '\n';
      } else {
        rows.push_back(options.listening ? listening_row_of(each) : row_of(each));
        table.fit(rows.back());
      }
    }
    if (!json && first) table.append_header(out.text());
    first = false;
    for (const Row& row : rows) table.append_row(out.text(), row);
    if (!out.flush_if_long()) return kExitOk;
    const auto next = json_text(page, "next_cursor");
    if (next == cursor) break;
    cursor = next;
  } while (left > 0 && !cursor.empty());
  (void)out.flush();
  return kExitOk;
}

}  // namespace

void add_connections(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("connections",
                                     "Sockets: processes, peers, bytes, quality, how they ended");
  auto options = std::make_shared<ConnectionsOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "json"},
             "json is one object a line, as the agent wrote it");
  for (const auto& filter : kFilters) {
    auto* option = command->add_option(std::string("--") + filter.key, options->filters[filter.key],
                                       filter.help);
    option->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    option->type_name(filter.type)->group("Filters (a connection matches all given)");
  }
  options->names.add_to(*command, FilterFlags::Names::kAlone);
  command->add_flag("-l,--listening", options->listening, "sockets that listen instead");
  add_number(*command, "-n,--limit", options->limit, 1, UINT64_MAX, "print at most so many");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "LOCAL is the socket's own side, src in filters by name. Bytes are payload, as the program "
      "counts it.\n"
      "nginx/812? has the socket that listens; who accepted is not known yet.\n"
      "Examples:\n"
      "  netprobe connections --process nginx --state established\n"
      "  netprobe connections --verdict refused -o json\n"
      "  netprobe connections --listening\n"
      "  netprobe connections --src-workload deployment/web --dst-namespace shop\n"
      "Exit codes: 0, 1 no agent, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = connections(*options); });
}

}  // namespace netprobe
