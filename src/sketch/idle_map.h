// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace netprobe {

/// A hash map of bounded size that forgets whoever was not touched longest: for state by
/// address where an attacker chooses the addresses. It takes memory as it fills, never
/// more than that of `capacity` entries, and gives it back by clear(). All steps are
/// constant. Pointers to values hold until the next touch(), drop or clear(). One thread.
///
/// `Hash` should be keyed (base/hash) where keys come from outside: a chain is walked.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class IdleMap {
 public:
  explicit IdleMap(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}

  /// The entry of `key`, made where there is none, and now the youngest. `forgotten` is
  /// called for the one that had to go for it.
  template <typename Forgotten>
  Value& touch(const Key& key, Forgotten&& forgotten) {
    if (Value* known = touch_if_known(key)) return *known;
    return make(key, std::forward<Forgotten>(forgotten));
  }
  Value& touch(const Key& key) {
    return touch(key, [](const Key&, Value&) {});
  }
  /// Null where there is none; else the entry is the youngest now.
  Value* touch_if_known(const Key& key) {
    const std::uint32_t i = index_of(key);
    if (i == kNone) return nullptr;
    unlink(i);
    link_youngest(i);
    return &slots_[i].value;
  }
  /// Without making it younger.
  Value* find(const Key& key) {
    const std::uint32_t i = index_of(key);
    return i == kNone ? nullptr : &slots_[i].value;
  }

  /// Calls `is_over(key, value)` for the one that was not touched longest, and drops it,
  /// as long as that returns true and at most `most` times.
  template <typename IsOver>
  void drop_idle(IsOver&& is_over, std::size_t most = SIZE_MAX) {
    for (; oldest_ != kNone && most > 0; --most) {
      const std::uint32_t i = oldest_;
      if (!is_over(slots_[i].key, slots_[i].value)) return;
      remove(i);
    }
  }
  void drop(const Key& key) {
    if (const std::uint32_t i = index_of(key); i != kNone) remove(i);
  }
  /// Oldest first.
  template <typename Each>
  void for_each(Each&& each) {
    for (std::uint32_t i = oldest_; i != kNone;) {
      const std::uint32_t next = slots_[i].younger;
      each(slots_[i].key, slots_[i].value);
      i = next;
    }
  }
  template <typename Each>
  void for_each(Each&& each) const {
    for (std::uint32_t i = oldest_; i != kNone; i = slots_[i].younger)
      each(slots_[i].key, slots_[i].value);
  }
  void clear() {
    std::vector<Slot>().swap(slots_);
    std::vector<std::uint32_t>().swap(buckets_);
    free_ = oldest_ = youngest_ = kNone;
    size_ = 0;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// Had to go although they were in use, since the start.
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }
  /// Without what values hold beside themselves.
  [[nodiscard]] std::size_t bytes() const {
    return slots_.capacity() * sizeof(Slot) + buckets_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::size_t kFirstBuckets = 64;
  struct Slot {
    Key key{};
    Value value{};
    std::uint32_t next = kNone;  ///< in its bucket, or of those that are free
    std::uint32_t older = kNone;
    std::uint32_t younger = kNone;
  };

  [[nodiscard]] std::uint32_t& bucket_of(const Key& key) {
    return buckets_[Hash{}(key) & (buckets_.size() - 1)];
  }
  [[nodiscard]] std::uint32_t index_of(const Key& key) {
    if (buckets_.empty()) return kNone;
    std::uint32_t i = bucket_of(key);
    while (i != kNone && !(slots_[i].key == key)) i = slots_[i].next;
    return i;
  }
  template <typename Forgotten>
  Value& make(const Key& key, Forgotten&& forgotten) {
    if (size_ == capacity_) {
      forgotten(slots_[oldest_].key, slots_[oldest_].value);
      remove(oldest_);
      ++evicted_;
    }
    if (size_ >= buckets_.size()) grow_buckets();
    std::uint32_t i = free_;
    if (i != kNone) {
      free_ = slots_[i].next;
    } else {
      i = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    }
    slots_[i].key = key;
    std::uint32_t& bucket = bucket_of(key);
    slots_[i].next = bucket;
    bucket = i;
    link_youngest(i);
    ++size_;
    return slots_[i].value;
  }
  void grow_buckets() {
    buckets_.assign(buckets_.empty() ? kFirstBuckets : buckets_.size() * 2, kNone);
    for (std::uint32_t i = oldest_; i != kNone; i = slots_[i].younger) {
      std::uint32_t& bucket = bucket_of(slots_[i].key);
      slots_[i].next = bucket;
      bucket = i;
    }
  }
  void remove(std::uint32_t i) {
    std::uint32_t* at = &bucket_of(slots_[i].key);
    while (*at != i) at = &slots_[*at].next;
    *at = slots_[i].next;
    unlink(i);
    slots_[i].key = Key{};
    slots_[i].value = Value{};
    slots_[i].next = free_;
    free_ = i;
    --size_;
  }
  void unlink(std::uint32_t i) {
    Slot& slot = slots_[i];
    (slot.older == kNone ? oldest_ : slots_[slot.older].younger) = slot.younger;
    (slot.younger == kNone ? youngest_ : slots_[slot.younger].older) = slot.older;
    slot.older = slot.younger = kNone;
  }
  void link_youngest(std::uint32_t i) {
    slots_[i].older = youngest_;
    (youngest_ == kNone ? oldest_ : slots_[youngest_].younger) = i;
    youngest_ = i;
  }

  const std::size_t capacity_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> buckets_;
  std::uint32_t free_ = kNone;
  std::uint32_t oldest_ = kNone;
  std::uint32_t youngest_ = kNone;
  std::size_t size_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace netprobe
