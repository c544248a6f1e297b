// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/answer_page.h"
#include "api/names.h"
#include "api/query.h"
#include "model/connection.h"
#include "model/flow_filter.h"
#include "model/snapshot.h"

namespace netprobe {

/// Which connections: all conditions hold.
struct ConnectionsQuery {
  FlowFilter tuple;  ///< addresses, ports, protocol, names
  std::optional<std::uint32_t> pid;
  std::optional<std::string> process;    ///< name
  std::optional<std::string> container;  ///< id, or the front of one
  std::optional<std::string> state;
  std::optional<std::string> verdict;
  std::optional<std::string> role;
  std::optional<std::uint64_t> netns;
  std::size_t limit = kDefaultLimit;
  std::optional<std::uint64_t> after;  ///< from a cursor: ids above this one
  std::optional<Nanos> since;          ///< wall: there then or later
  std::optional<Nanos> until;          ///< wall: there before
  Source source = Source::kAuto;

  /// `node`: whose sockets these are. `now`: wall, when those live were seen.
  [[nodiscard]] bool matches(const Connection& connection, const AddressNames& names, Nanos now,
                             std::string_view node) const;
  [[nodiscard]] bool matches(const ListeningSocket& socket, const AddressNames& names, Nanos now,
                             std::string_view node) const;
};

/// When it was there, as far as known; wall.
[[nodiscard]] std::pair<Nanos, Nanos> life_of(const Connection& connection, Nanos now);

/// `now`: wall, what relative times are before.
[[nodiscard]] QueryResult<ConnectionsQuery> parse_connections_query(const QueryParams& params,
                                                                    Nanos now);

/// The answer of /api/connections: a page of connections by id, and the
/// sockets that listen. Pure. `kept`: where the snapshot's connections are from,
/// if they are history's.
[[nodiscard]] std::string connections_page(const Snapshot& snapshot, const ConnectionsQuery& query,
                                           const AnswerPage* kept = nullptr);

}  // namespace netprobe
