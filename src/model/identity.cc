// SPDX-License-Identifier: Apache-2.0
#include "model/identity.h"

#include <array>

#include "model/flow.h"

namespace netprobe {
namespace {

bool is_kind(const IdentityPtr& identity, IdentityKind kind) {
  return identity && identity->kind == kind;
}

}  // namespace

std::string_view to_string(KubeState state) {
  static constexpr std::array<std::string_view, 5> kNames{"off", "connecting", "synced", "retrying",
                                                          "failed"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::string_view to_string(IdentityKind kind) {
  static constexpr std::array<std::string_view, 4> kNames{"pod", "service", "node", "external"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(ServiceBy by) {
  static constexpr std::array<std::string_view, 4> kNames{"none", "address", "node_port",
                                                          "endpoints"};
  return kNames.at(static_cast<std::size_t>(by));
}

std::string Identity::full_name() const {
  return name_space.empty() ? name : name_space + "/" + name;
}

bool is_pod_to_pod(const Flow& flow) {
  return is_kind(flow.src_identity, IdentityKind::kPod) &&
         is_kind(flow.dst_identity, IdentityKind::kPod);
}

bool is_service_flow(const Flow& flow) { return flow.service != nullptr; }

bool is_external_flow(const Flow& flow) {
  if (is_kind(flow.src_identity, IdentityKind::kExternal) ||
      is_kind(flow.dst_identity, IdentityKind::kExternal))
    return true;
  // Whoever has no name may be of the cluster and not known yet: the direction
  // says what its address can be.
  const bool leaves = flow.direction == "ingress" || flow.direction == "egress";
  return leaves && (!flow.src_identity || (!flow.dst_identity && !flow.service));
}

}  // namespace netprobe
