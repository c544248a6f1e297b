// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/pods.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace netprobe {
namespace {

// A pod that begins a container again and again has a new id each time.
constexpr std::size_t kMostContainers = 32;
// Changes of labels that are remembered; before the first of them it has the
// oldest labels that are.
constexpr std::size_t kMostFormer = 4;
// What one tick forgets at most: some tens of microseconds.
constexpr int kForgetATick = 512;
constexpr std::size_t kMostAddresses = 8;  // Kubernetes gives two

std::size_t heap_of(const std::string& text) {
  return text.capacity() > 15 ? text.capacity() + 17 : 0;
}

std::size_t bytes_of(const Identity& identity) {
  return sizeof(Identity) + 32 + heap_of(identity.name) + heap_of(identity.name_space) +
         heap_of(identity.workload) + heap_of(identity.workload_kind) + heap_of(identity.node) +
         heap_of(identity.zone) + heap_of(identity.node_pool) + heap_of(identity.uid);
}

template <typename T>
void erase_unordered(std::vector<T>& list, const T& value) {
  const auto found = std::ranges::find(list, value);
  if (found == list.end()) return;
  *found = list.back();
  list.pop_back();
}

}  // namespace

const IdentityPtr* PodTable::by_container(std::string_view id) const {
  const auto found = by_container_.find(text_key(id));
  return found == by_container_.end() ? nullptr : &found->second->identity;
}

const IdentityPtr* PodTable::by_uid(const TextKey& uid) const {
  const auto found = pods_.find(uid);
  return found == pods_.end() ? nullptr : &found->second->identity;
}

void PodTable::apply(const KubePodPtr& pod, bool deleted, Nanos seen) {
  const TextKey uid = text_key(pod->meta.uid);
  if (uid.none() || pod->meta.name.empty()) {
    ++skipped_;
    return;
  }
  Record& record = record_of(pod, uid, seen);
  if (record.pod->meta.name != pod->meta.name ||
      record.pod->meta.name_space != pod->meta.name_space) {
    ++skipped_;  // a uid has one name
    return;
  }
  const bool was_gone = std::exchange(record.gone, deleted);
  objects.replace(was_gone ? nullptr : record.pod, deleted ? nullptr : pod);
  if (was_gone && !deleted) record.forget_at = 0;  // told as gone by mistake
  take(record, pod);
  name(record, seen);
  claim(record, deleted, seen);
  know_containers(record);
  if (deleted || is_over(*pod)) retire(record, seen);
}

PodTable::Record& PodTable::record_of(const KubePodPtr& pod, const TextKey& uid, Nanos seen) {
  auto& slot = pods_[uid];
  if (slot) return *slot;
  slot = std::make_unique<Record>();
  Record& record = *slot;
  record.uid = uid;
  record.pod = pod;
  record.gone = true;  // until it is taken
  put_on_node(record);
  Record*& newest = by_name_[text_key(pod->meta.name_space, pod->meta.name)];
  Record* const former = std::exchange(newest, &record);
  if (former != nullptr && !former->gone) {
    // There is one of a name at a time: the end of the other was not told yet.
    former->gone = true;
    objects.replace(former->pod, nullptr);
    claim(*former, true, seen);
    retire(*former, seen);
  }
  return record;
}

void PodTable::take(Record& record, const KubePodPtr& pod) {
  const auto owner = [](const KubePod& of) {
    return of.controller ? std::string_view(of.controller->uid) : std::string_view();
  };
  if (owner(*pod) != owner(*record.pod)) {
    wait_for_owner(record, false);
    record.workload_known = false;
  }
  const bool moved = pod->node != record.pod->node;
  if (moved) take_off_node(record);
  record.pod = pod;
  if (moved) put_on_node(record);
}

void PodTable::put_on_node(Record& record) {
  auto& pods = by_node_[record.pod->node];
  record.node_position = static_cast<std::uint32_t>(pods.size());
  pods.push_back(&record);
}

