// SPDX-License-Identifier: Apache-2.0
#include "settings/yaml_text.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace netprobe {
namespace {

/// A value of a map becomes one of a URL: all that could end it is encoded.
std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-' || c == '/' || c == ':' || c == ',' ||
                       c == '=';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// "{to: URL, filter: …}" as one URL. Throws what yaml-cpp throws.
std::string url_of_map(const YAML::Node& map) {
  if (!map["to"]) throw YAML::Exception(map.Mark(), "the key 'to' is missing: where records go");
  std::string url = map["to"].as<std::string>();
  char before = url.contains('?') ? '&' : '?';
  for (const auto& pair : map) {
    const auto key = pair.first.as<std::string>();
    if (key == "to") continue;
    url +=
        std::exchange(before, '&') + url_encoded(key) + '=' + url_encoded(flag_text(pair.second));
  }
  return url;
}

}  // namespace

std::string flag_text(const YAML::Node& node) {
  std::string joined;
  const auto add = [&](const std::string& text) { joined += (joined.empty() ? "" : ",") + text; };
  if (node.IsSequence()) {
    for (const auto& item : node) add(item.as<std::string>());
  } else if (node.IsMap()) {
    for (const auto& pair : node) {
      const auto name = pair.first.as<std::string>() + "=";
      if (!pair.second.IsSequence()) add(name + pair.second.as<std::string>());
      for (const auto& item : pair.second)
        if (pair.second.IsSequence()) add(name + item.as<std::string>());
    }
  } else if (!node.IsNull()) {
    joined = node.as<std::string>();
  }
  return joined;
}

std::string repeated_text(const YAML::Node& node) {
  const auto one = [](const YAML::Node& each) {
    if (!each.IsMap()) return each.as<std::string>();
    // "- stdout:" is a map to YAML.
    if (each.size() == 1 && each.begin()->second.IsNull())
      return each.begin()->first.as<std::string>() + ':';
    return url_of_map(each);
  };
  if (node.IsNull()) return {};
  if (!node.IsSequence()) return one(node);
  std::string lines;
  for (const auto& item : node) lines += one(item) + '\n';
  return lines;
}

}  // namespace netprobe
