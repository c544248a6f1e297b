// SPDX-License-Identifier: Apache-2.0
#include "api/drops_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "base/duration.h"
#include "base/glob.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 5> kBys{"record", "reason", "location", "interface", "flow"};

using Setter = std::function<QueryResult<void>(DropsQuery&, const std::string&, Nanos)>;
struct Parameter {
  std::string_view name;
  bool repeatable;
  Setter set;
};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail,
                              std::vector<std::string_view> allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

template <typename Number>
bool read_number(std::string_view text, Number& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

Parameter prefix(std::string_view name, std::vector<IpPrefix> DropsQuery::* member) {
  return {name, true, [=](DropsQuery& query, const std::string& value, Nanos) -> QueryResult<void> {
            auto parsed = IpPrefix::parse(value);
            if (!parsed) return bad(name, parsed.error().message);
            (query.*member).push_back(*parsed);
            return {};
          }};
}

Parameter port(std::string_view name, std::vector<std::uint16_t> DropsQuery::* member) {
  return {name, true, [=](DropsQuery& query, const std::string& value, Nanos) -> QueryResult<void> {
            std::uint16_t number = 0;
            if (!read_number(value, number))
              return bad(name, "'" + value + "' is not a port from 0 to 65535");
            (query.*member).push_back(number);
            return {};
          }};
}

Parameter words(std::string_view name, std::vector<std::string> DropsQuery::* member) {
  return {name, true, [=](DropsQuery& query, const std::string& value, Nanos) -> QueryResult<void> {
            if (value.empty()) return bad(name, std::string(name) + " is given without a value");
            (query.*member).push_back(value);
            return {};
          }};
}

Parameter when(std::string_view name, std::optional<Nanos> DropsQuery::* member) {
  return {name, false,
          [=](DropsQuery& query, const std::string& value, Nanos now) -> QueryResult<void> {
            auto time = parse_time(value, now);
            if (!time) return bad(name, time.error().message);
            query.*member = *time;
            return {};
          }};
}

Parameter name_of(std::string_view key) {
  return {key, true, [=](DropsQuery& query, const std::string& value, Nanos) -> QueryResult<void> {
            if (auto added = query.identity.add(key, value); !added)
              return bad(key, added.error().message);
            return {};
          }};
}

QueryResult<void> set_by(DropsQuery& query, const std::string& value, Nanos) {
  const auto found = std::ranges::find(kBys, value);
  if (found == kBys.end())
    return bad("by",
               "'" + value +
                   "' is not a value for by: use one of record, reason, location, "
                   "interface, flow",
               {kBys.begin(), kBys.end()});
  query.by = static_cast<DropBy>(found - kBys.begin());
  return {};
}

QueryResult<void> set_source(DropsQuery& query, const std::string& value, Nanos) {
  const auto source = parse_source(value);
  if (!source)
    return bad("source",
               "'" + value + "' is not a value for source: use one of auto, history, live",
               {kSources.begin(), kSources.end()});
  query.source = *source;
  return {};
}

QueryResult<void> set_protocol(DropsQuery& query, const std::string& value, Nanos) {
  const int number = protocol_number(value);
  if (number < 0)
    return bad("protocol", "'" + value +
                               "' is not a protocol: use tcp, udp, icmp, icmp6, sctp or a number "
                               "from 0 to 255");
  query.protocol = static_cast<std::uint8_t>(number);
  return {};
}

QueryResult<void> set_netns(DropsQuery& query, const std::string& value, Nanos) {
  std::uint64_t number = 0;
  if (!read_number(value, number))
    return bad("netns", "'" + value + "' is not the inode of a network namespace");
  query.netns = number;
  return {};
}

QueryResult<void> set_limit(DropsQuery& query, const std::string& value, Nanos) {
  const auto limit = parse_limit(value, kMaxLimit);
  if (!limit) return std::unexpected(limit.error());
  query.limit = *limit;
  return {};
}

QueryResult<void> set_cursor(DropsQuery& query, const std::string& value, Nanos) {
  DropCursor cursor;
  const std::string_view text(value);
  const auto first = text.find('-');
  const auto second = first == std::string_view::npos ? first : text.find('-', first + 1);
  unsigned by = 0;
  if (second == std::string_view::npos || !read_number(text.substr(0, first), by) ||
      by >= kBys.size() ||
      !read_number(text.substr(first + 1, second - first - 1), cursor.count, 16) ||
      !read_number(text.substr(second + 1), cursor.id, 16))
    return bad("cursor", "this cursor is not one that an earlier answer gave");
  cursor.by = static_cast<DropBy>(by);
  query.cursor = cursor;
  return {};
}

std::vector<Parameter> own_parameters() {
  return {
      {"by", false, set_by},
      prefix("ip", &DropsQuery::ip),
      prefix("src_ip", &DropsQuery::src_ip),
      prefix("dst_ip", &DropsQuery::dst_ip),
      port("port", &DropsQuery::port),
      port("src_port", &DropsQuery::src_port),
      port("dst_port", &DropsQuery::dst_port),
      {"protocol", false, set_protocol},
      words("reason", &DropsQuery::reason),
      words("hook", &DropsQuery::hook),
      words("location", &DropsQuery::location),
      words("interface", &DropsQuery::interface),
      {"netns", false, set_netns},
      when("since", &DropsQuery::since),
      when("until", &DropsQuery::until),
      {"source", false, set_source},
      {"limit", false, set_limit},
      {"cursor", false, set_cursor},
  };
}

const std::vector<Parameter>& parameters() {
  static const std::vector<Parameter> kParameters = [] {
    std::vector<Parameter> list = own_parameters();
    for (const auto key : IdentityFilter::keys()) list.push_back(name_of(key));
    return list;
  }();
  return kParameters;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return glob_match(pattern, text);
         });
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

}  // namespace

