// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "model/flannel.h"
#include "model/kube.h"

namespace netprobe {

/// What nodes declare by Flannel's annotations (flannel.alpha.coreos.com/*),
/// by name; nodes without any are left out. Pure. What cannot be read stays
/// empty, with the reason in the node's `error`. Annotations are what anybody
/// with access to nodes wrote there: those beyond 4 KiB are not read.
/// Source: Flannel's kube subnet manager (pkg/subnet/kube).
[[nodiscard]] std::vector<FlannelNode> declared_flannel(std::span<const KubeNodePtr> nodes);

}  // namespace netprobe
