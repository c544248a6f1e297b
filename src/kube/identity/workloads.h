// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>

#include "kube/identity/text_key.h"
#include "model/kube.h"

namespace netprobe {

/// What stands on top of a pod's owners: a Deployment above its ReplicaSet, a
/// CronJob above its Job. One thread.
class Workloads {
 public:
  /// Which pods of this ReplicaSet or Job are named otherwise from now on.
  enum class Renamed : std::uint8_t {
    kNone,
    kWaiting,  ///< it came: those that were named without it
    kAll,      ///< it was known, and has another owner
  };
  Renamed apply(const KubeControllerPtr& controller, bool deleted);

  struct Top {
    std::string kind;
    std::string name;
    /// False: worked out from names; the owner's object has not been seen.
    bool known = true;
  };
  [[nodiscard]] Top of(const KubePod& pod) const;

  [[nodiscard]] std::size_t size() const { return controllers_.size(); }

 private:
  boost::unordered_flat_map<TextKey, KubeControllerPtr, TextKeyHash> controllers_;  ///< by uid
};

[[nodiscard]] const std::string* find_label(const KubeLabels& labels, std::string_view name);

}  // namespace netprobe
