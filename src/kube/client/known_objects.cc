// SPDX-License-Identifier: Apache-2.0
#include "kube/client/known_objects.h"

#include <utility>
#include <vector>

namespace netprobe::kube {

KnownObjects::Key KnownObjects::key_of(const KubeObject& object) {
  const KubeMeta& meta = meta_of(object);
  return {meta.name_space, meta.name};
}

void KnownObjects::put(Decoded decoded) {
  const auto found = objects_.find(key_of(decoded.object));
  if (found != objects_.end()) {
    Known& known = found->second;
    const bool same = meta_of(known.object).uid == meta_of(decoded.object).uid;
    if (same && decoded.version != 0 && known.version == decoded.version) {
      known.generation = generation_;
      return;
    }
    const KubeObject before = known.object;
    // Its key goes with the object that it points into.
    objects_.erase(found);
    if (!same) tell_(before, true);
  }
  const KubeObject object = decoded.object;
  objects_.emplace(key_of(object), Known{object, decoded.version, generation_});
  tell_(std::move(decoded.object), false);
}

void KnownObjects::remove(const Decoded& decoded) {
  const auto found = objects_.find(key_of(decoded.object));
  if (found == objects_.end()) return;
  const KubeObject before = found->second.object;
  objects_.erase(found);
  const bool same = meta_of(before).uid == meta_of(decoded.object).uid;
  tell_(same ? decoded.object : before, true);
}

void KnownObjects::end_list() {
  std::vector<KubeObject> gone;
  for (const auto& [key, known] : objects_)
    if (known.generation != generation_) gone.push_back(known.object);
  for (auto& object : gone) {
    objects_.erase(key_of(object));
    tell_(std::move(object), true);
  }
}

}  // namespace netprobe::kube
