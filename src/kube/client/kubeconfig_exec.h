// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include "kube/client/server_config.h"

namespace netprobe::kube {

/// The `exec` of a user; `server` is what was read of `cluster`, for plugins
/// that want to know it. A command with a slash is found from `folder`.
[[nodiscard]] Result<ExecConfig> read_exec(const YAML::Node& exec, const YAML::Node& cluster,
                                           const ServerConfig& server, const std::string& folder);

}  // namespace netprobe::kube
