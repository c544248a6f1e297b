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

}  // namespace netprobe::intel
