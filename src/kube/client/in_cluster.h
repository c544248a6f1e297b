// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/client/kube_client.h"
#include "kube/client/server_config.h"

namespace netprobe::kube {

/// What the kubelet puts into every pod:
/// kubernetes.io/docs/tasks/run-application/access-api-from-pod.
[[nodiscard]] Result<ServerConfig> read_in_cluster(const KubeClientOptions& options);

/// Host and port of the options, else of the environment.
void take_environment(KubeClientOptions& options);

}  // namespace netprobe::kube
