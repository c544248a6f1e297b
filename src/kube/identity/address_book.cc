// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/address_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace netprobe {

const IdentityPtr* AddressBook::find(const IpAddress& address, Nanos from, Nanos until) const {
  const auto found = entries_.find(address);
  if (found == entries_.end()) return nullptr;
  const Claim& newest = found->second.newest;
  if (from >= newest.from) return from < newest.until ? &newest.identity : nullptr;
  for (const Claim& claim : found->second.history->before()) {
    if (claim.until <= from) continue;
    return claim.from <= std::max(from, until) ? &claim.identity : nullptr;
  }
  return newest.from <= until ? &newest.identity : nullptr;
}

const Tenure* AddressBook::tenure(const IpAddress& address, const Holder& holder) const {
  const auto found = entries_.find(address);
  if (found == entries_.end()) return nullptr;
  for (const Held& held : found->second.history->holders) {
    if (held.holder == &holder) return &held.tenure;
  }
  return nullptr;
}

void AddressBook::hold(const IpAddress& address, const Holder& holder, const Tenure& tenure) {
  note_change(address);
  const auto [found, is_new] = entries_.try_emplace(address);
  Entry& entry = found->second;
  if (is_new) entry.history = std::make_unique<History>();
  auto& holders = entry.history->holders;
  const auto mine = std::ranges::find(holders, &holder, &Held::holder);
  if (mine != holders.end()) {
    mine->tenure = tenure;
    settle(entry);
    return;
  }
  if (tenure.until() == kForever && tenure.rank != Rank::kInferred) {
    // One that is being deleted, or whose end is known, is no rival.
    for (const Held& other : holders) {
      if (other.tenure.until() != kForever || other.tenure.rank == Rank::kInferred) continue;
      ++conflicts_;
      break;
    }
  }
  if (holders.size() >= kMostHolders) make_room(*entry.history);
  holders.push_back({&holder, tenure});
  ++held_;
  settle(entry);
}

std::vector<IpAddress> AddressBook::take_changes() {
  std::vector<IpAddress> result = std::exchange(changed_, {});
  std::ranges::sort(result);
  const auto repeated = std::ranges::unique(result);
  result.erase(repeated.begin(), repeated.end());
  return result;
}

void AddressBook::make_room(History& history) {
  const auto key = [](const Held& held) {
    const Nanos until = held.tenure.until();
    return std::tuple(until, held.tenure.rank, held.tenure.order());
  };
  history.holders.erase(std::ranges::min_element(history.holders, {}, key));
  --held_;
  ++evicted_;
}

void AddressBook::release(const IpAddress& address, const Holder& holder) {
  const auto found = entries_.find(address);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  auto& holders = entry.history->holders;
  const auto mine = std::ranges::find(holders, &holder, &Held::holder);
  if (mine == holders.end()) return;
  note_change(address);
  holders.erase(mine);
  --held_;
  if (!holders.empty()) {
    settle(entry);
    return;
  }
  more_ -= entry.history->before().size();
  if (entry.newest.until == kForever) --live_;
  entries_.erase(found);
}

void AddressBook::settle(Entry& entry) {
  const bool was_live = entry.newest.identity && entry.newest.until == kForever;
  History& history = *entry.history;
  more_ -= history.before().size();
  if (history.holders.size() == 1 && !history.holders.front().holder->former) {
    const Held& only = history.holders.front();
    entry.newest = {only.holder->identity, only.tenure.earliest,
                    std::max(only.tenure.earliest, only.tenure.until())};
    history.past.reset();
  } else {
    settle_many(entry);
  }
  more_ += history.before().size();
  const bool is_live = entry.newest.until == kForever;
  live_ += static_cast<std::size_t>(is_live);
  live_ -= static_cast<std::size_t>(was_live);
}

void AddressBook::settle_many(Entry& entry) {
  auto& holders = entry.history->holders;
  // Whose word counts most comes last, and is painted over the others.
  std::ranges::sort(holders, {}, [](const Held& held) {
    const Tenure& tenure = held.tenure;
    return std::tuple(tenure.rank, tenure.order(), tenure.earliest, tenure.until(), tenure.seen);
  });
  stretches_.clear();
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const Tenure& mine = holders[i].tenure;
    Nanos begin = mine.earliest;
    for (std::size_t j = 0; j < i; ++j) {
      const Tenure& other = holders[j].tenure;
      if (other.rank == mine.rank && other.until() > mine.earliest)
        begin = std::max(begin, handover(other, mine));
    }
    const Nanos end = std::max(begin, mine.until());
    paint(stretches_, {begin, end, holders[i].holder});
  }
  std::vector<Claim> past;
  for (const Stretch& stretch : stretches_) {
    Nanos from = stretch.from;
    if (stretch.holder->former) {
      for (const Holder::Former& former : *stretch.holder->former) {
        const Nanos until = std::min(former.until, stretch.until);
        if (until <= from) continue;
        past.push_back({former.identity, from, until});
        from = until;
      }
    }
    if (from < stretch.until || stretches_.size() == 1)
      past.push_back({stretch.holder->identity, from, stretch.until});
  }
  entry.newest = std::move(past.back());
  past.pop_back();
  past.shrink_to_fit();
  auto& kept = entry.history->past;
  kept = past.empty() ? nullptr : std::make_unique<std::vector<Claim>>(std::move(past));
}

void AddressBook::paint(std::vector<Stretch>& stretches, const Stretch& over) {
  if (over.from >= over.until && !stretches.empty()) return;
  std::vector<Stretch> result;
  result.reserve(stretches.size() + 2);
  for (const Stretch& old : stretches) {
    if (old.from < over.from)
      result.push_back({old.from, std::min(old.until, over.from), old.holder});
  }
  result.push_back(over);
  for (const Stretch& old : stretches) {
    if (old.until > over.until)
      result.push_back({std::max(old.from, over.until), old.until, old.holder});
  }
  stretches.swap(result);
}

std::size_t AddressBook::bytes() const {
  // The table keeps a slot and a byte beside it for every place it has.
  constexpr std::size_t kSlot = sizeof(std::pair<IpAddress, Entry>) + 1;
  return entries_.bucket_count() * kSlot + entries_.size() * (sizeof(History) + 8) +
         (held_ - std::min(held_, entries_.size())) * sizeof(Held) + more_ * sizeof(Claim);
}

}  // namespace netprobe
