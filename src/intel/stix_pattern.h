// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace netprobe::intel {

/// The addresses, prefixes and names each of which alone makes a STIX 2.1 pattern true:
/// comparisons of ipv4-addr:value, ipv6-addr:value and domain-name:value by =, IN or
/// ISSUBSET, joined by OR, in one observation or several. Comparisons of other things in such
/// an OR are left out. Empty for all else: what needs two things at once (AND, FOLLOWEDBY), a
/// time (WITHIN), or the absence of one (NOT, !=).
[[nodiscard]] std::vector<std::string> simple_values(std::string_view pattern);

}  // namespace netprobe::intel
