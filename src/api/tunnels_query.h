// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "api/query.h"
#include "base/ip_address.h"
#include "model/tunnel.h"

namespace netprobe {

/// Which tunnels: all given conditions hold.
struct TunnelsQuery {
  std::optional<std::uint32_t> vni;
  std::optional<Tunnel> kind;
  std::optional<Direction> direction;
  std::optional<std::string> interface;  ///< name or glob
  std::vector<IpPrefix> outer_ips;       ///< each has either outer side in it
  std::size_t limit = 0;
  std::string cursor;  ///< row_key() of the last row of the page before

  [[nodiscard]] bool matches(const TunnelTraffic& row) const;
};

[[nodiscard]] QueryResult<TunnelsQuery> parse_tunnels_query(const QueryParams& params);

/// What rows are sorted by: text of fixed length, unique while the row lives.
[[nodiscard]] std::string row_key(const TunnelTraffic& row);

}  // namespace netprobe
