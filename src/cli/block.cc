// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <optional>

#include "base/duration.h"
#include "base/json_writer.h"
#include "cli/agent_client.h"
#include "cli/block_token.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/table.h"
#include "io/url.h"

namespace netprobe {
namespace {

/// What every change has.
struct ChangeOptions {
  std::string agent;
  std::string token_file;
  bool plain_http = false;

  void add_to(CLI::App& command) {
    add_agent_flag(command, agent);
    command
        .add_option("--token-file", token_file,
                    "the agent's token; default: NETPROBE_TOKEN, or response.token in the data "
                    "folder of an agent on this machine")
        ->type_name("FILE");
    command.add_flag("--plain-http", plain_http,
                     "send the token to another machine over plain HTTP, where others can read it");
  }
  [[nodiscard]] Result<std::string> token() const {
    if (!plain_http && !keeps_token_secret(agent))
      return fail("the token would go to " + agent +
                      " over plain HTTP, where others can read it: come through 'ssh -L' or "
                      "'kubectl port-forward', use https, or say --plain-http",
                  ErrorKind::kUsage);
    return find_token(token_file, agent);
  }
};

struct BlockOptions {
  ChangeOptions change;
  std::string what;
  std::string lasting;
  std::string until;
  std::string reason;
  std::string limit;
  std::uint64_t burst = 0;
  std::uint64_t port = 0;
  std::string kind = "source";
  bool dry_run = false;
};

struct UnblockOptions {
  ChangeOptions change;
  std::string what;
  std::string reason;
  std::string kind;
  std::uint64_t port = 0;
  bool all = false;
};

/// "1000/s", "5k/s", "20MB/s".
struct Rate {
  std::uint64_t value = 0;
  bool bytes = false;
};
std::optional<Rate> parse_rate(std::string_view text) {
  Rate rate;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rate.value);
  if (error != std::errc{} || rate.value == 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const auto& [letter, times] :
       {std::pair{'k', 1'000ULL}, {'M', 1'000'000ULL}, {'G', 1'000'000'000ULL}}) {
    if (!text.starts_with(letter)) continue;
    text.remove_prefix(1);
    if (rate.value > 1'000'000'000'000ULL / times) return std::nullopt;
    rate.value *= times;
    break;
  }
  rate.bytes = text.starts_with('B');
  if (rate.bytes) text.remove_prefix(1);
  if (!text.empty() && text != "/s") return std::nullopt;
  return rate;
}

std::string body_of(const BlockOptions& options, const std::optional<Rate>& rate) {
  std::string out;
  JsonObject json(out);
  json.text("what", options.what);
  if (!options.lasting.empty()) json.text("for", options.lasting);
  if (!options.until.empty()) json.text("until", options.until);
  json.text("reason", options.reason);
  json.text("who", user_name());
  json.text("mode", options.dry_run ? "dry-run" : "enforce");
  if (rate) {
    json.key("limit");
    JsonObject limit(out);
    limit.number("rate", rate->value);
    if (options.burst > 0) limit.number("burst", options.burst);
    limit.text("unit", rate->bytes ? "bytes" : "packets");
    limit.text("kind", options.kind);
    if (options.port > 0) limit.number("port", options.port);
    limit.close();
  }
  if (const std::string from = ssh_address(); !from.empty()) {
    json.key("protect");
    JsonArray list(out);
    list.text(from);
    list.close();
  }
  json.close();
  return out;
}

int block(const BlockOptions& options) {
  std::optional<Rate> rate;
  if (!options.limit.empty()) {
    rate = parse_rate(options.limit);
    if (!rate)
      return complain("'" + options.limit +
                          "' is not a rate for --limit: use one such as 1000/s (packets) or 20MB/s",
                      kExitUsage);
  } else if (options.burst > 0 || options.port > 0) {
    return complain("--burst and --port belong to --limit", kExitUsage);
  }
  const auto token = options.change.token();
  if (!token) return complain(token.error().message, exit_code_of(token.error()));
  AgentClient agent(options.change.agent);
  const auto body = agent.change("POST", "/api/blocks", *token, body_of(options, rate));
  if (!body) return complain(body.error().message, exit_code_of(body.error()));
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  simdjson::dom::element record;
  if (parser.parse(*body).get(answer) != simdjson::SUCCESS ||
      answer[rate ? "limit" : "block"].get(record) != simdjson::SUCCESS)
    return complain("the agent's answer is not a block", kExitFailed);
  const std::string mode = json_text(answer, "mode");
  Output out;
  out.text() += printable(json_text(record, "what")) + (rate ? " is limited" : " is blocked") +
                " until " + printable(json_text(record, "until")) + " (" + printable(mode) + ")\n";
  (void)out.flush();
  simdjson::dom::array interfaces;
  const bool nowhere =
      answer["interfaces"].get(interfaces) == simdjson::SUCCESS && interfaces.size() == 0;
  if (mode != "enforce" || nowhere) complain(printable(json_text(answer, "note")), 0);
  return kExitOk;
}

int unblock(const UnblockOptions& options) {
  if (options.all != options.what.empty())
    return complain("say what is to be free again: an address, a network, or --all", kExitUsage);
  const auto token = options.change.token();
  if (!token) return complain(token.error().message, exit_code_of(token.error()));
  std::string path = "/api/blocks?who=" + percent_encode(user_name());
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) path += "&" + std::string(key) + "=" + percent_encode(value);
  };
  add("what", options.what);
  add("reason", options.reason);
  add("kind", options.kind);
  if (options.port > 0) add("port", std::to_string(options.port));
  if (options.all) add("all", "true");
  AgentClient agent(options.change.agent);
  const auto body = agent.change("DELETE", path, *token);
  if (!body) return complain(body.error().message, exit_code_of(body.error()));
  Output out;
  out.text() += options.all ? std::string("nothing is blocked any more\n")
                            : printable(options.what) + " is free again\n";
  (void)out.flush();
  return kExitOk;
}

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 not done (the sentence says why), 2 wrong "
    "usage, or it must not be.";

}  // namespace

