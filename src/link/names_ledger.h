// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "model/kube.h"

namespace netprobe {

/// "pod/shop/web-1": what an object is known by, whoever tells of it.
[[nodiscard]] std::string object_key(const KubeObject& object);

/// Which objects were told, so that those can be told as deleted that vanished while
/// nobody listened, or that another source does not have. Thread-safe.
class NamesLedger {
 public:
  /// All objects are told anew from now on; those that are not by finish() are gone.
  void begin() NETPROBE_EXCLUDES(mutex_);
  void note(std::span<const KubeChange> changes) NETPROBE_EXCLUDES(mutex_);
  /// Everything was told: deletions of the rest, as of `now` (wall).
  [[nodiscard]] std::vector<KubeChange> finish(Nanos now) NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::size_t size() const NETPROBE_EXCLUDES(mutex_);

 private:
  struct Known {
    KubeObject last;
    std::uint64_t round = 0;
  };
  mutable Mutex mutex_;
  std::uint64_t round_ NETPROBE_GUARDED_BY(mutex_) = 0;
  boost::unordered_flat_map<std::string, Known> known_ NETPROBE_GUARDED_BY(mutex_);
};
using NamesLedgerPtr = std::shared_ptr<NamesLedger>;

}  // namespace netprobe
