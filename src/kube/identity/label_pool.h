// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <memory>

#include "kube/identity/text_key.h"
#include "model/shared_labels.h"

namespace netprobe {

/// One copy of labels that many have alike: the pods of a ReplicaSet differ in
/// their names alone. One thread.
class LabelPool {
 public:
  [[nodiscard]] SharedLabels share(const KubeLabels& labels);
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  boost::unordered_flat_map<TextKey, std::weak_ptr<const KubeLabels>, TextKeyHash> known_;
  std::size_t sweep_at_ = 1024;  ///< when so many are known, those that nobody has go
};

}  // namespace netprobe
