// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/query.h"
#include "base/ip_address.h"
#include "model/response.h"
#include "model/snapshot.h"

namespace netprobe {

/// What GET /api/blocks is asked.
struct BlocksQuery {
  std::optional<IpPrefix> what;  ///< only what shares an address with it
  std::optional<Nanos> since;    ///< wall: made then or later
  std::optional<Nanos> until;    ///< wall: made then or earlier
  std::size_t limit = kDefaultLimit;
  std::string cursor;  ///< of what stood last on the page before; empty: from the beginning
};
[[nodiscard]] QueryResult<BlocksQuery> parse_blocks_query(const QueryParams& params, Nanos now);

/// The answer: blocks in order, then limits, a page at a time; the rest on every page. Pure.
[[nodiscard]] std::string blocks_page(const ResponseReport& report, const Snapshot& snapshot,
                                      const BlocksQuery& query);
/// Of one that was just made: the record, and how and where it is carried out. `asked`: the
/// mode.
[[nodiscard]] std::string block_answer(const BlockRecord& record, BlockMode asked,
                                       const Snapshot& snapshot);
[[nodiscard]] std::string limit_answer(const LimitRecord& record, BlockMode asked,
                                       const Snapshot& snapshot);

/// What a POST asks for. `who` may be empty.
struct BlockOrder {
  std::variant<BlockRequest, LimitRequest> request;
  BlockMode mode = BlockMode::kEnforce;  ///< as it was asked for
  std::vector<IpAddress> protect;        ///< whom it must not cut off
};
/// A body that anybody may have written; `now`: wall.
[[nodiscard]] QueryResult<BlockOrder> parse_block_order(std::string_view body, Nanos now);

/// What a DELETE asks for.
struct UnblockOrder {
  bool all = false;
  std::string what;                 ///< an address or a network
  std::optional<PlaneLimit> limit;  ///< its address, port and side: that limit
  std::string who;
  std::string reason;
};
[[nodiscard]] QueryResult<UnblockOrder> parse_unblock_order(const QueryParams& params);

/// A body may be as long.
inline constexpr std::size_t kMostBlockBody = 4'096;
/// Whom one request may protect.
inline constexpr std::size_t kMostProtected = 4;

}  // namespace netprobe