void PodTable::take_off_node(Record& record) {
  const auto found = by_node_.find(record.pod->node);
  auto& pods = found->second;
  pods[record.node_position] = pods.back();
  pods[record.node_position]->node_position = record.node_position;
  pods.pop_back();
  if (pods.empty()) by_node_.erase(found);
}

bool PodTable::has_host_pods(const std::string& node) const {
  const auto found = by_node_.find(node);
  return found != by_node_.end() && std::ranges::any_of(found->second, [](const Record* record) {
           return !record->gone && record->pod->host_network;
         });
}

std::vector<std::pair<std::string, IdentityPtr>> PodTable::host_containers(
    const std::string& node) const {
  std::vector<std::pair<std::string, IdentityPtr>> result;
  const auto found = by_node_.find(node);
  if (found == by_node_.end()) return result;
  for (const Record* record : found->second) {
    if (!record->pod->host_network || !record->identity) continue;
    for (const KubeContainer& container : record->pod->containers)
      if (!container.id.empty()) result.emplace_back(container.id, record->identity);
  }
  std::ranges::sort(result, {}, [](const auto& each) -> const std::string& { return each.first; });
  return result;
}

void PodTable::wait_for_owner(Record& record, bool waits) {
  if (record.waits == waits) return;
  record.waits = waits;
  const TextKey owner = text_key(record.pod->controller ? record.pod->controller->uid : "");
  if (waits) {
    waiting_[owner].push_back(&record);
    return;
  }
  const auto found = waiting_.find(owner);
  if (found == waiting_.end()) return;
  erase_unordered(found->second, &record);
  if (found->second.empty()) waiting_.erase(found);
}

bool PodTable::name(Record& record, Nanos labels_since) {
  const KubePod& pod = *record.pod;
  const Identity* was = record.identity.get();
  Workloads::Top top = workloads_.of(pod);
  // An owner that is gone before its pods has told who they are.
  if (!top.known && record.workload_known) top = {was->workload_kind, was->workload, true};
  wait_for_owner(record, !top.known && pod.controller && !pod.controller->uid.empty());
  record.workload_known = top.known;
  const NodeTable::Place* place = nodes_.find(pod.node);
  static const NodeTable::Place kNowhere;
  if (place == nullptr) place = &kNowhere;
  const bool same_labels = was != nullptr && was->labels.get() == pod.labels;
  const bool same_place = was != nullptr && was->workload_kind == top.kind &&
                          was->workload == top.name && was->node == pod.node &&
                          was->zone == place->zone && was->node_pool == place->pool &&
                          was->host_network == pod.host_network;
  if (same_labels && same_place) return false;

  const auto renamed = [&](Identity identity) {
    identity.workload_kind = top.kind;
    identity.workload = top.name;
    identity.node = pod.node;
    identity.zone = place->zone;
    identity.node_pool = place->pool;
    identity.host_network = pod.host_network;
    identity_bytes_ += bytes_of(identity);
    return std::make_shared<const Identity>(std::move(identity));
  };
  if (was != nullptr && !same_labels) {
    if (!record.former) record.former = std::make_unique<std::vector<Holder::Former>>();
    if (record.former->size() == kMostFormer) {
      identity_bytes_ -= bytes_of(*record.former->front().identity);
      record.former->erase(record.former->begin());
    }
    record.former->push_back({record.identity, labels_since});
    identity_bytes_ += bytes_of(*was);
  }
  if (!same_place && record.former) {
    // What was learned late holds for the time before as well.
    for (Holder::Former& former : *record.former) {
      identity_bytes_ -= bytes_of(*former.identity);
      former.identity = renamed(*former.identity);
    }
  }
  Identity identity;
  identity.name = pod.meta.name;
  identity.name_space = pod.meta.name_space;
  identity.uid = pod.meta.uid;
  identity.labels = same_labels ? was->labels : labels_.share(pod.labels);
  if (was != nullptr) identity_bytes_ -= bytes_of(*was);
  record.identity = renamed(std::move(identity));
  return true;
}

