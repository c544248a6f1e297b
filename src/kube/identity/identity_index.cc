// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/identity_index.h"

#include <algorithm>
#include <variant>

namespace netprobe {

IdentityIndex::IdentityIndex(IdentityOptions options)
    : options_(std::move(options)),
      nodes_(book_, labels_),
      pods_({options_.max_claims, options_.keep_past}, book_, labels_, nodes_, workloads_),
      services_(labels_),
      endpoints_(options_.max_claims, options_.keep_past) {}

void IdentityIndex::apply(const KubeChange& change) {
  ++changes_;
  ++generation_;
  updated_ = std::max(updated_, change.seen);
  std::visit(
      [&](const auto& object) {
        if (object) take(object, change);
      },
      change.object);
}

void IdentityIndex::take(const KubePodPtr& pod, const KubeChange& change) {
  pods_.apply(pod, change.deleted, change.seen);
}

void IdentityIndex::take(const KubeServicePtr& service, const KubeChange& change) {
  services_.apply(service, change.deleted, change.seen);
}

void IdentityIndex::take(const KubeEndpointSlicePtr& slice, const KubeChange& change) {
  endpoints_.apply(slice, change.deleted, change.seen);
}

void IdentityIndex::take(const KubeNodePtr& node, const KubeChange& change) {
  if (nodes_.apply(node, change.deleted, change.seen, skipped_))
    pods_.node_changed(node->meta.name);
}

void IdentityIndex::take(const KubeControllerPtr& controller, const KubeChange& change) {
  const Workloads::Renamed renamed = workloads_.apply(controller, change.deleted);
  if (renamed == Workloads::Renamed::kWaiting) pods_.owner_came(*controller);
  if (renamed == Workloads::Renamed::kAll) pods_.owner_changed(*controller);
}

namespace {

/// Objects that are only handed on to readers.
template <typename Map, typename Ptr, typename List>
void keep(Map& map, List& list, const Ptr& object, bool deleted) {
  const TextKey name = text_key(object->meta.name_space, object->meta.name);
  if (name.none()) return;
  const auto found = map.find(name);
  list.replace(found == map.end() ? nullptr : found->second, deleted ? nullptr : object);
  if (!deleted) {
    map[name] = object;
  } else if (found != map.end()) {
    map.erase(found);
  }
}

}  // namespace

void IdentityIndex::take(const KubeNamespacePtr& name_space, const KubeChange& change) {
  keep(namespaces_, namespace_list_, name_space, change.deleted);
}

void IdentityIndex::take(const KubeNetworkPolicyPtr& policy, const KubeChange& change) {
  keep(policies_, policy_list_, policy, change.deleted);
}

bool IdentityIndex::is_outside(const IpAddress& address) const {
  return nodes_.size() != 0 && can_be_held(address) && !address.is_link_local() &&
         !address.is_private() && !nodes_.in_pod_network(address);
}

void IdentityIndex::tick(Nanos wall_now) {
  const std::size_t held = book_.held();
  pods_.tick(wall_now);
  endpoints_.tick(wall_now);
  if (wall_now - swept_ >= kSecond || wall_now < swept_) {
    swept_ = wall_now;
    nodes_.forget(wall_now - options_.keep_past);
    services_.forget(wall_now - options_.keep_past);
  }
  if (book_.held() == held) return;
  ++generation_;
  updated_ = std::max(updated_, wall_now);
}

const IdentityPtr* IdentityIndex::by_endpoint(const End& end, Nanos at) const {
  const TextKey pod = endpoints_.pod_of(end, at);
  return pod.none() ? nullptr : pods_.by_uid(pod);
}

const IdentityPtr* IdentityIndex::service_of(const End& end, Nanos at,
                                             const Identity* holder) const {
  const TextKey pod =
      holder != nullptr && holder->kind == IdentityKind::kPod ? text_key(holder->uid) : TextKey{};
  const TextKey service = endpoints_.service_of(end, at, pod);
  return service.none() ? nullptr : services_.by_name(service);
}

IdentityStats IdentityIndex::stats() const {
  IdentityStats stats;
  stats.addresses = book_.live();
  stats.claims = book_.held();
  stats.bytes = book_.bytes() + pods_.bytes() + endpoints_.bytes();
  stats.changes = changes_;
  stats.conflicts = book_.conflicts();
  stats.skipped = skipped_ + pods_.skipped() + services_.skipped() + endpoints_.skipped();
  stats.evicted = book_.evicted() + pods_.evicted() + endpoints_.evicted();
  return stats;
}

}  // namespace netprobe
