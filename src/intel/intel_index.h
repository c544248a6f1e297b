// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/zeroed_array.h"
#include "intel/guard.h"
#include "intel/list_index.h"
#include "model/address_watchlist.h"

namespace netprobe::intel {

/// A list with what its settings say of it.
struct NamedList {
  std::string name;
  Severity severity = Severity::kHigh;
  double confidence = 1;  ///< 0 to 1
  ListIndexPtr list;      ///< never null
};

/// All lists together. In front stands a bit for every /24 of IPv4 of which some list has
/// something: most addresses are nobody's and cost one look at 2 MiB, of which only those
/// pages are there that are not all zero. Immutable.
class IntelIndex final : public AddressWatchlist {
 public:
  explicit IntelIndex(std::vector<NamedList> lists = {},
                      GuardPtr guard = std::make_shared<const Guard>());

  [[nodiscard]] bool has(const IpAddress& address) const override;
  [[nodiscard]] std::vector<WatchlistMatch> find(const IpAddress& address) const override;
  [[nodiscard]] std::vector<WatchlistMatch> find_name(std::string_view name) const override;

  /// What the lists of these names have together, without what is guarded: to block it.
  [[nodiscard]] std::vector<IpPrefix> networks(std::span<const std::string> names) const;
  [[nodiscard]] const std::vector<NamedList>& lists() const { return lists_; }
  /// Of all lists and the bits, all of which are counted.
  [[nodiscard]] std::size_t bytes() const;

 private:
  [[nodiscard]] bool may_have(const IpAddress& address) const;

  std::vector<NamedList> lists_;
  GuardPtr guard_;
  ZeroedArray<std::uint64_t> slash24_;
};

}  // namespace netprobe::intel
