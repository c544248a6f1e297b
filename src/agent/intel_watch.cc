// SPDX-License-Identifier: Apache-2.0
#include "agent/intel_watch.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <span>
#include <utility>

namespace netprobe {
namespace {

/// This node's own addresses: no list has them. Those of later interfaces are private or a
/// pod's, which no list has either.
std::vector<IpPrefix> own_addresses() {
  std::vector<IpPrefix> own;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return own;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, each->ifa_addr, sizeof v4);
      own.push_back(IpPrefix::of(IpAddress::v4(ntohl(v4.sin_addr.s_addr)), 32));
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, each->ifa_addr, sizeof v6);
      own.push_back(
          IpPrefix::of(IpAddress(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr)), 128));
    }
  }
  ::freeifaddrs(all);
  return own;
}

}  // namespace

Result<std::unique_ptr<IntelWatch>> IntelWatch::make(const AgentOptions& options,
                                                     const Clock& clock) {
  intel::IntelFeedsOptions wanted;
  for (const std::string& text : options.threat_intel) {
    auto feed = intel::parse_feed_settings(text);
    if (!feed)
      return fail("--threat-intel '" + text + "': " + feed.error().message, ErrorKind::kUsage);
    wanted.feeds.push_back(std::move(*feed));
  }
  if (!wanted.feeds.empty() && !options.data_dir.empty())
    wanted.cache_directory = options.data_dir + "/threat-intel";
  const std::vector<IpPrefix> own = own_addresses();
  wanted.own_networks = own;
  auto feeds = intel::IntelFeeds::make(std::move(wanted), clock);
  if (!feeds) return std::unexpected(feeds.error());
  return std::unique_ptr<IntelWatch>(new IntelWatch(std::move(*feeds), own));
}

void IntelWatch::say() {
  const auto feeds = feeds_->status();
  errors_.resize(feeds.size());
  const bool news = std::exchange(said_, feeds_->generation()) != said_;
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
