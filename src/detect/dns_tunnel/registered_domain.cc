// SPDX-License-Identifier: Apache-2.0
#include "detect/dns_tunnel/registered_domain.h"

#include <libpsl.h>

#include <algorithm>
#include <array>

namespace netprobe {
namespace {

/// Top levels without registered names: RFC 6761, 6762, 8375, 9476, and what networks and
/// clusters use inside.
constexpr std::array<std::string_view, 13> kPrivate{
    "alt", "arpa",  "corp",        "example",   "home",  "internal", "invalid",
    "lan", "local", "localdomain", "localhost", "onion", "test"};

std::string_view top_level(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

}  // namespace

std::string_view registered_domain(const std::string& name) {
  if (std::ranges::find(kPrivate, top_level(name)) != kPrivate.end()) return {};
  const char* domain = psl_registrable_domain(psl_builtin(), name.c_str());
  return domain == nullptr ? std::string_view() : std::string_view(domain);
}

bool is_whole_name(const std::string& name) {
  const std::string top(top_level(name));
  if (top.empty() || top.size() == name.size()) return false;
  return psl_is_public_suffix2(psl_builtin(), top.c_str(),
                               PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

}  // namespace netprobe