void add_block(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("block", "Drop what an address or a network sends, for a time");
  auto options = std::make_shared<BlockOptions>();
  command->add_option("ADDRESS", options->what, "an address, or a network such as 203.0.113.0/24")
      ->required()
      ->type_name("ADDRESS");
  auto* lasting = command->add_option("--for", options->lasting, "how long: 10m, 1h, 7d")
                      ->type_name("DURATION");
  auto* until = command->add_option("--until", options->until, "a time, RFC 3339")
                    ->type_name("TIME")
                    ->excludes(lasting);
  command->add_option("--reason", options->reason, "for whoever finds it later")
      ->required()
      ->type_name("TEXT");
  command->add_flag("--dry-run", options->dry_run, "count what it would drop, and drop nothing");
  command
      ->add_option("--limit", options->limit,
                   "let so much through instead: 1000/s (packets), 20MB/s")
      ->type_name("RATE");
  add_number(*command, "--burst", options->burst, 1, 1'000'000'000'000,
             "of a limit: at once (default: a second of it)");
  add_choice(*command, "--kind", options->kind, {"source", "target", "syn"},
             "of a limit: what the address sends, what it gets, or connections asked of it");
  add_number(*command, "--port", options->port, 1, 65'535, "of a limit of kind syn");
  options->change.add_to(*command);
  command->footer(std::string("The agent runs with --response=enforce, or dry-run, which drops "
                              "nothing (docs/response.md).\n"
                              "Examples:\n"
                              "  netprobe block 203.0.113.7 --for 1h --reason 'guesses passwords'\n"
                              "  netprobe block 2001:db8::/48 --for 1d --reason scan --dry-run\n"
                              "  netprobe block 203.0.113.9 --limit 1000/s --for 1h --reason loud\n"
                              "  netprobe block 10.0.0.5 --limit 200/s --kind syn --port 443 --for "
                              "10m --reason flood\n") +
                  kExitCodes);
  command->callback([options, until, &exit_code] {
    if (options->lasting.empty() && until->empty()) {
      exit_code = complain("say how long: --for 1h, or --until TIME", kExitUsage);
      return;
    }
    exit_code = block(*options);
  });
}

void add_unblock(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("unblock", "End a block, a limit, or all of them");
  auto options = std::make_shared<UnblockOptions>();
  command->add_option("ADDRESS", options->what, "as it was blocked")->type_name("ADDRESS");
  command->add_flag("--all", options->all, "everything: blocks, limits and lists");
  command->add_option("--reason", options->reason, "for the audit trail")->type_name("TEXT");
  add_choice(*command, "--kind", options->kind, {"source", "target", "syn"},
             "the limit of this kind, no block");
  add_number(*command, "--port", options->port, 1, 65'535, "of a limit of kind syn");
  options->change.add_to(*command);
  command->footer(std::string("Examples:\n"
                              "  netprobe unblock 203.0.113.7\n"
                              "  netprobe unblock 10.0.0.5 --kind syn --port 443\n"
                              "  netprobe unblock --all\n") +
                  kExitCodes);
  command->callback([options, &exit_code] { exit_code = unblock(*options); });
}

}  // namespace netprobe
