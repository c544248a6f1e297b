// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/agent_view.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/units.h"

namespace netprobe {
namespace {

using enum Align;
using simdjson::dom::element;

struct ClusterOptions {
  std::string agent;
  std::string format = "table";
  bool no_colour = false;
};

/// "10.244.1.0/24, fd00::/64" of a list of texts.
std::string joined(element from, std::string_view key) {
  std::string text;
  simdjson::dom::array list;
  if (from[key].get(list) != simdjson::SUCCESS) return text;
  for (const element each : list) {
    std::string_view word;
    if (each.get(word) != simdjson::SUCCESS) continue;
    text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text;
}

void append_rows(std::string& out, std::vector<TextColumn> columns, const std::vector<Row>& rows,
                 bool colour) {
  Table table(std::move(columns), colour);
  for (const Row& row : rows) table.fit(row);
  table.append_header(out);
  for (const Row& row : rows) table.append_row(out, row);
  out += '\n';
}

void append_nodes(std::string& out, const simdjson::dom::array& nodes, bool colour) {
  std::vector<Row> rows;
  for (const element one : nodes) {
    const bool ready = json_flag(one, "ready", false);
    rows.push_back({json_text(one, "name"),
                    {ready ? "yes" : "no", ready ? Style::kGreen : Style::kRed},
                    joined(one, "internal_ips"),
                    joined(one, "pod_cidrs"),
                    json_text(one, "zone"),
                    std::to_string(json_count(one, "pod_count")),
                    json_text(one, "kubelet_version")});
  }
  append_rows(out,
              {{"NODE"},
               {"READY"},
               {"ADDRESSES"},
               {"POD NETWORKS"},
               {"ZONE"},
               {"PODS", kRight},
               {"KUBELET"}},
              rows, colour);
}

void append_namespaces(std::string& out, element cluster, bool colour) {
  simdjson::dom::array list;
  if (cluster["namespaces"].get(list) != simdjson::SUCCESS) return;
  std::vector<Row> rows;
  for (const element one : list)
    rows.push_back({json_text(one, "name"), std::to_string(json_count(one, "pod_count")),
                    std::to_string(json_count(one, "service_count"))});
  append_rows(out, {{"NAMESPACE"}, {"PODS", kRight}, {"SERVICES", kRight}}, rows, colour);
}

/// What /api/flannel found to disagree; nothing where there is no such page.
void append_findings(std::string& out, const std::string& body, bool colour) {
  simdjson::dom::parser parser;
  element page;
  simdjson::dom::array findings;
  if (parser.parse(body).get(page) != simdjson::SUCCESS ||
      page["findings"].get(findings) != simdjson::SUCCESS)
    return;
  for (const element one : findings)
    out += styled("flannel: ", Style::kRed, colour) + printable(json_text(one, "what")) + "\n";
}

/// Empty where the answer is not one of /api/cluster.
std::string render(const std::string& body, bool colour) {
  simdjson::dom::parser parser;
  element cluster;
  simdjson::dom::array nodes;
  if (parser.parse(body).get(cluster) != simdjson::SUCCESS ||
      cluster["nodes"].get(nodes) != simdjson::SUCCESS)
    return {};
  std::string out = counted(json_count(cluster, "node_count"), "node") + ", " +
                    counted(json_count(cluster, "namespace_count"), "namespace") + ", " +
                    counted(json_count(cluster, "pod_count"), "pod") + ", " +
                    counted(json_count(cluster, "service_count"), "service") + "\n";
  const auto kubernetes = parse_kubernetes(body);
  if (!kubernetes.state.empty()) out += "kubernetes: " + kubernetes_line(kubernetes, colour) + "\n";
  out += '\n';
  if (nodes.size() == 0) return out;
  append_nodes(out, nodes, colour);
  append_namespaces(out, cluster, colour);
  return out;
}

int cluster(const ClusterOptions& options) {
  AgentClient agent(options.agent);
  const auto body = agent.get("/api/cluster");
  if (!body) return complain(body.error().message, exit_code_of(body.error()));
  const bool colour = wants_colour(STDOUT_FILENO, options.no_colour);
  Output out;
  out.text() = options.format == "json" ? *body : render(*body, colour);
  if (out.text().empty()) return complain("the agent's answer has no nodes", kExitFailed);
  if (options.format != "json")
    if (const auto flannel = agent.get("/api/flannel"))
      append_findings(out.text(), *flannel, colour);
  (void)out.flush();
  return kExitOk;
}

}  // namespace

void add_cluster(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("cluster", "The cluster as the agent knows it: nodes, namespaces");
  auto options = std::make_shared<ClusterOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "json"},
             "json is the answer of /api/cluster");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "Also tells where Flannel's annotations and this node's own tables disagree.\n"
      "Examples:\n"
      "  netprobe cluster\n"
      "  netprobe cluster -o json | jq -r '.nodes[] | select(.ready | not) | .name'\n"
      "Exit codes: 0, 1 no agent, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = cluster(*options); });
}

}  // namespace netprobe
