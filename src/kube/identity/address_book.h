// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kube/identity/tenure.h"
#include "kube/identity/text_key.h"
#include "model/identity.h"
#include "model/tuple_key.h"

namespace netprobe {

/// What a pod or node is called, and was called before its labels changed.
/// Whoever holds addresses is one; it must not move while it does.
struct Holder {
  struct Former {
    IdentityPtr identity;
    Nanos until = 0;
  };
  IdentityPtr identity;  ///< never null while it holds an address
  /// In order of time; null: none. Few have any.
  std::unique_ptr<std::vector<Former>> former;
};

/// Who had which address when. Every claim is worked out again from what all
/// holders of the address are known to have done, so the order in which that
/// was learned does not matter. One thread.
class AddressBook {
 public:
  /// More holders of one address than this: the oldest is forgotten.
  static constexpr std::size_t kMostHolders = 16;

  /// Who had it at `from`; else the first who had it until `until`, inclusive;
  /// null: nobody. Valid until the next change.
  [[nodiscard]] const IdentityPtr* find(const IpAddress& address, Nanos from, Nanos until) const;

  /// The holder has the address, or had; said again with what is known by now,
  /// or because its name has changed.
  void hold(const IpAddress& address, const Holder& holder, const Tenure& tenure);
  void release(const IpAddress& address, const Holder& holder);
  /// What was said of it last; null: it does not hold it. Valid until the next
  /// change.
  [[nodiscard]] const Tenure* tenure(const IpAddress& address, const Holder& holder) const;

  /// One stretch of time.
  struct Claim {
    IdentityPtr identity;
    Nanos from = 0;
    Nanos until = 0;  ///< kForever: still
  };
  /// visit(address, claim): by address in no order, of one address by time.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [address, entry] : entries_) {
      for (const Claim& claim : entry.history->before()) visit(address, claim);
      visit(address, entry.newest);
    }
  }

  template <typename Visit>
  void for_each_of(const IpAddress& address, Visit&& visit) const {
    const auto found = entries_.find(address);
    if (found == entries_.end()) return;
    for (const Claim& claim : found->second.history->before()) visit(address, claim);
    visit(address, found->second.newest);
  }
  /// Whether more addresses changed than are worth listing.
  [[nodiscard]] bool changed_much() const { return changed_.size() >= kMostChanged; }
  /// Those that did since the last call, sorted.
  [[nodiscard]] std::vector<IpAddress> take_changes();
  void forget_changes() { changed_ = {}; }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t held() const { return held_; }  ///< pairs of address and holder
  [[nodiscard]] std::size_t live() const { return live_; }  ///< addresses with a holder now
  [[nodiscard]] std::uint64_t conflicts() const { return conflicts_; }
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Held {
    const Holder* holder = nullptr;
    Tenure tenure;
  };
  struct History {
    boost::container::small_vector<Held, 1> holders;
    std::unique_ptr<std::vector<Claim>> past;  ///< null: none, as nearly always

    [[nodiscard]] std::span<const Claim> before() const {
      return past ? std::span<const Claim>(*past) : std::span<const Claim>();
    }
  };
  struct Entry {
    Claim newest;  ///< what nearly every look-up wants, without another step
    std::unique_ptr<History> history;
  };
  struct Stretch {
    Nanos from = 0;
    Nanos until = 0;
    const Holder* holder = nullptr;
  };

  void note_change(const IpAddress& address) {
    if (changed_.size() < kMostChanged) changed_.push_back(address);
  }
  static void paint(std::vector<Stretch>& stretches, const Stretch& over);
  void settle(Entry& entry);
  void settle_many(Entry& entry);
  void make_room(History& history);

  boost::unordered_flat_map<IpAddress, Entry, AddressHash> entries_;
  std::vector<Stretch> stretches_;  ///< of settle_many(), for its memory
  static constexpr std::size_t kMostChanged = 20'000;
  std::vector<IpAddress> changed_;  ///< with repetitions
  std::size_t held_ = 0;
  std::size_t live_ = 0;
  std::size_t more_ = 0;  ///< claims beyond the newest
  std::uint64_t conflicts_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace netprobe
