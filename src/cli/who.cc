// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/ip_address.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/table.h"
#include "io/url.h"

namespace netprobe {
namespace {

using simdjson::dom::element;

struct WhoOptions {
  std::string agent;
  std::string ip;
  std::string at;
  std::string format = "text";
  bool no_colour = false;
};

/// "  node      node-a": nothing for an empty value.
void append_line(std::string& out, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out += "  " + std::string(name) + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ') +
         printable(value) + "\n";
}

/// "a, b" of a list of texts; "k=v, l=w" of an object.
std::string joined(simdjson::simdjson_result<element> from) {
  std::string text;
  const auto add = [&](std::string_view word) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  };
  simdjson::dom::array list;
  simdjson::dom::object object;
  std::string_view word;
  if (from.get(list) == simdjson::SUCCESS) {
    for (const element each : list)
      if (each.get(word) == simdjson::SUCCESS) add(word);
  } else if (from.get(object) == simdjson::SUCCESS) {
    for (const auto& [key, value] : object)
      if (value.get(word) == simdjson::SUCCESS) add(std::string(key) + "=" + std::string(word));
  }
  return text;
}

std::string endpoints_of(element object) {
  std::string text;
  simdjson::dom::array list;
  if (object["endpoints"].get(list) != simdjson::SUCCESS) return text;
  for (const element one : list) {
    const auto pod = json_text(one, "pod");
    text += (text.empty() ? "" : ", ") + (pod.empty() ? json_text(one, "ip") : pod) +
            (json_flag(one, "ready", true) ? "" : " (not ready)");
  }
  return text;
}

/// Who else is known to have had the address.
void append_history(std::string& out, element page, const std::string& from) {
  simdjson::dom::array history;
  if (page["history"].get(history) != simdjson::SUCCESS) return;
  for (const element one : history) {
    if (json_text(one, "from") == from) continue;
    const auto until = json_text(one, "until");
    append_line(out, "also had by",
                json_text(one, "kind") + " " + json_text(one, "name") + ", " +
                    json_text(one, "from") + " to " + (until.empty() ? "now" : until));
  }
}

/// Empty where the answer is not one of /api/query/`kind`.
std::string render(const std::string& body, const std::string& kind, bool colour) {
  simdjson::dom::parser parser;
  element page;
  element object;
  if (parser.parse(body).get(page) != simdjson::SUCCESS ||
      page[kind].get(object) != simdjson::SUCCESS)
    return {};
  const auto space = json_text(object, "namespace");
  const auto name = (space.empty() ? "" : space + "/") + json_text(object, "name");
  std::string out = printable(json_text(page, "ip")) + " is " + kind + " " +
                    styled(printable(name), Style::kBold, colour) + "\n";
  if (!json_flag(object, "exists", true)) append_line(out, "state", "gone");
  append_line(out, "workload", json_text(object, "workload"));
  append_line(out, "node", json_text(object, "node"));
  append_line(out, "zone", json_text(object, "zone"));
  append_line(out, "phase", json_text(object, "phase"));
  append_line(out, "type", json_text(object, "type"));
  append_line(out, "addresses", joined(object["ips"]));
  append_line(out, "addresses", joined(object["cluster_ips"]));
  append_line(out, "addresses", joined(object["internal_ips"]));
  append_line(out, "pod networks", joined(object["pod_cidrs"]));
  append_line(out, "services", joined(object["services"]));
  append_line(out, "endpoints", endpoints_of(object));
  append_line(out, "selector", joined(object["selector"]));
  append_line(out, "labels", joined(object["labels"]));
  element claim;
  if (page["claim"].get(claim) != simdjson::SUCCESS) return out;
  append_line(out, "since", json_text(claim, "from"));
  append_line(out, "until", json_text(claim, "until"));
  append_history(out, page, json_text(claim, "from"));
  return out;
}

int who(const WhoOptions& options) {
  AgentClient agent(options.agent);
  std::string refusal;
  for (const char* kind : {"pod", "service", "node"}) {
    std::string path = "/api/query/" + std::string(kind) + "?ip=" + percent_encode(options.ip);
    if (!options.at.empty()) path += "&at=" + percent_encode(options.at);
    const auto body = agent.get(path);
    if (!body) {
      // Only "nobody of this kind" lets the next kind be asked for.
      if (body.error().kind != ErrorKind::kFailed)
        return complain(body.error().message, exit_code_of(body.error()));
      if (refusal.empty()) refusal = body.error().message;
      continue;
    }
    Output out;
    out.text() = options.format == "json"
                     ? *body
                     : render(*body, kind, wants_colour(STDOUT_FILENO, options.no_colour));
    if (out.text().empty())
      return complain("the agent's answer has no " + std::string(kind), kExitFailed);
    (void)out.flush();
    return kExitOk;
  }
  return complain(refusal + "; it is no service's and no node's either", kExitFailed);
}

}  // namespace

void add_who(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("who", "Whose is an address: pod, service or node");
  auto options = std::make_shared<WhoOptions>();
  command->add_option("IP", options->ip, "the address")
      ->required()
      ->type_name("")
      ->check([](const std::string& text) {
        const auto ip = IpAddress::parse(text);
        return ip ? std::string() : ip.error().message;
      });
  add_agent_flag(*command, options->agent);
  command->add_option("--at", options->at, "who had it then: 15m (ago), or an RFC 3339 time")
      ->type_name("TIME");
  add_choice(*command, "-o,--output", options->format, {"text", "json"},
             "json is the answer of /api/query/pod, …/service or …/node");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "Examples:\n"
      "  netprobe who 10.244.1.7\n"
      "  netprobe who 10.244.1.7 --at 2h\n"
      "  netprobe who 10.96.0.10 -o json | jq '.service.endpoints'\n"
      "Exit codes: 0, 1 no agent or nobody has it, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = who(*options); });
}

}  // namespace netprobe
