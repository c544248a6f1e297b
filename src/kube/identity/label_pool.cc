// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/label_pool.h"

#include <algorithm>

namespace netprobe {

SharedLabels LabelPool::share(const KubeLabels& labels) {
  if (labels.empty()) return {};
  TextKey key{1, 2};
  for (const auto& [name, value] : labels) {
    text_key_detail::mix(key, name);
    text_key_detail::mix(key, value);
  }
  if (known_.size() >= sweep_at_) {
    boost::unordered::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(1024, known_.size() * 2);
  }
  std::weak_ptr<const KubeLabels>& known = known_[key];
  auto shared = known.lock();
  if (!shared || *shared != labels) {
    // Not by make_shared: the weak pointer would keep that memory.
    shared = std::shared_ptr<const KubeLabels>(std::make_unique<const KubeLabels>(labels));
    known = shared;
  }
  return SharedLabels(std::move(shared));
}

}  // namespace netprobe
