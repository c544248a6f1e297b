// SPDX-License-Identifier: Apache-2.0
#include "intel/intel_index.h"

#include <algorithm>

#include "intel/entry_text.h"

namespace netprobe::intel {
namespace {

constexpr std::size_t kNetworks = 1U << 24U;  // /24s of IPv4
constexpr std::size_t kWordBits = 64;

WatchlistMatch match_of(const NamedList& list, ListMatch&& found) {
  const double confidence = found.note->confidence;
  return {.list = list.name,
          .entry = std::move(found.entry),
          .reason = found.note->reason,
          .severity = list.severity,
          .confidence = confidence < 0 ? list.confidence : confidence};
}

bool has_v4(const std::vector<NamedList>& lists) {
  return std::ranges::any_of(lists, [](const NamedList& list) {
    return list.list->addresses() + list.list->prefixes() > 0;
  });
}

}  // namespace

IntelIndex::IntelIndex(std::vector<NamedList> lists, GuardPtr guard)
    : lists_(std::move(lists)),
      guard_(std::move(guard)),
      slash24_(has_v4(lists_) ? kNetworks / kWordBits : 0) {
  for (const NamedList& list : lists_) {
    list.list->for_each_v4([&](V4Key first, V4Key last) {
      for (V4Key network = first >> 8U; network <= last >> 8U; ++network)
        slash24_[network / kWordBits] |= std::uint64_t{1} << network % kWordBits;
    });
  }
}

bool IntelIndex::may_have(const IpAddress& address) const {
  if (slash24_.size() == 0) return false;
  if (!address.is_v4()) return true;
  const V4Key network = v4_key(address) >> 8U;
  return (slash24_[network / kWordBits] >> network % kWordBits & 1U) != 0;
}

bool IntelIndex::has(const IpAddress& address) const {
  if (!may_have(address)) return false;
  for (const NamedList& list : lists_)
    if (list.list->has(address)) return !guard_->guards(address);
  return false;
}

std::vector<WatchlistMatch> IntelIndex::find(const IpAddress& address) const {
  std::vector<WatchlistMatch> matches;
  if (!may_have(address) || guard_->guards(address)) return matches;
  for (const NamedList& list : lists_)
    if (auto found = list.list->find(address)) matches.push_back(match_of(list, std::move(*found)));
  return matches;
}

std::vector<WatchlistMatch> IntelIndex::find_name(std::string_view name) const {
  std::vector<WatchlistMatch> matches;
  const auto parsed = parse_name(name);
  // "*.bad.example" is what a list says, not what somebody asks for.
  if (!parsed || !parsed->itself || parsed->beneath) return matches;
  for (const NamedList& list : lists_)
    if (auto found = list.list->find_name(parsed->name))
      matches.push_back(match_of(list, std::move(*found)));
  return matches;
}

std::size_t IntelIndex::bytes() const {
  std::size_t sum = slash24_.size() * sizeof(std::uint64_t);
  for (const NamedList& list : lists_) sum += list.list->bytes();
  return sum;
}

namespace {

/// Without what is guarded: halves of halves, as far as they differ.
void append_unguarded(std::vector<IpPrefix>& out, const IpPrefix& network, const Guard& guard) {
  bool trimmed = false;
  if (guard.refuses(network, trimmed)) return;
  if (!trimmed) {
    out.push_back(network);
    return;
  }
  const int length = network.length() + 1;
  auto bytes = network.network().bytes();
  const int bit = network.bits();
  append_unguarded(out, IpPrefix::of(network.network(), length), guard);
  bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
  append_unguarded(out, IpPrefix::of(IpAddress(bytes), length), guard);
}

}  // namespace

std::vector<IpPrefix> IntelIndex::networks(std::span<const std::string> names) const {
  std::vector<IpPrefix> out;
  for (const NamedList& each : lists_) {
    if (std::ranges::find(names, each.name) == names.end()) continue;
    for (const IpPrefix& network : each.list->networks()) append_unguarded(out, network, *guard_);
  }
  return out;
}

}  // namespace netprobe::intel
