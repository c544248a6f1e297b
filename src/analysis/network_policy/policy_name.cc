// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_name.h"

#include <algorithm>
#include <cstdint>

namespace netprobe::network_policy {
namespace {

constexpr std::size_t kMostName = 50;

/// FNV-1a, the same on each machine and in each version: a name is not to change.
std::uint32_t hash_of(std::string_view text, std::uint32_t hash = 2'166'136'261) {
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16'777'619;
  return hash;
}

std::string hex(std::uint32_t value) {
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[(value >> shift) & 0xf];
  return text;
}

}  // namespace

std::string policy_name(std::string_view workload_kind, std::string_view workload, bool shared) {
  std::string name;
  for (const char c : workload.substr(0, kMostName)) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool capital = c >= 'A' && c <= 'Z';
    name += fine ? c : capital ? static_cast<char>(c - 'A' + 'a') : '-';
  }
  name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
  if (shared || name != workload)
    name +=
        (name.empty() ? "" : "-") + hex(hash_of(workload, hash_of("/", hash_of(workload_kind))));
  return name.empty() ? "observed" : name + "-observed";
}

}  // namespace netprobe::network_policy
