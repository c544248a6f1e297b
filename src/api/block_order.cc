// SPDX-License-Identifier: Apache-2.0
// The body of a POST to /api/blocks: JSON of anybody who has the token.
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "api/blocks_query.h"
#include "base/duration.h"

namespace netprobe {
namespace {

using Element = simdjson::dom::element;

constexpr std::array<std::string_view, 8> kNames{"what", "for",  "until", "reason",
                                                 "who",  "mode", "limit", "protect"};
constexpr std::array<std::string_view, 5> kLimitNames{"rate", "burst", "unit", "kind", "port"};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail,
                              std::vector<std::string_view> allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

/// The object's fields; each of `names` once, and no other.
template <std::size_t N, typename Take>
QueryResult<void> each_field(simdjson::dom::object object,
                             const std::array<std::string_view, N>& names, Take take) {
  std::set<std::string_view> seen;
  for (const auto [key, value] : object) {
    const auto name = std::ranges::find(names, key);
    if (name == names.end())
      return bad(key, "there is no '" + std::string(key) + "' in a block",
                 {names.begin(), names.end()});
    if (!seen.insert(*name).second)
      return bad(*name, "'" + std::string(*name) + "' is given twice");
    if (value.is_null()) continue;
    if (auto taken = take(*name, value); !taken) return taken;
  }
  return {};
}

QueryResult<std::string> text_of(std::string_view name, Element value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS)
    return bad(name, "'" + std::string(name) + "' takes a text");
  if (text.contains('\0'))
    return bad(name, "'" + std::string(name) + "' has a NUL character in it");
  return std::string(text);
}

QueryResult<std::uint64_t> number_of(std::string_view name, Element value, std::uint64_t most) {
  std::uint64_t number = 0;
  if (!value.is<std::uint64_t>() || value.get(number) != simdjson::SUCCESS || number < 1 ||
      number > most)
    return bad(
        name, "'" + std::string(name) + "' takes a whole number from 1 to " + std::to_string(most));
  return number;
}

/// As it stands in the body, before it is known what it is.
struct Body {
  std::string what;
  std::optional<Nanos> lasting;
  bool ends_twice = false;  ///< by both names
  std::string reason;
  std::string who;
  BlockMode mode = BlockMode::kEnforce;
  std::optional<PlaneLimit> limit;
  std::vector<IpAddress> protect;
};

QueryResult<void> take_word(std::string_view name, const std::string& word,
                            std::vector<std::string_view> words, std::size_t& index) {
  const auto found = std::ranges::find(words, word);
  index = static_cast<std::size_t>(found - words.begin());
  if (found != words.end()) return {};
  std::string list;
  for (const auto each : words) list += (list.empty() ? "" : " or ") + std::string(each);
  return bad(name, "'" + word + "' is not a value for " + std::string(name) + ": use " + list,
             std::move(words));
}

QueryResult<void> take_limit_field(PlaneLimit& limit, std::string_view name, Element value) {
  if (name == "unit" || name == "kind") {
    const auto text = text_of(name, value);
    if (!text) return std::unexpected(text.error());
    std::size_t index = 0;
    if (name == "unit") {
      if (auto s = take_word(name, *text, {"packets", "bytes"}, index); !s) return s;
      limit.bytes = index == 1;
      return {};
    }
    if (auto s = take_word(name, *text, {"source", "target", "syn"}, index); !s) return s;
    limit.side = static_cast<LimitSide>(index);
    return {};
  }
  constexpr std::uint64_t kMost = 1'000'000'000'000;  // above any link
  const auto number = number_of(name, value, name == "port" ? 65'535 : kMost);
  if (!number) return std::unexpected(number.error());
  if (name == "rate") limit.rate = *number;
  if (name == "burst") limit.burst = *number;
  if (name == "port") limit.port = static_cast<std::uint16_t>(*number);
  return {};
}

QueryResult<void> take_limit(Body& body, Element value) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS)
    return bad("limit", R"('limit' takes an object: {"rate": 1000, "kind": "source"})");
  PlaneLimit limit;
  if (auto s = each_field(object, kLimitNames,
                          [&](std::string_view name, Element field) {
                            return take_limit_field(limit, name, field);
                          });
      !s)
    return s;
  if (limit.rate == 0) return bad("rate", "a limit has a rate: packets or bytes a second");
  // A second of it; the longest frame has to fit in.
  if (limit.burst == 0) limit.burst = std::max<std::uint64_t>(limit.rate, limit.bytes ? 65'536 : 1);
  if ((limit.side == LimitSide::kSyn) != (limit.port != 0))
    return bad("port", "a limit of kind syn has a port, the others have none");
  if (limit.side == LimitSide::kSyn && limit.bytes)
    return bad("unit", "a limit of kind syn counts packets");
  body.limit = limit;
  return {};
}

QueryResult<void> take_protect(Body& body, Element value) {
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS || list.size() > kMostProtected)
    return bad("protect", "'protect' takes a list of at most " + std::to_string(kMostProtected) +
                              " addresses");
  for (const Element each : list) {
    const auto text = text_of("protect", each);
    if (!text) return std::unexpected(text.error());
    const auto address = IpAddress::parse(*text);
    if (!address) return bad("protect", address.error().message);
    body.protect.push_back(*address);
  }
  return {};
}