void PodTable::rename(Record& record) {
  if (!name(record, 0)) return;
  for (const IpAddress& address : record.addresses) {
    if (const Tenure* tenure = book_.tenure(address, record)) {
      const Tenure same = *tenure;
      book_.hold(address, record, same);
    }
  }
}

void PodTable::owner_came(const KubeController& controller) {
  const auto found = waiting_.find(text_key(controller.meta.uid));
  if (found == waiting_.end()) return;
  const std::vector<Record*> waiting = std::move(found->second);
  waiting_.erase(found);
  for (Record* record : waiting) {
    record->waits = false;
    rename(*record);
  }
}

void PodTable::owner_changed(const KubeController& controller) {
  // It hardly ever happens: no list of the pods of each owner is kept for it.
  for (const auto& [uid, record] : pods_) {
    if (record->pod->controller && record->pod->controller->uid == controller.meta.uid)
      rename(*record);
  }
}

void PodTable::node_changed(const std::string& node) {
  const auto found = by_node_.find(node);
  if (found == by_node_.end()) return;
  for (Record* record : found->second) rename(*record);
}

void PodTable::claim(Record& record, bool deleted, Nanos seen) {
  const KubePod& pod = *record.pod;
  if (pod.host_network) return;  // the address is the node's
  const Tenure told = tenure_of(pod, deleted, seen);
  std::vector<IpAddress> now;
  for (const IpAddress& address : pod.ips) {
    if (!can_be_held(address) || now.size() == kMostAddresses) {
      ++skipped_;
    } else if (std::ranges::find(now, address) == now.end()) {
      now.push_back(address);
    }
  }
  // No address in its status does not mean that it lost the one it had.
  bool replaced = false;
  if (now.empty()) {
    now.assign(record.addresses.begin(), record.addresses.end());
  } else {
    for (const IpAddress& address : record.addresses) {
      if (std::ranges::find(now, address) != now.end()) continue;
      const Tenure* held = book_.tenure(address, record);
      if (held == nullptr) continue;
      // Its network was made anew.
      replaced = true;
      if (held->gone != 0) continue;
      Tenure ended = *held;
      ended.gone = told.sign > held->order() ? told.sign : seen;
      book_.hold(address, record, ended);
    }
  }
  for (const IpAddress& address : now) claim_one(record, address, told, replaced);
  while (record.addresses.size() > kMostAddresses * 2) {
    book_.release(record.addresses.front(), record);
    record.addresses.erase(record.addresses.begin());
  }
}

void PodTable::claim_one(Record& record, const IpAddress& address, const Tenure& told,
                         bool replaces) {
  Tenure tenure = told;
  const bool is_listed = std::ranges::find(record.addresses, address) != record.addresses.end();
  const Tenure* known = is_listed ? book_.tenure(address, record) : nullptr;
  if (known != nullptr) {
    // An address that was replaced is not taken up again by old news.
    const bool in_status = std::ranges::find(record.pod->ips, address) != record.pod->ips.end();
    if (known->gone != 0 && tenure.gone == 0 && !in_status) return;
    tenure.seen = std::min(known->seen, tenure.seen);
    tenure.earliest = std::max(known->earliest, std::min(tenure.earliest, tenure.seen));
    if (known->sign != 0)
      tenure.sign = tenure.sign == 0 ? known->sign : std::min(known->sign, tenure.sign);
    if (tenure.sign != 0)
      tenure.sign =
          std::clamp(tenure.sign, tenure.earliest, std::max(tenure.earliest, tenure.seen));
    if (tenure.gone != 0) {
      if (known->gone != 0) tenure.gone = std::min(known->gone, tenure.gone);
      if (tenure.finish == 0) tenure.finish = known->finish;
    }
    book_.hold(address, record, tenure);
    return;
  }
  if (record.forget_at != 0 && record.forget_at <= told.seen) return;  // over for long
  if (replaces)
    tenure.earliest = tenure.sign != 0 && tenure.sign > tenure.earliest ? tenure.sign : tenure.seen;
  if (book_.held() >= limits_.claims && !make_room(record)) {
    ++skipped_;
    return;
  }
  if (!is_listed) record.addresses.push_back(address);
  book_.hold(address, record, tenure);
}

