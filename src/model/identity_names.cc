// SPDX-License-Identifier: Apache-2.0
#include "model/identity_names.h"

namespace netprobe {

std::string_view node_of(const Identity& identity) {
  if (identity.node.empty() && identity.kind == IdentityKind::kNode) return identity.name;
  return identity.node;
}

std::string workload_name(const Identity& identity) {
  if (identity.workload.empty()) return {};
  return identity.workload_kind + "/" + identity.workload;
}

}  // namespace netprobe
