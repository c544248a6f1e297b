// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <string_view>

#include "kube/client/decode.h"
#include "model/kube.h"

namespace netprobe::kube {

/// What was told of one kind of object, so that a new list shows what changed
/// and what has gone. Holds the records that were handed on, nothing twice.
class KnownObjects {
 public:
  /// Told of every change, in order.
  using Tell = std::function<void(KubeObject object, bool deleted)>;
  explicit KnownObjects(Tell tell) : tell_(std::move(tell)) {}

  /// From now on objects are of a new list.
  void begin_list() { ++generation_; }
  /// The list was whole: what was not in it has gone.
  void end_list();
  /// An object as it is now. Told unless it is the version that was told; one
  /// of the same name that is another object (uid) is told as deleted first.
  void put(Decoded decoded);
  /// Told where it was known; the last state that came with the end counts.
  void remove(const Decoded& decoded);
  [[nodiscard]] std::size_t size() const { return objects_.size(); }

 private:
  struct Key {
    std::string_view name_space;
    std::string_view name;
    bool operator==(const Key&) const = default;
    friend std::size_t hash_value(const Key& key) {
      const std::hash<std::string_view> hash;
      return hash(key.name) * 31 + hash(key.name_space);
    }
  };
  struct Known {
    KubeObject object;  ///< its key points into it
    std::uint64_t version = 0;
    std::uint32_t generation = 0;
  };
  [[nodiscard]] static Key key_of(const KubeObject& object);

  Tell tell_;
  std::uint32_t generation_ = 0;
  boost::unordered_flat_map<Key, Known> objects_;
};

}  // namespace netprobe::kube
