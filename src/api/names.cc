// SPDX-License-Identifier: Apache-2.0
#include "api/names.h"

#include <algorithm>

#include "model/identity_json.h"

namespace netprobe {

std::span<const AddressClaim> claims_of(const std::vector<AddressClaim>& claims,
                                        const IpAddress& address) {
  const auto found = std::ranges::equal_range(claims, address, {}, &AddressClaim::address);
  return {found.begin(), found.end()};
}

const AddressClaim* claim_between(std::span<const AddressClaim> claims, Nanos begin, Nanos end) {
  for (const AddressClaim& claim : claims) {
    if (claim.until != 0 && claim.until <= begin) continue;
    // Sorted by time: who had it at `begin` stands before who had it later.
    return claim.from <= std::max(begin, end) ? &claim : nullptr;
  }
  return nullptr;
}

IdentityPtr AddressNames::find(const IpAddress& address, Nanos begin, Nanos end) const {
  const KubeView& view = *snapshot_.kube;
  for (const auto* claims : {&view.claims, &view.service_addresses})
    if (const auto* claim = claim_between(claims_of(*claims, address), begin, end))
      return claim->identity;
  const IdentityPtr* network = snapshot_.external->find(address);
  return network != nullptr ? *network : nullptr;
}

IdentityPtr AddressNames::host_pod(const ProcessPtr& process) const {
  if (!process || process->container.empty()) return nullptr;
  const auto& containers = snapshot_.kube->host_containers;
  const auto id_of = [](const auto& each) -> const std::string& { return each.first; };
  const auto found = std::ranges::lower_bound(containers, process->container, {}, id_of);
  return found != containers.end() && found->first == process->container ? found->second : nullptr;
}

ProcessPtr AddressNames::owner(const FlowTuple& tuple) const {
  if (!owners_known_) {
    owners_known_ = true;
    for (const Connection& each : snapshot_.signals->sockets.connections) {
      const auto [entry, is_new] = owners_.try_emplace(each.tuple, each.process);
      const bool same =
          entry->second && each.process && entry->second->container == each.process->container;
      if (!is_new && !same) entry->second = nullptr;
    }
  }
  const auto found = owners_.find(tuple);
  return found == owners_.end() ? nullptr : found->second;
}

Flow AddressNames::named(const FlowTuple& tuple, Nanos begin, Nanos end,
                         const ProcessPtr& own) const {
  Flow flow;
  flow.tuple = tuple;
  flow.src_identity = find(tuple.src, begin, end);
  flow.dst_identity = find(tuple.dst, begin, end);
  if (!snapshot_.kube->host_containers.empty()) {
    const auto is_node = [](const IdentityPtr& found) {
      return found && found->kind == IdentityKind::kNode;
    };
    // A socket that listens has no address where it is on all of them.
    if (is_node(flow.src_identity) || (own && !flow.src_identity))
      if (auto pod = host_pod(own ? own : owner(tuple))) flow.src_identity = std::move(pod);
    if (is_node(flow.dst_identity))
      if (auto pod = host_pod(owner(tuple.reversed()))) flow.dst_identity = std::move(pod);
  }
  if (flow.dst_identity && flow.dst_identity->kind == IdentityKind::kService) {
    flow.service = flow.dst_identity;
    flow.service_by = ServiceBy::kAddress;
  }
  return flow;
}

void AddressNames::append(JsonObject& json, std::string& out, const Flow& named) {
  append_identity(json, out, "src", named.src_identity, IdentityDetail::kBrief);
  append_identity(json, out, "dst", named.dst_identity, IdentityDetail::kBrief);
  if (named.service) append_service(json, named.service, named.service_by);
}

}  // namespace netprobe
