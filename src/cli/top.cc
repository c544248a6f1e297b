// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/duration.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/flow_list.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/top_view.h"

namespace netprobe {
namespace {

struct TopOptions {
  std::string agent;
  std::string by = "rate";
  std::uint64_t limit = 20;
  std::string interval = "1s";
  FilterFlags filters;
  bool addresses = false;
  bool once = false;
  bool no_colour = false;
};

/// Asks the agent for everything that is shown.
Status refresh(AgentClient& agent, const TopOptions& options, TopView& top) {
  const auto flows = agent.get("/api/top?by=" + top.sorted_by +
                               "&limit=" + std::to_string(options.limit) + options.filters.query());
  if (!flows) return std::unexpected(flows.error());
  const auto interfaces = agent.get("/api/interfaces");
  if (!interfaces) return std::unexpected(interfaces.error());
  const auto stats = agent.get("/api/stats");
  if (!stats) return std::unexpected(stats.error());

  std::vector<FlowView> views;
  Status bad;
  const auto page = read_flow_page(*flows, [&](std::string_view json) {
    auto view = parse_flow(json);
    if (!view) {
      bad = std::unexpected(view.error());
      return false;
    }
    if (!options.addresses) view->use_names();
    views.push_back(std::move(*view));
    return true;
  });
  if (!page) return std::unexpected(page.error());
  if (!bad) return bad;
  auto interface_views = parse_interfaces(*interfaces);
  if (!interface_views) return std::unexpected(interface_views.error());
  auto stats_view = parse_stats(*stats);
  if (!stats_view) return std::unexpected(stats_view.error());
  top.flows = std::move(views);
  top.interfaces = std::move(*interface_views);
  top.stats = std::move(*stats_view);
  return {};
}

/// The order that a key asks for; empty for other keys.
std::string order_of(int key) {
  switch (key) {
    case 'b':
      return "bytes";
    case 'p':
      return "packets";
    case 'r':
      return "rate";
    default:
      return {};
  }
}

int run_screen(AgentClient& agent, const TopOptions& options, Terminal& terminal, TopView& top,
               Nanos interval) {
  const SystemClock clock;
  const bool colour = wants_colour(STDOUT_FILENO, options.no_colour);
  Nanos next = clock.monotonic() + interval;
  for (;;) {
    terminal.draw(
        fit_screen(render_top(top, colour), terminal.size(), "q quit  b bytes  p packets  r rate"));
    const Nanos now = clock.monotonic();
    const int key = now < next ? terminal.key(next - now) : 0;
    if (key < 0) return kExitFailed;
    if (key == 'q' || key == 'Q') return kExitOk;
    const auto order = order_of(key);
    if (!order.empty()) top.sorted_by = order;
    if (order.empty() && clock.monotonic() < next) continue;  // another size, another key
    const auto done = refresh(agent, options, top);
    // An agent may be restarting: what was there stays, with the reason.
    top.problem = done ? "" : done.error().message;
    next = clock.monotonic() + interval;
  }
}

int top(const TopOptions& options) {
  const Nanos interval = *parse_duration(options.interval);
  AgentClient agent(options.agent, {.total_timeout = 5 * kSecond});
  TopView view;
  view.agent = agent.url();
  view.sorted_by = options.by;
  if (const auto first = refresh(agent, options, view); !first)
    return complain(first.error().message, exit_code_of(first.error()));
  if (!options.once) {
    if (auto terminal = Terminal::make())
      return run_screen(agent, options, *terminal, view, interval);
  }
  Output out;
  out.text() = render_top(view, wants_colour(STDOUT_FILENO, options.no_colour));
  (void)out.flush();
  return kExitOk;
}

}  // namespace

void add_top(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("top", "Top talkers, refreshed");
  auto options = std::make_shared<TopOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "--by", options->by, {"rate", "bytes", "packets"}, "what to sort by");
  add_number(*command, "-n,--limit", options->limit, 1, 1000, "flows to show");
  command->add_option("--interval", options->interval, "time between two refreshes")
      ->type_name("DURATION")
      ->capture_default_str()
      ->check([](const std::string& text) {
        const auto interval = parse_duration(text);
        if (!interval) return interval.error().message;
        return *interval >= 100 * kMillisecond && *interval <= 3'600 * kSecond
                   ? std::string()
                   : "'" + text + "' is not from 100ms to 1h";
      });
  command->add_flag("--once", options->once, "print one table and end, as where no terminal is");
  add_addresses_flag(*command, options->addresses);
  add_no_colour_flag(*command, options->no_colour);
  options->filters.add_to(*command);
  command->footer(
      "Keys: q quits, b sorts by bytes, p by packets, r by rate.\n"
      "Examples:\n"
      "  netprobe top\n"
      "  netprobe top --by packets -n 50 --interval 500ms\n"
      "  netprobe top --namespace shop --direction external\n"
      "  netprobe top --once | head -20\n"
      "Exit codes: 0, 1 no agent, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = top(*options); });
}

}  // namespace netprobe
