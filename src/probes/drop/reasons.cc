// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/reasons.h"

#include <array>

namespace netprobe {
namespace {

constexpr std::string_view kNotSpecified = "NOT_SPECIFIED";
constexpr std::uint32_t kSubsystemShift = 16;

std::string_view without(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

std::string_view short_name(std::string_view name) {
  return without(without(without(name, "__"), "SKB_DROP_REASON_"), "SKB_");
}

/// Bounds of the enum, no reasons.
bool is_bound(std::string_view name) {
  return name == "SKB_DROP_REASON_MAX" || name == "SKB_DROP_REASON_SUBSYS_MASK" ||
         name == "SKB_DROP_REASON_SUBSYS_NUM";
}

}  // namespace

ReasonTable::ReasonTable(const std::vector<EnumConstant>& core,
                         const std::vector<EnumConstant>& subsystems) {
  for (const auto& [name, value] : core) {
    if (is_bound(name)) continue;
    names_.try_emplace(value, short_name(name));
    if (name == "SKB_NOT_DROPPED_YET" || name == "SKB_CONSUMED") not_drops_.push_back(value);
  }
  for (const auto& [name, value] : subsystems)
    if (!is_bound(name)) subsystems_.try_emplace(value, without(short_name(name), "SUBSYS_"));
}

void ReasonTable::add(const std::vector<EnumConstant>& constants) {
  for (const auto& [name, value] : constants)
    if (value >> kSubsystemShift != 0) names_.try_emplace(value, short_name(name));
}

std::string ReasonTable::name_of(std::uint32_t reason) const {
  if (names_.empty()) return std::string(kNotSpecified);
  if (const auto found = names_.find(reason); found != names_.end()) return found->second;
  const std::uint32_t subsystem = reason >> kSubsystemShift;
  if (subsystem == 0) return "REASON_" + std::to_string(reason);
  const auto name = subsystems_.find(subsystem);
  const std::string number = std::to_string(reason & ((1U << kSubsystemShift) - 1));
  return (name == subsystems_.end() ? "SUBSYS_" + std::to_string(subsystem) : name->second) + "_" +
         number;
}

}  // namespace netprobe
