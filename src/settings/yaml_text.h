// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace netprobe {

/// Lists, and maps of names to a value or a list, in the form that a flag has them.
/// Throws what yaml-cpp throws.
[[nodiscard]] std::string flag_text(const YAML::Node& node);
/// Values of a setting that repeats, one a line. Throws what yaml-cpp throws.
[[nodiscard]] std::string repeated_text(const YAML::Node& node);

}  // namespace netprobe
