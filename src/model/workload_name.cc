// SPDX-License-Identifier: Apache-2.0
#include "model/workload_name.h"

#include <functional>

namespace netprobe {
namespace {

WorkloadEnd end_of(const IdentityPtr& identity, const IpAddress& address, WorkloadBy by,
                   const std::string& node) {
  // An address of the cluster is a private one.
  if (!identity) return unnamed_end(address, address.is_private(), node);
  return {workload_name(*identity, by), identity->kind == IdentityKind::kPod, true};
}

}  // namespace

std::size_t WorkloadNameHash::operator()(const WorkloadName& name) const {
  std::size_t hash = 0;
  for (const std::string* part : {&name.name_space, &name.kind, &name.name})
    hash = (hash ^ std::hash<std::string>{}(*part)) * 0x9e3779b97f4a7c15;
  return hash;
}

WorkloadName workload_name(const Identity& identity, WorkloadBy by) {
  switch (identity.kind) {
    case IdentityKind::kNode:
      return {{}, "Node", identity.name};
    case IdentityKind::kExternal:
      return {{}, "External", identity.name};
    case IdentityKind::kPod:
    case IdentityKind::kService:
      break;
  }
  if (by == WorkloadBy::kNamespace) return {identity.name_space, "Namespace", identity.name_space};
  if (identity.kind == IdentityKind::kService)
    return {identity.name_space, "Service", identity.name};
  if (by == WorkloadBy::kPod || identity.workload.empty() || identity.workload_kind.empty())
    return {identity.name_space, "Pod", identity.name};
  return {identity.name_space, identity.workload_kind, identity.workload};
}

WorkloadEnd unnamed_end(const IpAddress& address, bool maybe_cluster, const std::string& node) {
  const auto external = [](const char* name) {
    return WorkloadEnd{.name = {{}, "External", name}, .known = true};
  };
  if (address.is_loopback() && !node.empty()) return {.name = {{}, "Node", node}, .known = true};
  if (address.is_loopback() || address.is_unspecified()) return {.known = true};
  if (address.is_multicast()) return external("multicast");
  if (address.is_link_local()) return external("link-local");
  if (maybe_cluster) return {};
  return external("world");
}

WorkloadEnds workload_ends(const Flow& flow, WorkloadBy by, const std::string& node) {
  WorkloadEnds ends;
  ends.src = end_of(flow.src_identity, flow.tuple.src, by, node);
  const bool backend = flow.dst_identity && flow.dst_identity->kind != IdentityKind::kService;
  const IdentityPtr& service = flow.service ? flow.service : flow.dst_identity;
  if (backend || !service) {
    const IpAddress& address = flow.nat ? flow.translated.dst : flow.tuple.dst;
    ends.dst = end_of(flow.dst_identity, address, by, node);
  } else {
    // Its backend may yet be learned.
    ends.dst.name = workload_name(*service, by);
  }
  return ends;
}

}  // namespace netprobe
