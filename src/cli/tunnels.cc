// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/units.h"
#include "io/url.h"

namespace netprobe {
namespace {

using enum Align;
using simdjson::dom::element;

struct TunnelOptions {
  std::string agent;
  std::string format = "table";
  std::string vni;
  std::string outer_ip;
  std::string tunnel;
  std::string direction;
  std::uint64_t limit = 100;
  bool no_colour = false;
};

std::string path_of(const TunnelOptions& options) {
  std::string path = "/api/tunnels?limit=" + std::to_string(options.limit);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) path += std::string("&") + name + "=" + percent_encode(value);
  };
  add("vni", options.vni);
  add("outer_ip", options.outer_ip);
  add("tunnel", options.tunnel);
  add("direction", options.direction);
  return path;
}

void append_tunnels(std::string& out, const simdjson::dom::array& tunnels, bool colour) {
  Table table({{"TUNNEL"},
               {"VNI", kRight},
               {"OUTER SRC"},
               {"OUTER DST"},
               {"DIRECTION"},
               {"INTERFACE"},
               {"PACKETS", kRight},
               {"BYTES", kRight},
               {"LAST SEEN"}},
              colour);
  std::vector<Row> rows;
  for (const element one : tunnels) {
    rows.push_back({printable(json_text(one, "tunnel")), std::to_string(json_count(one, "vni")),
                    printable(json_text(one, "outer_src_ip")),
                    printable(json_text(one, "outer_dst_ip")),
                    printable(json_text(one, "direction")), printable(json_text(one, "interface")),
                    std::to_string(json_count(one, "packets")),
                    human_bytes(static_cast<double>(json_count(one, "bytes"))),
                    printable(json_text(one, "last_seen"))});
    table.fit(rows.back());
  }
  table.append_header(out);
  for (const Row& row : rows) table.append_row(out, row);
}

/// Empty where the answer is not one of /api/tunnels.
std::string render(const std::string& body, bool colour) {
  simdjson::dom::parser parser;
  element page;
  simdjson::dom::array tunnels;
  if (parser.parse(body).get(page) != simdjson::SUCCESS ||
      page["tunnels"].get(tunnels) != simdjson::SUCCESS)
    return {};
  std::string out = std::to_string(json_count(page, "active")) + " active, " +
                    std::to_string(json_count(page, "new_tunnels")) + " began since the start\n\n";
  append_tunnels(out, tunnels, colour);
  if (const auto total = json_count(page, "total"); total > tunnels.size())
    out += "and " + std::to_string(total - tunnels.size()) + " more: --limit\n";
  if (const auto folded = json_count(page, "folded"); folded > 0)
    out += "there was no room for the tunnels of " + std::to_string(folded) + " packets\n";
  simdjson::dom::array troubles;
  if (page["mtu"].get(troubles) == simdjson::SUCCESS && troubles.size() > 0) {
    out += "\n";
    for (const element one : troubles)
      out += styled("MTU: ", Style::kRed, colour) + printable(json_text(one, "what")) + "\n";
  }
  return out;
}

int tunnels(const TunnelOptions& options) {
  AgentClient agent(options.agent);
  auto body = agent.get(path_of(options));
  if (!body) return complain(body.error().message, exit_code_of(body.error()));
  Output out;
  out.text() = options.format == "json"
                   ? *body
                   : render(*body, wants_colour(STDOUT_FILENO, options.no_colour));
  if (out.text().empty()) return complain("the agent's answer has no tunnels", kExitFailed);
  (void)out.flush();
  return kExitOk;
}

}  // namespace

void add_tunnels(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("tunnels", "Tunnels by VNI and endpoints, and MTUs that are too small");
  auto options = std::make_shared<TunnelOptions>();
  add_agent_flag(*command, options->agent);
  command->add_option("--vni", options->vni, "only this network id (GRE: key)")->type_name("VNI");
  command->add_option("--outer-ip", options->outer_ip, "only this endpoint, or those in a prefix")
      ->type_name("PREFIX");
  add_choice(*command, "--tunnel", options->tunnel, {"vxlan", "geneve", "gre", "ipip"},
             "only this kind");
  add_choice(*command, "--direction", options->direction, {"ingress", "egress"},
             "only this direction");
  add_number(*command, "--limit", options->limit, 1, 10'000, "rows at most");
  add_choice(*command, "-o,--output", options->format, {"table", "json"},
             "json is the answer of /api/tunnels");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "Examples:\n"
      "  netprobe tunnels\n"
      "  netprobe tunnels --vni 1 --outer-ip 10.0.0.0/24\n"
      "  netprobe tunnels -o json | jq '.mtu[].what'");
  command->callback([options, &exit_code] { exit_code = tunnels(*options); });
}

}  // namespace netprobe
