// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "model/finding.h"

namespace netprobe {

/// One list that knows an address or a name.
struct WatchlistMatch {
  std::string list;    ///< its name: "spamhaus"
  std::string entry;   ///< what stands in it: "203.0.113.7", "203.0.113.0/24", "*.bad.example"
  std::string reason;  ///< as the list gives it; may be empty
  Severity severity = Severity::kHigh;
  double confidence = 1;  ///< 0 to 1
};

/// A list as it stands, and what it did. Counts are of the list that is used, or since the
/// start where they say so.
struct WatchlistStatus {
  std::string name;
  std::string error;  ///< of the last try; empty: it went well. The list before stays.
  bool has_list = false;
  bool from_cache = false;  ///< it is the one that was kept on disk
  Nanos fetched = 0;        ///< wall: when it was current last; 0: never
  std::uint64_t addresses = 0;
  std::uint64_t prefixes = 0;
  std::uint64_t names = 0;
  std::uint64_t trimmed = 0;  ///< entries of which a part is of no list's business
  std::vector<std::pair<std::string_view, std::uint64_t>> refused;  ///< entries, by cause
  std::uint64_t refreshed = 0;  ///< since the start: newer lists
  std::uint64_t unchanged = 0;
  std::uint64_t failed = 0;
  std::uint64_t matches = 0;  ///< since the start: records of flows with an end in it
};

/// Addresses and names that somebody said are bad, as of one moment. Immutable: every
/// thread may ask at once.
class AddressWatchlist {
 public:
  virtual ~AddressWatchlist() = default;
  /// Some list has it. What is asked for every flow: it allocates nothing.
  [[nodiscard]] virtual bool has(const IpAddress& address) const = 0;
  /// Of each list that has it the narrowest entry, in the order of the lists.
  [[nodiscard]] virtual std::vector<WatchlistMatch> find(const IpAddress& address) const = 0;
  /// The same for a host's name, in any case, with or without a dot at its end: of each list
  /// the longest entry.
  [[nodiscard]] virtual std::vector<WatchlistMatch> find_name(std::string_view name) const = 0;
};
using AddressWatchlistPtr = std::shared_ptr<const AddressWatchlist>;
/// Gives the current one, never null; from any thread.
using WatchlistSource = std::function<AddressWatchlistPtr()>;

}  // namespace netprobe
