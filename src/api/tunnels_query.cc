// SPDX-License-Identifier: Apache-2.0
#include "api/tunnels_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/glob.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 7> kNames{"vni",       "tunnel", "outer_ip", "direction",
                                                 "interface", "limit",  "cursor"};
constexpr std::array<std::string_view, 1> kRepeatable{"outer_ip"};
constexpr std::array kKinds{Tunnel::kVxlan, Tunnel::kGeneve, Tunnel::kGre, Tunnel::kIpip};
constexpr std::uint32_t kMaxVni = 0xffffffff;  // a GRE key has 32 bits
constexpr std::size_t kKeyLength = 82;

std::unexpected<BadQuery> bad(std::string_view parameter, const std::string& value,
                              std::string_view takes, std::vector<std::string_view> allowed = {}) {
  return std::unexpected(
      BadQuery{std::string(parameter),
               fmt::format("'{}' is not a value for {}: it takes {}", value, parameter, takes),
               std::move(allowed)});
}

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t least,
                                    std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    return std::nullopt;
  return value;
}

std::string hex(const IpAddress& address) {
  std::string text;
  for (const auto byte : address.bytes()) text += fmt::format("{:02x}", byte);
  return text;
}

QueryResult<void> take(TunnelsQuery& query, std::string_view name, const std::string& value) {
  if (name == "vni") {
    const auto vni = number(value, 0, kMaxVni);
    if (!vni) return bad(name, value, "a number from 0 to 4294967295");
    query.vni = static_cast<std::uint32_t>(*vni);
  } else if (name == "limit") {
    const auto limit = number(value, 1, kMaxLimit);
    if (!limit) return bad(name, value, fmt::format("a number from 1 to {}", kMaxLimit));
    query.limit = static_cast<std::size_t>(*limit);
  } else if (name == "tunnel") {
    const auto kind = std::ranges::find(kKinds, value, [](Tunnel t) { return to_string(t); });
    if (kind == kKinds.end())
      return bad(name, value, "vxlan, geneve, gre or ipip", {"vxlan", "geneve", "gre", "ipip"});
    query.kind = *kind;
  } else if (name == "direction") {
    if (value != "ingress" && value != "egress")
      return bad(name, value, "ingress or egress", {"ingress", "egress"});
    query.direction = value == "ingress" ? Direction::kIngress : Direction::kEgress;
  } else if (name == "outer_ip") {
    auto prefix = IpPrefix::parse(value);
    if (!prefix) return bad(name, value, "an address or a prefix");
    query.outer_ips.push_back(*prefix);
  } else if (name == "interface") {
    if (value.empty()) return bad(name, value, "a name or a glob");
    query.interface = value;
  } else {
    if (value.size() != kKeyLength ||
        value.find_first_not_of("0123456789abcdef") != std::string::npos)
      return bad(name, value, "what an earlier answer gave as next_cursor");
    query.cursor = value;
  }
  return {};
}

}  // namespace

bool TunnelsQuery::matches(const TunnelTraffic& row) const {
  return (!vni || *vni == row.vni) && (!kind || *kind == row.kind) &&
         (!direction || *direction == row.direction) &&
         (!interface || glob_match(*interface, row.interface)) &&
         std::ranges::all_of(outer_ips, [&](const IpPrefix& prefix) {
           return prefix.contains(row.outer_src) || prefix.contains(row.outer_dst);
         });
}

QueryResult<TunnelsQuery> parse_tunnels_query(const QueryParams& params) {
  TunnelsQuery query{.limit = kDefaultLimit};
  const auto values = named_values(params, kNames, kRepeatable);
  if (!values) return std::unexpected(values.error());
  for (const auto& [name, value] : *values)
    if (auto taken = take(query, name, *value); !taken) return std::unexpected(taken.error());
  return query;
}

std::string row_key(const TunnelTraffic& row) {
  return fmt::format("{:x}{:08x}{}{}{:x}{:08x}", static_cast<unsigned>(row.kind), row.vni,
                     hex(row.outer_src), hex(row.outer_dst), static_cast<unsigned>(row.direction),
                     row.ifindex);
}

}  // namespace netprobe
