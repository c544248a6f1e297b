// SPDX-License-Identifier: Apache-2.0
#include "agent.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace netprobe::test {
namespace {

std::string binary(std::string_view below, std::string_view built) {
  const char* folder = std::getenv("NETPROBE_BIN");
  if (folder == nullptr || *folder == '\0') return std::string(built);
  return std::string(folder) + "/" + std::string(below);
}

std::vector<std::string> command_of(std::string program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), std::move(program));
  return arguments;
}

}  // namespace

std::string end_to_end_obstacle() {
  if (auto why = netns_obstacle(); !why.empty()) return why;
  for (const auto* program : {"curl", "bpftool", "ping", "tc"})
    if (!have_program(program)) return std::string("needs the program ") + program;
  for (const auto& path : {agent_binary(), cli_binary()})
    if (::access(path.c_str(), X_OK) != 0) return "needs the program " + path;
  return {};
}

std::string agent_binary() { return binary("src/agent/netprobe-agent", NETPROBE_AGENT_BINARY); }
std::string cli_binary() { return binary("src/cli/netprobe", NETPROBE_CLI_BINARY); }

std::string text_of(simdjson::dom::element json, std::string_view key) {
  const std::string_view text = json[key];
  return std::string(text);
}

std::uint64_t number_of(simdjson::dom::element json, std::string_view key) { return json[key]; }

std::vector<TcHook> tc_hooks(const NetNamespace& ns) {
  const auto text = ns.run({"bpftool", "--json", "net", "list"});
  if (!text) throw std::runtime_error(text.error().message);
  const Json list(*text);
  std::vector<TcHook> hooks;
  for (const auto part : simdjson::dom::array(list.root()))
    for (const auto hook : simdjson::dom::array(part["tc"])) {
      std::uint64_t program = 0;
      // Filters of classic tc name their program's id otherwise.
      if (hook["prog_id"].get(program) != simdjson::SUCCESS) (void)hook["id"].get(program);
      hooks.push_back({text_of(hook, "devname"), text_of(hook, "kind"), program});
    }
  return hooks;
}

std::size_t tc_hooks_at(const NetNamespace& ns, std::string_view device) {
  std::size_t count = 0;
  for (const auto& hook : tc_hooks(ns)) count += hook.device == device ? 1 : 0;
  return count;
}

bool program_is_loaded(std::uint64_t id) {
  const auto shown = run({"bpftool", "prog", "show", "id", std::to_string(id)});
  return shown && shown->ok();
}

Result<Agent> Agent::start(const NetNamespace& ns, std::vector<std::string> flags,
                           const ProcessOptions& options) {
  auto data = std::make_unique<TempDir>();
  flags.insert(flags.begin(),
               {"--listen-address=127.0.0.1", "--log-format=text", "--data-dir=" + data->path()});
  auto process = ns.start(command_of(agent_binary(), std::move(flags)), options);
  if (!process) return std::unexpected(process.error());
  Agent agent(ns, std::move(data), std::move(*process));
  const bool up = eventually([&] {
    if (!agent.process_.running()) return true;
    const auto answer = ns.run({"curl", "-sf", "http://127.0.0.1:8081/healthz"});
    return answer.has_value();
  });
  if (!up || !agent.process_.running())
    return fail("the agent does not answer; it wrote: " + agent.process_.err());
  return agent;
}

std::string Agent::get(const std::string& path) const {
  const auto body = ns_->run(
      {"curl", "-sS", "--fail-with-body", "-m", "30", "-g", "http://127.0.0.1:8081" + path});
  if (!body) throw std::runtime_error(path + ": " + body.error().message);
  return *body;
}

bool Agent::watches(std::string_view interface) const {
  const Json page = json("/api/interfaces");
  for (const auto each : simdjson::dom::array(page["interfaces"]))
    if (text_of(each, "name") == interface) return bool(each["attached"]);
  return false;
}

bool Agent::knows(std::string_view interface) const {
  const Json page = json("/api/interfaces");
  for (const auto each : simdjson::dom::array(page["interfaces"]))
    if (text_of(each, "name") == interface) return true;
  return false;
}

Result<Finished> Agent::kill() {
  if (auto sent = process_.send_signal(SIGKILL); !sent) return std::unexpected(sent.error());
  return process_.wait(kPatience);
}

Result<Finished> cli(const NetNamespace& ns, std::vector<std::string> arguments) {
  return run(ns.inside(command_of(cli_binary(), std::move(arguments))), 2 * kPatience);
}

Result<Finished> refused_agent(const NetNamespace& ns, std::vector<std::string> arguments,
                               const ProcessOptions& options) {
  return run(ns.inside(command_of(agent_binary(), std::move(arguments))), kPatience, options);
}

}  // namespace netprobe::test
