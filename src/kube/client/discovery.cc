// SPDX-License-Identifier: Apache-2.0
#include "kube/client/discovery.h"

#include "kube/client/json_fields.h"

namespace netprobe::kube {

std::optional<std::string> parse_version(std::string_view body) {
  simdjson::dom::parser parser;
  JsonElement root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  const auto version = text_view(root, "gitVersion");
  if (version.empty() || version.size() > 100) return std::nullopt;
  return std::string(version);
}

bool only_older_slices(std::string_view body) {
  simdjson::dom::parser parser;
  JsonElement root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return false;
  bool has_v1 = false;
  bool has_older = false;
  for_each(root, "versions", [&](JsonElement version) {
    const auto name = text_view(version, "version");
    has_v1 |= name == "v1";
    has_older |= name == "v1beta1";
  });
  return has_older && !has_v1;
}

}  // namespace netprobe::kube
