// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <map>
#include <thread>

#include "base/duration.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/drops_view.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "io/url.h"

namespace netprobe {
namespace {

/// Conditions that the agent checks: each a flag, the same as its parameter.
struct DropFilter {
  const char* key;
  const char* type;
  const char* description;
};
constexpr std::array kFilters{
    DropFilter{"ip", "ADDRESS", "either side has this address, or is in this prefix"},
    DropFilter{"src_ip", "ADDRESS", "the packet's source"},
    DropFilter{"dst_ip", "ADDRESS", "the packet's destination"},
    DropFilter{"port", "PORT", "either side has this port"},
    DropFilter{"src_port", "PORT", "the packet's source port"},
    DropFilter{"dst_port", "PORT", "the packet's destination port"},
    DropFilter{"protocol", "NAME", "tcp, udp, icmp, icmp6, sctp or a number"},
    DropFilter{"reason", "NAME", "the kernel's reason, or a glob: NETFILTER_DROP, 'TCP_*'"},
    DropFilter{"hook", "NAME", "the layer that dropped: netfilter, ip, tcp, qdisc, …"},
    DropFilter{"location", "NAME", "the code that dropped, or a glob: 'ip_forward*'"},
    DropFilter{"interface", "NAME", "dropped at an interface of this name or glob"},
    DropFilter{"netns", "INODE", "in the network namespace with this inode"},
    DropFilter{"since", "TIME", "last seen then or later: 15m, or RFC 3339"},
    DropFilter{"until", "TIME", "first seen then or earlier"},
};

struct DropsOptions {
  std::string agent;
  std::string format = "table";
  std::string by = "record";
  std::map<std::string, std::vector<std::string>> filters;
  FilterFlags names;
  std::uint64_t limit = 50;
  bool watch = false;
  std::string interval = "2s";
  bool no_colour = false;
};

std::string query_of(const DropsOptions& options) {
  std::string query = "by=" + options.by;
  for (const auto& [key, values] : options.filters)
    for (const auto& value : values) query += "&" + key + "=" + percent_encode(value);
  return query + options.names.query();
}

void append_table(std::string& out, const DropsOptions& options, const DropsPage& page,
                  bool colour) {
  const bool wide = options.format == "wide";
  Table table(drop_columns(options.by, wide), colour);
  std::vector<Row> rows;
  for (const std::string& json : page.drops) {
    auto row = drop_row(json, options.by, wide);
    if (!row) continue;
    table.fit(*row);
    rows.push_back(std::move(*row));
  }
  table.append_header(out);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    table.append_row(out, rows[i]);
    out += drop_stack(page.drops[i]);
  }
}

/// Prints what there is now: up to the limit, page by page.
int print_once(const DropsOptions& options, AgentClient& agent, Output& out) {
  DropsPage all;
  std::string cursor;
  std::uint64_t left = options.limit;
  do {
    constexpr std::uint64_t kPage = 1000;
    std::string path =
        "/api/drops?" + query_of(options) + "&limit=" + std::to_string(std::min(left, kPage));
    if (!cursor.empty()) path += "&cursor=" + percent_encode(cursor);
    const auto body = agent.get(path);
    if (!body) return complain(body.error().message, exit_code_of(body.error()));
    auto page = read_drops_page(*body);
    if (!page) return complain(page.error().message, kExitFailed);
    left -= std::min<std::uint64_t>(left, page->drops.size());
    std::ranges::move(page->drops, std::back_inserter(all.drops));
    all.missing = page->missing;
    // An agent that repeats its cursor would keep us here for ever.
    if (page->next_cursor == cursor) break;
    cursor = page->next_cursor;
  } while (left > 0 && !cursor.empty());

  if (options.format == "json") {
    for (const std::string& json : all.drops) (out.text() += json) += '\n';
  } else if (all.drops.empty()) {
    out.text() += "nothing was dropped that matches\n";
  } else {
    append_table(out.text(), options, all, wants_colour(STDOUT_FILENO, options.no_colour));
  }
  if (!out.flush()) return -1;
  if (!all.missing.empty()) complain("the list is not complete: " + all.missing, 0);
  return kExitOk;
}

int drops(const DropsOptions& options) {
  AgentClient agent(options.agent);
  Output out;
  if (!options.watch) return std::max(print_once(options, agent, out), kExitOk);
  (void)std::signal(SIGINT, [](int) { ::_exit(kExitOk); });
  const Nanos interval = *parse_duration(options.interval);
  for (;;) {
    // On a terminal each list takes the place of the one before.
    if (::isatty(STDOUT_FILENO) == 1) out.text() += "\x1b[H\x1b[2J";
    const int code = print_once(options, agent, out);
    if (code != kExitOk) return std::max(code, kExitOk);
    std::this_thread::sleep_for(std::chrono::nanoseconds(interval));
  }
}

void add_filters(CLI::App& command, DropsOptions& options) {
  for (const DropFilter& filter : kFilters) {
    std::string flag = "--" + std::string(filter.key);
    std::ranges::replace(flag, '_', '-');
    command.add_option(flag, options.filters[filter.key], filter.description)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->type_name(filter.type)
        ->group("Filters (a drop matches all given)");
  }
  options.names.add_to(command, FilterFlags::Names::kAlone);
}

}  // namespace

void add_drops(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("drops", "Packets that the kernel dropped: why, where and whose");
  auto options = std::make_shared<DropsOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "wide", "json"},
             "json is one object a line, as the agent wrote it");
  add_choice(*command, "--by", options->by, {"record", "reason", "location", "interface", "flow"},
             "what to sum by; record sums nothing");
  add_number(*command, "-n,--limit", options->limit, 1, 1'000'000, "rows to show, most first");
  command->add_flag("--watch", options->watch, "again and again, until Ctrl-C");
  command->add_option("--interval", options->interval, "time between two lists of --watch")
      ->type_name("DURATION")
      ->capture_default_str()
      ->check([](const std::string& text) {
        const auto interval = parse_duration(text);
        if (!interval) return interval.error().message;
        return *interval >= 100 * kMillisecond && *interval <= 3'600 * kSecond
                   ? std::string()
                   : "'" + text + "' is not from 100ms to 1h";
      });
  add_no_colour_flag(*command, options->no_colour);
  add_filters(*command, *options);
  command->footer(
      "Examples:\n"
      "  netprobe drops\n"
      "  netprobe drops --by reason\n"
      "  netprobe drops --hook netfilter --dst-port 443 -o wide\n"
      "  netprobe drops --interface 'veth*' --since 15m -o json | jq .location\n"
      "  netprobe drops --by flow --reason 'TCP_*' --watch\n"
      "  netprobe drops --namespace shop --dst-pod 'web-*'\n"
      "Exit codes: 0 (also after Ctrl-C), 1 no agent, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = drops(*options); });
}

}  // namespace netprobe
