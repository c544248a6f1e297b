// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/flow_direction.h"

#include "model/identity.h"

namespace netprobe {
namespace {

enum class Where {
  kUnknown,
  kOutside,
  kCluster,  ///< on a node that is not known
  kHere,
  kElsewhere,  ///< on another node
};

Where where(const Identity* identity, bool to_service, bool outside, std::string_view own_node) {
  if (identity == nullptr)
    return to_service ? Where::kCluster : outside ? Where::kOutside : Where::kUnknown;
  if (identity->kind == IdentityKind::kExternal) return Where::kOutside;
  if (identity->node.empty()) return Where::kCluster;
  return identity->node == own_node ? Where::kHere : Where::kElsewhere;
}

bool in_cluster(Where where) { return where != Where::kUnknown && where != Where::kOutside; }

}  // namespace

std::string_view direction_by_names(const Flow& flow, std::string_view own_node, bool src_outside,
                                    bool dst_outside) {
  if (flow.tuple.src.is_loopback() || flow.tuple.dst.is_loopback()) return flow.direction;
  const Identity* src = flow.src_identity.get();
  const Identity* dst = flow.dst_identity.get();
  if (src != nullptr && dst != nullptr && !src->node.empty() && !dst->node.empty())
    return src->node == dst->node ? "intra-node" : "inter-node";
  const Where from = where(src, false, src_outside, own_node);
  const Where to = where(dst, flow.service != nullptr, dst_outside, own_node);
  if (to == Where::kOutside && from != Where::kOutside) return "egress";
  if (from == Where::kOutside && to != Where::kOutside) return "ingress";
  // One end has no name or no node. By their path, these have that end here:
  const bool src_here = flow.direction == "egress";
  const bool dst_here = flow.direction == "ingress";
  if (from == Where::kHere && dst_here) return "intra-node";
  if (to == Where::kHere && src_here) return "intra-node";
  if (from == Where::kElsewhere && dst_here) return "inter-node";
  if (to == Where::kElsewhere && src_here) return "inter-node";
  // The backend of a service was not seen here: it is somewhere else.
  if (in_cluster(from) && in_cluster(to) && (src_here || dst_here)) return "inter-node";
  return flow.direction;
}

}  // namespace netprobe
