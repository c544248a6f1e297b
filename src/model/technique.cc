// SPDX-License-Identifier: Apache-2.0
#include "model/technique.h"

#include <algorithm>
#include <array>
#include <utility>

namespace netprobe {
namespace {

using Tactic = std::pair<std::string_view, std::string_view>;
constexpr std::array kTactics{
    Tactic{"TA0006", "Credential Access"},   Tactic{"TA0007", "Discovery"},
    Tactic{"TA0008", "Lateral Movement"},    Tactic{"TA0010", "Exfiltration"},
    Tactic{"TA0011", "Command and Control"}, Tactic{"TA0040", "Impact"},
    Tactic{"TA0043", "Reconnaissance"},
};

constexpr std::array kTechniques{
    Technique{"T1018", "Remote System Discovery", "TA0007"},
    Technique{"T1021", "Remote Services", "TA0008"},
    Technique{"T1021.001", "Remote Services: Remote Desktop Protocol", "TA0008"},
    Technique{"T1021.002", "Remote Services: SMB/Windows Admin Shares", "TA0008"},
    Technique{"T1021.003", "Remote Services: Distributed Component Object Model", "TA0008"},
    Technique{"T1021.004", "Remote Services: SSH", "TA0008"},
    Technique{"T1021.005", "Remote Services: VNC", "TA0008"},
    Technique{"T1021.006", "Remote Services: Windows Remote Management", "TA0008"},
    Technique{"T1041", "Exfiltration Over C2 Channel", "TA0010"},
    Technique{"T1046", "Network Service Discovery", "TA0007"},
    Technique{"T1048.003",
              "Exfiltration Over Alternative Protocol: Exfiltration Over Unencrypted Non-C2 "
              "Protocol",
              "TA0010"},
    Technique{"T1071", "Application Layer Protocol", "TA0011"},
    Technique{"T1071.001", "Application Layer Protocol: Web Protocols", "TA0011"},
    Technique{"T1071.004", "Application Layer Protocol: DNS", "TA0011"},
    Technique{"T1110", "Brute Force", "TA0006"},
    Technique{"T1110.001", "Brute Force: Password Guessing", "TA0006"},
    Technique{"T1110.003", "Brute Force: Password Spraying", "TA0006"},
    Technique{"T1210", "Exploitation of Remote Services", "TA0008"},
    Technique{"T1498", "Network Denial of Service", "TA0040"},
    Technique{"T1498.001", "Network Denial of Service: Direct Network Flood", "TA0040"},
    Technique{"T1498.002", "Network Denial of Service: Reflection Amplification", "TA0040"},
    Technique{"T1499.001", "Endpoint Denial of Service: OS Exhaustion Flood", "TA0040"},
    Technique{"T1499.002", "Endpoint Denial of Service: Service Exhaustion Flood", "TA0040"},
    // Of collection, too.
    Technique{"T1557", "Adversary-in-the-Middle", "TA0006"},
    Technique{"T1557.002", "Adversary-in-the-Middle: ARP Cache Poisoning", "TA0006"},
    Technique{"T1567", "Exfiltration Over Web Service", "TA0010"},
    Technique{"T1568.001", "Dynamic Resolution: Fast Flux DNS", "TA0011"},
    Technique{"T1571", "Non-Standard Port", "TA0011"},
    Technique{"T1595", "Active Scanning", "TA0043"},
    Technique{"T1595.001", "Active Scanning: Scanning IP Blocks", "TA0043"},
    Technique{"T1613", "Container and Resource Discovery", "TA0007"},
};
static_assert(std::ranges::is_sorted(kTechniques, {}, &Technique::id));

}  // namespace

std::span<const Technique> techniques() { return kTechniques; }

const Technique* find_technique(std::string_view id) {
  const auto* found = std::ranges::lower_bound(kTechniques, id, {}, &Technique::id);
  return found != kTechniques.end() && found->id == id ? found : nullptr;
}

std::string_view tactic_name(std::string_view id) {
  const auto* found = std::ranges::find(kTactics, id, &Tactic::first);
  return found == kTactics.end() ? std::string_view() : found->second;
}

}  // namespace netprobe
