// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "intel/feed.h"
#include "intel/feed_settings.h"
#include "model/address_watchlist.h"

namespace netprobe::intel {

class IntelIndex;

struct IntelFeedsOptions {
  std::vector<FeedSettings> feeds;
  /// Where last good lists are kept; empty: nowhere. Nobody else may use it.
  std::string cache_directory;
  /// Networks of the node and the cluster: no list has anything of them.
  std::vector<IpPrefix> own_networks;
};

/// All feeds, and the index that is made of them. A thread of its own reads and fetches; what
/// asks gets an immutable index, and never waits for it.
class IntelFeeds {
 public:
  static constexpr std::size_t kMostFeeds = 64;

  /// kUsage for two feeds of one name, or too many. `clock` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<IntelFeeds>> make(IntelFeedsOptions options,
                                                                const Clock& clock);
  ~IntelFeeds();  ///< stops
  IntelFeeds(const IntelFeeds&) = delete;
  IntelFeeds& operator=(const IntelFeeds&) = delete;

  /// Begins with what is kept on disk, then looks for what is newer. Once.
  void start();
  /// Ends what is being fetched. More than once, from any thread but its own.
  void stop();

  /// Never null: before the first list it is empty. Any thread.
  [[nodiscard]] AddressWatchlistPtr current() const;
  /// The same with its lists.
  [[nodiscard]] std::shared_ptr<const IntelIndex> index() const;
  /// The same for a detector; holds on to nothing: the feeds outlive it.
  [[nodiscard]] WatchlistSource source() const;
  /// Grows with each new index. Any thread.
  [[nodiscard]] std::uint64_t generation() const;
  /// As of the last step; in the order of the settings. Any thread.
  [[nodiscard]] std::vector<FeedStatus> status() const;
  /// Memory of the index. Any thread.
  [[nodiscard]] std::size_t bytes() const;
  /// Looks for newer lists of all feeds soon. Any thread.
  void refresh_now();
  /// What belongs to the node and the cluster is another now: look-ups follow as soon as
  /// nothing is being fetched, each feed's counts with its next list. Any thread.
  void set_own_networks(const std::vector<IpPrefix>& own);

 private:
  class Impl;
  explicit IntelFeeds(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe::intel
