// SPDX-License-Identifier: Apache-2.0
#include "detectors/intel_watch.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace netprobe {

Result<std::unique_ptr<IntelWatch>> IntelWatch::make(const IntelSettings& settings,
                                                     const Clock& clock, IntelSink lists) {
  intel::IntelFeedsOptions wanted;
  for (const std::string& text : settings.lists) {
    auto feed = intel::parse_feed_settings(text);
    if (!feed)
      return fail("--threat-intel '" + text + "': " + feed.error().message, ErrorKind::kUsage);
    wanted.feeds.push_back(std::move(*feed));
  }
  if (!wanted.feeds.empty()) wanted.cache_directory = settings.cache_directory;
  wanted.own_networks = settings.own;
  auto feeds = intel::IntelFeeds::make(std::move(wanted), clock);
  if (!feeds) return std::unexpected(feeds.error());
  return std::unique_ptr<IntelWatch>(
      new IntelWatch(std::move(*feeds), settings.own, std::move(lists)));
}

void IntelWatch::say() {
  const auto feeds = feeds_->status();
  errors_.resize(feeds.size());
  const bool news = std::exchange(said_, feeds_->generation()) != said_;
  if (news && lists_) lists_(feeds_->index());
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    const intel::FeedStatus& feed = feeds[i];
    if (feed.error != errors_[i]) {
      errors_[i] = feed.error;
      if (!feed.error.empty())
        spdlog::warn("threat intelligence: {}: {}{}", feed.name, feed.error,
                     feed.has_list ? "; the list before stays" : "");
    }
    if (news && feed.has_list)
      spdlog::info("threat intelligence: {}: {} addresses, {} networks, {} names{}", feed.name,
                   feed.addresses, feed.prefixes, feed.names,
                   feed.from_cache ? " (as kept on disk)" : "");
  }
}

std::vector<WatchlistStatus> IntelWatch::watchlists() const {
  std::vector<WatchlistStatus> all;
  for (const intel::FeedStatus& feed : feeds_->status()) {
    WatchlistStatus& list = all.emplace_back();
    list.name = feed.name;
    list.error = feed.error;
    list.has_list = feed.has_list;
    list.from_cache = feed.from_cache;
    list.fetched = feed.fetched;
    list.addresses = feed.addresses;
    list.prefixes = feed.prefixes;
    list.names = feed.names;
    list.trimmed = feed.counts.trimmed;
    for (std::size_t i = 0; i < intel::kRefusals; ++i) {
      const auto cause = static_cast<intel::Refusal>(i);
      if (const auto count = feed.counts.refused.of(cause); count > 0)
        list.refused.emplace_back(to_string(cause), count);
    }
    list.refreshed = feed.refreshed;
    list.unchanged = feed.unchanged;
    list.failed = feed.failed;
    list.matches = detector_.matches(feed.name);
  }
  return all;
}

void IntelWatch::set_inside(const std::vector<IpPrefix>& inside) {
  std::vector<IpPrefix> all = own_;
  all.insert(all.end(), inside.begin(), inside.end());
  feeds_->set_own_networks(all);
  if (feeds_->status().empty()) return;
  spdlog::info("threat intelligence: {} networks and addresses of the cluster are on no list",
               inside.size());
}

void IntelWatch::tick(Micros now, const FindingSink& found) {
  if (!std::exchange(started_, true)) feeds_->start();
  say();
  detector_.tick(now, found);
}

}  // namespace netprobe
