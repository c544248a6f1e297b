// SPDX-License-Identifier: Apache-2.0
#include "link/names_ledger.h"

#include <variant>

namespace netprobe {
namespace {

std::string kind_of(const KubePod&) { return "pod"; }
std::string kind_of(const KubeService&) { return "service"; }
std::string kind_of(const KubeEndpointSlice&) { return "slice"; }
std::string kind_of(const KubeNode&) { return "node"; }
std::string kind_of(const KubeNamespace&) { return "namespace"; }
std::string kind_of(const KubeController& controller) { return controller.kind; }
std::string kind_of(const KubeNetworkPolicy&) { return "policy"; }

}  // namespace

std::string object_key(const KubeObject& object) {
  return std::visit(
      [](const auto& known) {
        return kind_of(*known) + '/' + known->meta.name_space + '/' + known->meta.name;
      },
      object);
}

void NamesLedger::begin() {
  const MutexLock lock(mutex_);
  ++round_;
}

void NamesLedger::note(std::span<const KubeChange> changes) {
  const MutexLock lock(mutex_);
  for (const KubeChange& change : changes) {
    std::string key = object_key(change.object);
    if (change.deleted)
      known_.erase(key);
    else
      known_[std::move(key)] = {change.object, round_};
  }
}

std::vector<KubeChange> NamesLedger::finish(Nanos now) {
  std::vector<KubeChange> gone;
  const MutexLock lock(mutex_);
  erase_if(known_, [&, round = round_](const auto& one) {
    if (one.second.round == round) return false;
    gone.push_back({.deleted = true, .seen = now, .object = one.second.last});
    return true;
  });
  return gone;
}

std::size_t NamesLedger::size() const {
  const MutexLock lock(mutex_);
  return known_.size();
}

}  // namespace netprobe
