// SPDX-License-Identifier: Apache-2.0
#include "cli/flags.h"

#include <algorithm>
#include <charconv>

#include "io/url.h"

namespace netprobe {
namespace {

struct FilterHelp {
  std::string_view key;
  const char* type;
  const char* description;
};

// What FlowFilter does not say of its keys; a key without a line here still
// gets its flag.
constexpr std::array kFilterHelp{
    FilterHelp{"ip", "ADDRESS", "either side has this address, or is in this prefix"},
    FilterHelp{"src_ip", "ADDRESS", "the side that began it"},
    FilterHelp{"dst_ip", "ADDRESS", "the other side"},
    FilterHelp{"port", "PORT", "either side has this port"},
    FilterHelp{"src_port", "PORT", "port of the side that began it"},
    FilterHelp{"dst_port", "PORT", "port of the other side"},
    FilterHelp{"protocol", "NAME", "tcp, udp, icmp, icmp6, sctp or a number"},
    FilterHelp{"interface", "NAME", "seen at an interface of this name or glob"},
    FilterHelp{"direction", "intra-node|inter-node|ingress|egress|pod-to-pod|service|external",
               "as the node sees it, or by who the ends are"},
    FilterHelp{"vni", "NUMBER", "travelled in this virtual network"},
    FilterHelp{"verdict", "NAMES", "how it ended or stands, as refused,no_answer: any of them"},
    FilterHelp{"process", "NAME", "either side is this pid, or a command of this name or glob"},
    FilterHelp{"pod", "NAME", "either side is this pod: NAME or NAMESPACE/NAME, * for any text"},
    FilterHelp{"src_pod", "NAME", "the side that began it"},
    FilterHelp{"dst_pod", "NAME", "the other side; behind a service, the backend"},
    FilterHelp{"namespace", "NAME", "either side, or the service, is in this namespace"},
    FilterHelp{"src_namespace", "NAME", "the side that began it"},
    FilterHelp{"dst_namespace", "NAME", "the other side"},
    FilterHelp{"workload", "NAME", "either side is of it: NAME or KIND/NAME, as deployment/web"},
    FilterHelp{"src_workload", "NAME", "the side that began it"},
    FilterHelp{"dst_workload", "NAME", "the other side"},
    FilterHelp{"label", "KEY[=VALUE]", "either side has this label"},
    FilterHelp{"src_label", "KEY[=VALUE]", "the side that began it"},
    FilterHelp{"dst_label", "KEY[=VALUE]", "the other side"},
    FilterHelp{"service", "NAME", "sent to this service: NAME or NAMESPACE/NAME"},
    FilterHelp{"node", "NAME", "either side is on this node, or it observed the flow"},
    FilterHelp{"src_node", "NAME", "the side that began it"},
    FilterHelp{"dst_node", "NAME", "the other side"},
    FilterHelp{"zone", "NAME", "either side is in this zone"},
    FilterHelp{"src_zone", "NAME", "the side that began it"},
    FilterHelp{"dst_zone", "NAME", "the other side"},
};

std::string flag_name(std::string_view key) {
  std::string flag = "--" + std::string(key);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

}  // namespace

void FilterFlags::add_to(CLI::App& command, Names names) {
  for (const auto key : FlowFilter::keys()) {
    const bool by_name = IdentityFilter::is_key(key);
    if (by_name ? names == Names::kNone : names == Names::kAlone) continue;
    const auto help = std::ranges::find(kFilterHelp, key, &FilterHelp::key);
    const bool known = help != kFilterHelp.end();
    auto* option = command.add_option(flag_name(key), given_[std::string(key)],
                                      known ? help->description : "");
    // One value for each time the flag stands there: a second word is not its.
    option->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    option->type_name(known ? help->type : "TEXT")
        ->group(by_name ? "Filters by Kubernetes name" : "Filters (a flow matches all given)");
    option->check([key](const std::string& value) {
      const auto added = FlowFilter{}.add(key, value);
      return added ? std::string() : added.error().message;
    });
  }
}

FlowFilter FilterFlags::filter() const {
  FlowFilter filter;
  for (const auto& [key, values] : given_)
    for (const auto& value : values) (void)filter.add(key, value);
  return filter;
}

std::string FilterFlags::query() const {
  std::string query;
  for (const auto& [key, values] : given_)
    for (const auto& value : values) query += "&" + key + "=" + percent_encode(value);
  return query;
}

void add_addresses_flag(CLI::App& command, bool& addresses) {
  command.add_flag("--addresses,--no-names", addresses,
                   "addresses as they are, instead of pods, services and nodes");
}

void add_agent_flag(CLI::App& command, std::string& agent) {
  agent = "http://localhost:8081";
  command.add_option("--agent", agent, "the agent to ask")
      ->envname("NETPROBE_AGENT")
      ->type_name("URL")
      ->capture_default_str();
}

void add_no_colour_flag(CLI::App& command, bool& no_colour) {
  command.add_flag("--no-color", no_colour, "plain text, also on a terminal (as NO_COLOR=1)");
}

CLI::Option* add_choice(CLI::App& command, const std::string& names, std::string& value,
                        const std::vector<std::string>& words, const std::string& description) {
  return command.add_option(names, value, description)
      ->type_name(joined(words, "|"))
      ->capture_default_str()
      ->check([words](const std::string& given) {
        if (std::ranges::find(words, given) != words.end()) return std::string();
        return "'" + given + "' is not one of " + joined(words, ", ");
      });
}

CLI::Option* add_number(CLI::App& command, const std::string& names, std::uint64_t& value,
                        std::uint64_t least, std::uint64_t most, const std::string& description) {
  return command.add_option(names, value, description)
      ->type_name("NUMBER")
      ->capture_default_str()
      ->check([least, most](const std::string& given) {
        std::uint64_t number = 0;
        const auto [end, error] =
            std::from_chars(given.data(), given.data() + given.size(), number);
        if (error == std::errc{} && end == given.data() + given.size() && number >= least &&
            number <= most)
          return std::string();
        return "'" + given + "' is not a number from " + std::to_string(least) + " to " +
               std::to_string(most);
      });
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  std::vector<std::string> words;
  std::string rest = option.get_type_name();
  if (!rest.contains('|')) return words;
  for (std::size_t bar = 0; bar != std::string::npos;) {
    bar = rest.find('|');
    words.push_back(rest.substr(0, bar));
    if (bar != std::string::npos) rest.erase(0, bar + 1);
  }
  return words;
}

}  // namespace netprobe
