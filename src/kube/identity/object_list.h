// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace netprobe {

/// A list of objects, sorted by namespace and name, that is made anew from the
/// one before and what has changed since: sorting all the pods of a large
/// cluster for each answer would take the data thread's time. One thread.
template <typename Object>
class ObjectList {
 public:
  using Ptr = std::shared_ptr<const Object>;
  using List = std::vector<Ptr>;

  /// Either may be null: there was none, there is none.
  void replace(const Ptr& old, const Ptr& now) {
    if (old == now) return;
    changed_ = true;
    if (old && added_.erase(old.get()) == 0) removed_.emplace(old.get(), old);
    // Told again after it was told as gone: it is in the list as it was.
    if (now && removed_.erase(now.get()) == 0) added_.emplace(now.get(), now);
  }

  /// `before`: what the last call gave; empty the first time.
  [[nodiscard]] List next(const List& before) {
    if (!changed_) return before;
    changed_ = false;
    List added;
    added.reserve(added_.size());
    for (auto& [object, pointer] : added_) added.push_back(std::move(pointer));
    std::ranges::sort(added, less);
    List result;
    result.reserve(before.size() + added.size());
    auto next = added.begin();
    auto from = before.begin();
    const auto copy_until = [&](auto until) {
      if (removed_.empty()) {
        result.insert(result.end(), from, until);
      } else {
        std::copy_if(from, until, std::back_inserter(result),
                     [&](const Ptr& object) { return !removed_.contains(object.get()); });
      }
      from = until;
    };
    for (; next != added.end(); ++next) {
      copy_until(std::lower_bound(from, before.end(), *next, less));
      result.push_back(std::move(*next));
    }
    copy_until(before.end());
    added_.clear();
    removed_.clear();
    return result;
  }

 private:
  static bool less(const Ptr& a, const Ptr& b) {
    return std::tie(meta(*a).name_space, meta(*a).name, meta(*a).uid) <
           std::tie(meta(*b).name_space, meta(*b).name, meta(*b).uid);
  }
  static const auto& meta(const Object& object) { return object.meta; }

  bool changed_ = false;
  boost::unordered_flat_map<const Object*, Ptr> added_;
  /// Kept alive until the next list is made, so that no other object can come
  /// to the same place in memory.
  boost::unordered_flat_map<const Object*, Ptr> removed_;
};

}  // namespace netprobe
