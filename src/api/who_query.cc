// SPDX-License-Identifier: Apache-2.0
#include "api/who_query.h"

#include "base/duration.h"

namespace netprobe {

QueryResult<WhoQuery> parse_who_query(const QueryParams& params, Nanos now) {
  static constexpr std::array<std::string_view, 2> kNames{"ip", "at"};
  const auto values = named_values(params, kNames, {});
  if (!values) return std::unexpected(values.error());
  WhoQuery query;
  bool has_ip = false;
  for (const auto& [name, value] : *values) {
    if (name == "at") {
      const auto at = parse_time(*value, now);
      if (!at) return std::unexpected(BadQuery{"at", at.error().message, {}});
      query.at = *at;
      continue;
    }
    const auto ip = IpAddress::parse(*value);
    if (!ip) return std::unexpected(BadQuery{"ip", ip.error().message, {}});
    query.ip = *ip;
    has_ip = true;
  }
  if (!has_ip)
    return std::unexpected(
        BadQuery{"ip", "the parameter 'ip' is missing: give an address, as in ?ip=10.244.0.2", {}});
  return query;
}

}  // namespace netprobe