std::string format_cursor(const DropCursor& cursor) {
  std::array<char, 64> text{};
  char* at = std::to_chars(text.begin(), text.end(), static_cast<unsigned>(cursor.by)).ptr;
  for (const auto part : {cursor.count, cursor.id}) {
    *at++ = '-';
    at = std::to_chars(at, text.end(), part, 16).ptr;
  }
  return {text.data(), at};
}

QueryResult<DropsQuery> parse_drops_query(const QueryParams& params, Nanos now) {
  DropsQuery query;
  std::vector<std::string_view> names;
  std::vector<std::string_view> repeatable;
  for (const Parameter& parameter : parameters()) {
    names.push_back(parameter.name);
    if (parameter.repeatable) repeatable.push_back(parameter.name);
  }
  const auto values = named_values(params, names, repeatable);
  if (!values) return std::unexpected(values.error());
  for (const auto& [name, value] : *values) {
    const auto parameter = std::ranges::find(parameters(), name, &Parameter::name);
    if (auto set = parameter->set(query, *value, now); !set) return std::unexpected(set.error());
  }
  for (std::string& pattern : query.reason) pattern = upper(pattern);
  if (query.since && query.until && *query.since > *query.until)
    return bad("since", "since is later than until");
  if (query.cursor && query.cursor->by != query.by)
    return bad("cursor", "this cursor belongs to a list that is summed otherwise");
  return query;
}

bool DropsQuery::is_about_totals() const {
  return ip.empty() && src_ip.empty() && dst_ip.empty() && port.empty() && src_port.empty() &&
         dst_port.empty() && location.empty() && interface.empty() && !protocol && !netns &&
         !since && !until && identity.empty();
}

bool DropsQuery::matches(const DropRecord& record) const {
  if (since && record.last_seen < *since) return false;
  if (until && record.first_seen > *until) return false;
  if (netns && record.netns != *netns) return false;
  if (!matches_any(reason, record.reason) || !matches_any(hook, record.hook) ||
      !matches_any(location, record.location) || !matches_any(interface, record.interface))
    return false;
  const bool about_flow = protocol || !ip.empty() || !src_ip.empty() || !dst_ip.empty() ||
                          !port.empty() || !src_port.empty() || !dst_port.empty();
  return !about_flow || (record.has_tuple && matches(record.tuple)) ||
         (record.inside && matches(record.inside->tuple));
}

bool DropsQuery::matches_names(const DropRecord& record, const AddressNames& names,
                               std::string_view node) const {
  if (identity.empty()) return true;
  // What has no addresses is still this node's.
  const FlowTuple tuple = record.inside ? record.inside->tuple : record.tuple;
  return identity.matches(names.named(tuple, record.first_seen, record.last_seen), node);
}

bool DropsQuery::matches(const FlowTuple& t) const {
  if (protocol && t.protocol != *protocol) return false;
  const auto all = [](const auto& conditions, const auto& holds) {
    return std::ranges::all_of(conditions, holds);
  };
  return all(ip, [&](const IpPrefix& p) { return p.contains(t.src) || p.contains(t.dst); }) &&
         all(src_ip, [&](const IpPrefix& p) { return p.contains(t.src); }) &&
         all(dst_ip, [&](const IpPrefix& p) { return p.contains(t.dst); }) &&
         all(port, [&](auto p) { return t.src_port == p || t.dst_port == p; }) &&
         all(src_port, [&](auto p) { return t.src_port == p; }) &&
         all(dst_port, [&](auto p) { return t.dst_port == p; });
}

}  // namespace netprobe
