// SPDX-License-Identifier: Apache-2.0
#include "intel/guard.h"

#include <algorithm>
#include <array>

namespace netprobe::intel {
namespace {

struct Guarded {
  std::string_view prefix;
  Refusal why{};
};

/// Networks that are not of the Internet (IANA's registries of special-purpose addresses, as
/// far as something lives there: those for documentation are left to the lists), and public
/// resolvers, which every other list has by mistake.
constexpr std::array kGuarded{
    Guarded{"0.0.0.0/8", Refusal::kReserved},
    Guarded{"10.0.0.0/8", Refusal::kPrivate},
    Guarded{"100.64.0.0/10", Refusal::kPrivate},
    Guarded{"127.0.0.0/8", Refusal::kLoopback},
    Guarded{"169.254.0.0/16", Refusal::kLinkLocal},
    Guarded{"172.16.0.0/12", Refusal::kPrivate},
    Guarded{"192.168.0.0/16", Refusal::kPrivate},
    Guarded{"224.0.0.0/4", Refusal::kMulticast},
    Guarded{"240.0.0.0/4", Refusal::kReserved},
    Guarded{"::1", Refusal::kLoopback},
    Guarded{"::/16", Refusal::kReserved},
    Guarded{"fc00::/7", Refusal::kPrivate},
    Guarded{"fe80::/10", Refusal::kLinkLocal},
    Guarded{"ff00::/8", Refusal::kMulticast},
    Guarded{"1.0.0.1", Refusal::kWellKnown},
    Guarded{"1.1.1.1", Refusal::kWellKnown},
    Guarded{"8.8.4.4", Refusal::kWellKnown},
    Guarded{"8.8.8.8", Refusal::kWellKnown},
    Guarded{"9.9.9.9", Refusal::kWellKnown},
    Guarded{"9.9.9.10", Refusal::kWellKnown},
    Guarded{"94.140.14.14", Refusal::kWellKnown},
    Guarded{"94.140.15.15", Refusal::kWellKnown},
    Guarded{"114.114.114.114", Refusal::kWellKnown},
    Guarded{"119.29.29.29", Refusal::kWellKnown},
    Guarded{"149.112.112.112", Refusal::kWellKnown},
    Guarded{"180.76.76.76", Refusal::kWellKnown},
    Guarded{"208.67.220.220", Refusal::kWellKnown},
    Guarded{"208.67.222.222", Refusal::kWellKnown},
    Guarded{"223.5.5.5", Refusal::kWellKnown},
    Guarded{"223.6.6.6", Refusal::kWellKnown},
    Guarded{"2001:4860:4860::8844", Refusal::kWellKnown},
    Guarded{"2001:4860:4860::8888", Refusal::kWellKnown},
    Guarded{"2606:4700:4700::1001", Refusal::kWellKnown},
    Guarded{"2606:4700:4700::1111", Refusal::kWellKnown},
    Guarded{"2620:fe::9", Refusal::kWellKnown},
    Guarded{"2620:fe::fe", Refusal::kWellKnown},
};

/// Names that mean this machine or this network, and what is beneath them (RFC 6761, RFC
/// 6762, RFC 8375), as hosts files have them at their top.
constexpr std::array<std::string_view, 12> kOwnNames{
    "localhost", "localdomain", "local",        "broadcasthost", "ip6-localhost", "ip6-loopback",
    "internal",  "home.arpa",   "in-addr.arpa", "ip6.arpa",      "lan",           "svc"};

bool is_own_name(std::string_view name) {
  return std::ranges::any_of(kOwnNames, [&](std::string_view own) {
    return name == own || (name.ends_with(own) && name.size() > own.size() &&
                           name[name.size() - own.size() - 1] == '.');
  });
}

std::optional<Refusal> refuse_name(const NameEntry& entry) {
  if (is_own_name(entry.name)) return Refusal::kLoopback;
  // A whole top level: "com", "*.com".
  if (entry.name.find('.') == std::string::npos) return Refusal::kTooWide;
  return {};
}

}  // namespace

Guard::Guard(const std::vector<IpPrefix>& own) {
  // What is the user's own is called so, private or not.
  for (const IpPrefix& prefix : own) add(prefix, Refusal::kOwn);
  for (const Guarded& guarded : kGuarded)
    if (const auto prefix = IpPrefix::parse(guarded.prefix)) add(*prefix, guarded.why);
  settle(v4_);
  settle(v6_);
}

void Guard::add(const IpPrefix& prefix, Refusal why) {
  const auto put = [&]<typename Key>(Ranges<Key>& ranges) {
    const Key first = key_of<Key>(prefix.network());
    ranges.push_back({first, last_of<Key>(first, prefix.length()), why});
  };
  prefix.network().is_v4() ? put(v4_) : put(v6_);
}

template <typename Key>
void Guard::settle(Ranges<Key>& ranges) {
  // Prefixes are inside each other or apart. Cut into pieces at every edge; a piece is what
  // the first added range says that has it. There are few.
  std::vector<Key> edges;
  for (const auto& range : ranges) {
    edges.push_back(range.first);
    if (range.last != static_cast<Key>(~Key{0})) edges.push_back(static_cast<Key>(range.last + 1));
  }
  std::ranges::sort(edges);
  const auto same = std::ranges::unique(edges);
  edges.erase(same.begin(), same.end());
  Ranges<Key> pieces;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const Key last =
        i + 1 < edges.size() ? static_cast<Key>(edges[i + 1] - 1) : static_cast<Key>(~Key{0});
    const auto has = std::ranges::find_if(ranges, [&](const Range<Key>& range) {
      return range.first <= edges[i] && last <= range.last;
    });
    if (has == ranges.end()) continue;
    const bool goes_on = !pieces.empty() && pieces.back().why == has->why &&
                         static_cast<Key>(pieces.back().last + 1) == edges[i];
    if (goes_on)
      pieces.back().last = last;
    else
      pieces.push_back({edges[i], last, has->why});
  }
  ranges = std::move(pieces);
}

