// SPDX-License-Identifier: Apache-2.0
#include "api/blocks_query.h"

#include <array>

#include "base/duration.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 5> kListNames{"what", "since", "until", "limit", "cursor"};
constexpr std::array<std::string_view, 6> kDeleteNames{"what", "all", "kind",
                                                       "port", "who", "reason"};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail,
                              std::vector<std::string_view> allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

QueryResult<void> take(BlocksQuery& query, std::string_view name, const std::string& value,
                       Nanos now) {
  if (name == "what") {
    const auto what = IpPrefix::parse(value);
    if (!what) return bad(name, what.error().message);
    query.what = *what;
  } else if (name == "since" || name == "until") {
    const auto when = parse_time(value, now);
    if (!when) return bad(name, when.error().message);
    (name == "since" ? query.since : query.until) = *when;
  } else if (name == "limit") {
    const auto limit = parse_limit(value, kMaxLimit);
    if (!limit) return std::unexpected(limit.error());
    query.limit = *limit;
  } else if (name == "cursor") {
    if (!value.starts_with('b') && !value.starts_with('l'))
      return bad(name, "'" + value + "' is no next_cursor of this list");
    query.cursor = value;
  }
  return {};
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint32_t port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
    if (port > 65'535) return std::nullopt;
  }
  if (port == 0) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

}  // namespace

QueryResult<BlocksQuery> parse_blocks_query(const QueryParams& params, Nanos now) {
  BlocksQuery query;
  const auto values = named_values(params, kListNames, {});
  if (!values) return std::unexpected(values.error());
  for (const auto& [name, value] : *values)
    if (auto taken = take(query, name, *value, now); !taken) return std::unexpected(taken.error());
  return query;
}

QueryResult<UnblockOrder> parse_unblock_order(const QueryParams& params) {
  UnblockOrder order;
  const auto values = named_values(params, kDeleteNames, {});
  if (!values) return std::unexpected(values.error());
  std::string kind;
  std::string port;
  for (const auto& [name, value] : *values) {
    if (name == "what") order.what = *value;
    if (name == "who") order.who = *value;
    if (name == "reason") order.reason = *value;
    if (name == "kind") kind = *value;
    if (name == "port") port = *value;
    if (name == "all") {
      if (*value != "true") return bad("all", "all=true ends everything", {"true"});
      order.all = true;
    }
  }
  if (order.all != order.what.empty())
    return bad("what", "say what is to be free again: what=ADDRESS, what=NETWORK or all=true");
  if (order.all && !kind.empty()) return bad("kind", "all=true ends limits of every kind");
  if (kind.empty()) {
    if (!port.empty()) return bad("port", "a port is of limits of kind syn: kind=syn");
    return order;
  }
  const auto address = IpAddress::parse(order.what);
  if (!address) return bad("what", address.error().message);
  PlaneLimit limit{.address = *address};
  if (kind == "source") {
    limit.side = LimitSide::kSource;
  } else if (kind == "target") {
    limit.side = LimitSide::kTarget;
  } else if (kind == "syn") {
    limit.side = LimitSide::kSyn;
  } else {
    return bad("kind", "'" + kind + "' is no kind of limit: use source, target or syn",
               {"source", "target", "syn"});
  }
  if ((limit.side == LimitSide::kSyn) == port.empty())
    return bad("port", "a limit of kind syn has a port, the others have none");
  if (!port.empty()) {
    const auto number = port_of(port);
    if (!number) return bad("port", "'" + port + "' is not a port from 1 to 65535");
    limit.port = *number;
  }
  order.limit = limit;
  return order;
}

}  // namespace netprobe
