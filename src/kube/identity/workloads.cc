// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/workloads.h"

#include <algorithm>

namespace netprobe {
namespace {

// Real chains have two; a ring of owners, which the API server does not
// prevent, must end somewhere.
constexpr int kMostOwners = 4;

bool same_owner(const std::optional<KubeOwner>& a, const std::optional<KubeOwner>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->uid == b->uid && a->kind == b->kind && a->name == b->name;
}

bool has_own_object(const KubeOwner& owner) {
  return owner.kind == "ReplicaSet" || owner.kind == "Job";
}

/// "web-5d9c7b8f6d" with the hash 5d9c7b8f6d: web.
std::string_view without_suffix(std::string_view name, std::string_view suffix) {
  if (suffix.empty() || name.size() <= suffix.size() + 1 || !name.ends_with(suffix)) return name;
  const std::size_t dash = name.size() - suffix.size() - 1;
  return name[dash] == '-' ? name.substr(0, dash) : name;
}

}  // namespace

const std::string* find_label(const KubeLabels& labels, std::string_view name) {
  for (const auto& [key, value] : labels) {
    if (key == name) return &value;
  }
  return nullptr;
}

Workloads::Renamed Workloads::apply(const KubeControllerPtr& controller, bool deleted) {
  const TextKey uid = text_key(controller->meta.uid);
  if (uid.none()) return Renamed::kNone;
  if (deleted) {
    controllers_.erase(uid);  // its pods keep the name that they have
    return Renamed::kNone;
  }
  const auto [known, is_new] = controllers_.try_emplace(uid, controller);
  if (is_new) return Renamed::kWaiting;
  const bool changed = !same_owner(known->second->controller, controller->controller);
  known->second = controller;
  return changed ? Renamed::kAll : Renamed::kNone;
}

Workloads::Top Workloads::of(const KubePod& pod) const {
  if (!pod.controller || pod.controller->name.empty()) return {"Pod", pod.meta.name};
  const KubeOwner* owner = &*pod.controller;
  if (owner->kind == "Node")  // a static pod, as the kubelet mirrors it
    return {"Pod", std::string(without_suffix(pod.meta.name, owner->name))};
  bool known = true;
  for (int i = 0; i < kMostOwners; ++i) {
    const auto found = controllers_.find(text_key(owner->uid));
    if (found == controllers_.end()) {
      known = !has_own_object(*owner);
      break;
    }
    if (!found->second->controller) break;
    owner = &*found->second->controller;
  }
  if (known || owner->kind != "ReplicaSet") return {owner->kind, owner->name, known};
  const std::string* hash = find_label(pod.labels, "pod-template-hash");
  const auto name = hash == nullptr ? owner->name : without_suffix(owner->name, *hash);
  if (name == owner->name) return {owner->kind, owner->name, false};
  return {"Deployment", std::string(name), false};
}

}  // namespace netprobe