template <typename Key>
const Guard::Range<Key>* Guard::at_or_behind(const Ranges<Key>& ranges, Key key) {
  const auto found = std::ranges::lower_bound(ranges, key, {}, &Range<Key>::last);
  return found == ranges.end() ? nullptr : &*found;
}

template <typename Key>
std::optional<Refusal> Guard::judge(const Ranges<Key>& ranges, Key first, Key last, bool& trimmed) {
  const auto* range = at_or_behind(ranges, first);
  if (range == nullptr || range->first > last) return {};
  const Refusal why = range->why;
  // It may take several of them to cover it.
  Key next = first;
  for (const auto* end = ranges.data() + ranges.size(); range != end && range->first <= next;
       ++range) {
    if (range->last >= last) return why;
    next = static_cast<Key>(range->last + 1);
  }
  trimmed = true;
  return {};
}

std::optional<Refusal> Guard::refuses(const FeedEntry& entry, bool& trimmed) const {
  trimmed = false;
  if (const auto* name = std::get_if<NameEntry>(&entry)) return refuse_name(*name);
  const auto* single = std::get_if<IpAddress>(&entry);
  const IpPrefix prefix =
      single != nullptr ? IpPrefix::of(*single, 128) : std::get<IpPrefix>(entry);
  const int length = prefix.length();
  if (prefix.network().is_v4()) {
    const V4Key first = v4_key(prefix.network());
    const auto why = judge(v4_, first, last_of(first, length), trimmed);
    return length < kWidestV4 && !why ? Refusal::kTooWide : why;
  }
  const V6Key first = whole_key(prefix.network());
  const auto why = judge(v6_, first, last_of(first, length), trimmed);
  return length < kWidestV6 && !why ? Refusal::kTooWide : why;
}

bool Guard::guards(const IpAddress& address) const {
  const auto has = [&]<typename Key>(const Ranges<Key>& ranges) {
    const Key key = key_of<Key>(address);
    const auto* range = at_or_behind(ranges, key);
    return range != nullptr && range->first <= key;
  };
  return address.is_v4() ? has(v4_) : has(v6_);
}

}  // namespace netprobe::intel