QueryResult<void> take(Body& body, std::string_view name, Element value, Nanos now) {
  if (name == "limit") return take_limit(body, value);
  if (name == "protect") return take_protect(body, value);
  const auto text = text_of(name, value);
  if (!text) return std::unexpected(text.error());
  if (name == "what") body.what = *text;
  if (name == "reason") body.reason = *text;
  if (name == "who") body.who = *text;
  if (name == "mode") {
    std::size_t index = 0;
    if (auto s = take_word(name, *text, {"dry-run", "enforce"}, index); !s) return s;
    body.mode = index == 1 ? BlockMode::kEnforce : BlockMode::kDryRun;
  }
  if (name == "for" || name == "until") {
    body.ends_twice = body.lasting.has_value();
    if (name == "for") {
      const auto lasting = parse_duration(*text);
      if (!lasting) return bad(name, lasting.error().message);
      body.lasting = *lasting;
    } else {
      const auto end = parse_time(*text, now);
      if (!end) return bad(name, end.error().message);
      if (*end <= now) return bad(name, "'" + *text + "' is over already: name a time to come");
      body.lasting = *end - now;
    }
  }
  return {};
}

}  // namespace

QueryResult<BlockOrder> parse_block_order(std::string_view body, Nanos now) {
  if (body.size() > kMostBlockBody)
    return bad("", "the body is longer than " + std::to_string(kMostBlockBody) + " bytes");
  simdjson::dom::parser parser(2 * kMostBlockBody);
  Element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root))
    return bad("", std::string("the body is not JSON: ") + simdjson::error_message(error));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return bad("", R"(the body is an object: {"what": "203.0.113.7", "for": "1h", "reason": "…"})");
  Body read;
  if (auto s = each_field(
          object, kNames,
          [&](std::string_view name, Element value) { return take(read, name, value, now); });
      !s)
    return std::unexpected(s.error());
  if (read.what.empty())
    return bad("what", "say what: an address, or a network such as 203.0.113.0/24");
  if (!read.lasting || read.ends_twice)
    return bad("for", "say how long, by 'for' (such as 1h) or by 'until', not by both");
  BlockOrder order{.mode = read.mode, .protect = std::move(read.protect)};
  if (!read.limit) {
    order.request = BlockRequest{.what = std::move(read.what),
                                 .reason = std::move(read.reason),
                                 .who = std::move(read.who),
                                 .lasting = *read.lasting,
                                 .mode = read.mode};
    return order;
  }
  const auto address = IpAddress::parse(read.what);
  if (!address) return bad("what", address.error().message + ": a limit is of one address");
  read.limit->address = *address;
  read.limit->mode = read.mode;
  read.limit->remaining = *read.lasting;
  order.request = LimitRequest{
      .limit = *read.limit, .reason = std::move(read.reason), .who = std::move(read.who)};
  return order;
}

}  // namespace netprobe
