// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace netprobe::kube {

/// Reads that take what is missing, or of another type, for empty.
[[nodiscard]] inline YAML::Node yaml_at(const YAML::Node& from, const std::string& key) {
  if (!from.IsDefined() || !from.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  return from[key];
}

[[nodiscard]] inline std::string yaml_text(const YAML::Node& from, const std::string& key) {
  const YAML::Node value = yaml_at(from, key);
  return value.IsDefined() && value.IsScalar() ? value.Scalar() : std::string();
}

[[nodiscard]] inline bool yaml_flag(const YAML::Node& from, const std::string& key) {
  return yaml_text(from, key) == "true";
}

}  // namespace netprobe::kube
