// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "kube/client/server_config.h"

namespace netprobe::kube {

/// Reads a kubeconfig and all files that it names; relative ones are found
/// from its folder. `context` empty: its current one. `now` is wall clock, to
/// tell an expired client certificate.
/// Source: kubernetes.io/docs/reference/config-api/kubeconfig.v1.
[[nodiscard]] Result<ServerConfig> read_kubeconfig(const std::string& path,
                                                   const std::string& context, Nanos now);

/// The same from its text; `path` is its name in errors and where relative
/// names start.
[[nodiscard]] Result<ServerConfig> parse_kubeconfig(const std::string& text,
                                                    const std::string& path,
                                                    const std::string& context, Nanos now);

}  // namespace netprobe::kube
