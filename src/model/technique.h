// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace netprobe {

/// A technique of MITRE ATT&CK that detectors name. Those of a sub-technique begin with its
/// technique's: "Brute Force: Password Guessing", as the list titles its pages.
struct Technique {
  std::string_view id;  ///< "T1110.001"
  std::string_view name;
  /// "TA0006": the one that a detector here means, where the list has it in several.
  std::string_view tactic;
};

/// Of which version of the enterprise list these are.
inline constexpr std::string_view kAttackVersion = "18";
inline constexpr std::string_view kAttackDate = "2025-10-28";

/// All that detectors may name, by id.
[[nodiscard]] std::span<const Technique> techniques();
/// Null: there is none.
[[nodiscard]] const Technique* find_technique(std::string_view id);
/// "Discovery" of "TA0007"; empty: there is none.
[[nodiscard]] std::string_view tactic_name(std::string_view id);

}  // namespace netprobe
