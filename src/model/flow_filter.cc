// SPDX-License-Identifier: Apache-2.0
#include "model/flow_filter.h"

#include <algorithm>
#include <charconv>

#include "base/glob.h"
#include "model/identity_names.h"
#include "model/verdict.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 4> kDirections{"intra-node", "inter-node", "ingress",
                                                      "egress"};

std::vector<std::string_view> direction_words() {
  std::vector<std::string_view> words(kDirections.begin(), kDirections.end());
  for (const TrafficKind& kind : kTrafficKinds) words.push_back(kind.name);
  return words;
}

bool is_direction(std::string_view wanted, const Flow& flow) {
  const auto kind = std::ranges::find(kTrafficKinds, wanted, &TrafficKind::name);
  return kind == kTrafficKinds.end() ? flow.direction == wanted : kind->holds(flow);
}

template <typename Number>
Result<Number> parse_number(std::string_view key, std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) {
    return fail("'" + std::string(text) + "' is not a value for " + std::string(key) +
                    ": it takes a number from 0 to " + std::to_string(most),
                ErrorKind::kUsage);
  }
  return static_cast<Number>(value);
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

Result<std::vector<std::string_view>> parse_verdicts(std::string_view text) {
  std::vector<std::string_view> verdicts;
  for (;;) {
    const auto comma = text.find(',');
    const auto verdict = parse_verdict(text.substr(0, comma));
    if (!verdict) {
      return fail("'" + std::string(text.substr(0, comma)) + "' is not a verdict: use " +
                      joined(FlowFilter::words_of("verdict")),
                  ErrorKind::kUsage);
    }
    verdicts.push_back(to_string(*verdict));
    if (comma == std::string_view::npos) return verdicts;
    text.remove_prefix(comma + 1);
  }
}

/// A number is a pid, and no name: a command called "80" is not found so.
bool is_process(const ProcessPtr& process, const std::string& wanted) {
  if (!process) return false;
  std::uint32_t pid = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), pid);
  if (error == std::errc{} && end == wanted.data() + wanted.size()) return process->pid == pid;
  return glob_match(wanted, process->comm);
}

}  // namespace

std::vector<std::string_view> FlowFilter::words_of(std::string_view key) {
  if (key == "direction") return direction_words();
  if (key == "verdict") return verdict_names();
  return {};
}

const std::vector<std::string_view>& FlowFilter::keys() {
  static const std::vector<std::string_view> kKeys = [] {
    std::vector<std::string_view> keys{"ip",        "src_ip",   "dst_ip",   "port",
                                       "src_port",  "dst_port", "protocol", "interface",
                                       "direction", "vni",      "verdict",  "process"};
    const auto& names = IdentityFilter::keys();
    keys.insert(keys.end(), names.begin(), names.end());
    return keys;
  }();
  return kKeys;
}

bool FlowFilter::is_key(std::string_view key) {
  std::string plain(key);
  std::ranges::replace(plain, '-', '_');
  return std::ranges::find(keys(), plain) != keys().end();
}

Status FlowFilter::add(std::string_view given, std::string_view value) {
  std::string key(given);
  std::ranges::replace(key, '-', '_');
  const auto take_prefix = [&](std::vector<IpPrefix>& list) -> Status {
    auto prefix = IpPrefix::parse(value);
    if (!prefix) return std::unexpected(prefix.error());
    list.push_back(*prefix);
    return {};
  };
  const auto take_port = [&](std::vector<std::uint16_t>& list) -> Status {
    auto port = parse_number<std::uint16_t>(key, value, 65535);
    if (!port) return std::unexpected(port.error());
    list.push_back(*port);
    return {};
  };
  ++conditions_;
  if (IdentityFilter::is_key(key)) return identity_.add(key, value);
  if (key == "ip") return take_prefix(ip_);
  if (key == "src_ip") return take_prefix(src_ip_);
  if (key == "dst_ip") return take_prefix(dst_ip_);
  if (key == "port") return take_port(port_);
  if (key == "src_port") return take_port(src_port_);
  if (key == "dst_port") return take_port(dst_port_);
  if (key == "protocol") {
    const int number = protocol_number(value);
    if (number < 0) {
      return fail(
          "'" + std::string(value) +
              "' is not a protocol: use tcp, udp, icmp, icmp6, sctp or a number from 0 to 255",
          ErrorKind::kUsage);
    }
    protocol_ = static_cast<std::uint8_t>(number);
    return {};
  }
  if (key == "vni") {
    auto vni = parse_number<std::uint32_t>(key, value, 0xffffffff);
    if (!vni) return std::unexpected(vni.error());
    vni_ = *vni;
    return {};
  }
  if (key == "interface") {
    interface_.emplace_back(value);
    return {};
  }
  if (key == "direction") {
    const auto words = direction_words();
    const auto word = std::ranges::find(words, value);
    if (word == words.end()) {
      return fail("'" + std::string(value) + "' is not a direction: use " + joined(words),
                  ErrorKind::kUsage);
    }
    directions_.push_back(*word);
    return {};
  }
  if (key == "verdict") {
    auto verdicts = parse_verdicts(value);
    if (!verdicts) return std::unexpected(verdicts.error());
    verdicts_ = std::move(*verdicts);
    return {};
  }
  if (key == "process") {
    if (value.empty())
      return fail("process takes a pid, or a name or glob of a command", ErrorKind::kUsage);
    process_.emplace_back(value);
    return {};
  }
  --conditions_;
  return fail("there is no filter '" + std::string(given) + "'; there are: " + joined(keys()),
              ErrorKind::kUsage);
}

bool FlowFilter::matches(const Flow& flow, std::string_view observed_by) const {
  const auto& t = flow.tuple;
  if (protocol_ && *protocol_ != t.protocol) return false;
  if (vni_ && *vni_ != flow.vni) return false;
  for (const auto wanted : directions_)
    if (!is_direction(wanted, flow)) return false;
  if (!verdicts_.empty() && std::ranges::find(verdicts_, flow.verdict) == verdicts_.end())
    return false;
  for (const auto& wanted : process_)
    if (!is_process(flow.client_process, wanted) && !is_process(flow.server_process, wanted))
      return false;
  if (!identity_.matches(flow, observed_by)) return false;
  // Where addresses are translated, either side's word for them counts.
  const FlowTuple& u = flow.nat ? flow.translated : t;
  const auto either = [](const auto& conditions, const auto& holds, const auto&... values) {
    return std::ranges::all_of(conditions,
                               [&](const auto& each) { return (holds(each, values) || ...); });
  };
  const auto contains = [](const IpPrefix& p, const IpAddress& a) { return p.contains(a); };
  const auto equals = [](std::uint16_t a, std::uint16_t b) { return a == b; };
  if (!either(src_ip_, contains, t.src, u.src) || !either(dst_ip_, contains, t.dst, u.dst) ||
      !either(ip_, contains, t.src, t.dst, u.src, u.dst))
    return false;
  if (!either(src_port_, equals, t.src_port, u.src_port) ||
      !either(dst_port_, equals, t.dst_port, u.dst_port) ||
      !either(port_, equals, t.src_port, t.dst_port, u.src_port, u.dst_port))
    return false;
  return std::ranges::all_of(interface_, [&](const std::string& pattern) {
    return std::ranges::any_of(
        flow.observations, [&](const Observation& o) { return glob_match(pattern, o.interface); });
  });
}

}  // namespace netprobe
