// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/answer_page.h"
#include "api/names.h"
#include "api/query.h"
#include "base/ip_address.h"
#include "model/drop.h"
#include "model/snapshot.h"

namespace netprobe {

/// By what drops are summed: each record of its own, or all of one reason (and
/// hook), one place in the kernel's code, one interface, one flow.
enum class DropBy : std::uint8_t { kRecord, kReason, kLocation, kInterface, kFlow };

/// Where a page ended: the last row's place, most first and then by id.
struct DropCursor {
  DropBy by = DropBy::kRecord;
  std::uint64_t count = 0;
  std::uint64_t id = 0;
};
[[nodiscard]] std::string format_cursor(const DropCursor& cursor);

/// What a query of /api/drops selects; every condition must hold.
struct DropsQuery {
  DropBy by = DropBy::kRecord;
  std::vector<IpPrefix> ip;  ///< either side
  std::vector<IpPrefix> src_ip;
  std::vector<IpPrefix> dst_ip;
  std::vector<std::uint16_t> port;  ///< either side
  std::vector<std::uint16_t> src_port;
  std::vector<std::uint16_t> dst_port;
  std::optional<std::uint8_t> protocol;
  std::optional<std::uint64_t> netns;
  std::vector<std::string> reason;  ///< names or globs, upper or lower case
  std::vector<std::string> hook;
  std::vector<std::string> location;
  std::vector<std::string> interface;
  IdentityFilter identity;
  std::optional<Nanos> since;  ///< wall: last seen then or later
  std::optional<Nanos> until;  ///< wall: first seen then or earlier
  std::size_t limit = kDefaultLimit;
  std::optional<DropCursor> cursor;
  Source source = Source::kAuto;

  /// Conditions on the flow hold for the outermost header or for what is inside.
  [[nodiscard]] bool matches(const DropRecord& record) const;
  /// Of what is inside where that is known, else of the outermost header.
  [[nodiscard]] bool matches_names(const DropRecord& record, const AddressNames& names,
                                   std::string_view node) const;
  /// No condition but on reason and hook: sums of all time answer it exactly.
  [[nodiscard]] bool is_about_totals() const;

 private:
  [[nodiscard]] bool matches(const FlowTuple& tuple) const;
};

/// `now`: wall, what relative times are before.
[[nodiscard]] QueryResult<DropsQuery> parse_drops_query(const QueryParams& params, Nanos now);

/// The answer of /api/drops. Pure. `kept`: where the snapshot's drops are from, if
/// they are history's.
[[nodiscard]] std::string drops_page(const Snapshot& snapshot, const DropsQuery& query,
                                     const AnswerPage* kept = nullptr);

}  // namespace netprobe