void PodTable::know_containers(Record& record) {
  for (const KubeContainer& container : record.pod->containers) {
    const TextKey id = text_key(container.id);
    if (id.none() || std::ranges::find(record.containers, id) != record.containers.end()) continue;
    if (record.containers.size() >= kMostContainers) {
      const auto oldest = by_container_.find(record.containers.front());
      if (oldest != by_container_.end() && oldest->second == &record) by_container_.erase(oldest);
      record.containers.erase(record.containers.begin());
    }
    record.containers.push_back(id);
    by_container_[id] = &record;
  }
}

void PodTable::retire(Record& record, Nanos seen) {
  if (record.forget_at == 0 || record.gone) record.forget_at = seen + limits_.keep_past;
  if (record.queued) return;
  record.queued = true;
  past_.push_back({record.forget_at, record.uid});
}

void PodTable::tick(Nanos now) {
  for (int i = 0; i < kForgetATick && !past_.empty() && past_.front().at <= now; ++i) {
    const Past past = past_.front();
    past_.pop_front();
    const auto found = pods_.find(past.uid);
    if (found == pods_.end()) continue;
    Record& record = *found->second;
    record.queued = false;
    if (record.forget_at == 0) continue;
    if (record.forget_at > now) {
      record.queued = true;
      past_.push_back({record.forget_at, record.uid});
      continue;
    }
    forget(record);
  }
}

bool PodTable::make_room(const Record& claiming) {
  std::optional<Past> kept;
  while (book_.held() >= limits_.claims && !past_.empty()) {
    const Past past = past_.front();
    past_.pop_front();
    const auto found = pods_.find(past.uid);
    if (found == pods_.end()) continue;
    Record& record = *found->second;
    if (&record == &claiming) {
      kept = past;
      continue;
    }
    record.queued = false;
    if (record.forget_at == 0) continue;
    // An address may have had too many holders, and have forgotten this one.
    const std::size_t held = book_.held();
    forget(record);
    evicted_ += held - book_.held();
  }
  if (kept) past_.push_front(*kept);
  return book_.held() < limits_.claims;
}

void PodTable::forget(Record& record) {
  for (const IpAddress& address : record.addresses) book_.release(address, record);
  record.addresses.clear();
  if (!record.gone) return;  // ended, and its object is still there
  wait_for_owner(record, false);
  take_off_node(record);
  for (const TextKey& id : record.containers) {
    const auto found = by_container_.find(id);
    if (found != by_container_.end() && found->second == &record) by_container_.erase(found);
  }
  const auto named = by_name_.find(text_key(record.pod->meta.name_space, record.pod->meta.name));
  if (named != by_name_.end() && named->second == &record) by_name_.erase(named);
  identity_bytes_ -= bytes_of(*record.identity);
  if (record.former) {
    for (const Holder::Former& former : *record.former)
      identity_bytes_ -= bytes_of(*former.identity);
  }
  pods_.erase(record.uid);
}

std::size_t PodTable::bytes() const {
  const auto slots = [](const auto& map) {
    using Map = std::remove_cvref_t<decltype(map)>;
    return map.bucket_count() * (sizeof(typename Map::value_type) + 1);
  };
  return pods_.size() * (sizeof(Record) + 16 + 2 * sizeof(Record*)) + slots(pods_) +
         slots(by_name_) + slots(by_container_) + identity_bytes_ + past_.size() * sizeof(Past);
}

}  // namespace netprobe
