// SPDX-License-Identifier: Apache-2.0
#include "intel/refusal.h"

#include <algorithm>

namespace netprobe::intel {
namespace {

constexpr std::array<std::string_view, kRefusals> kNames{
    "no_entry",   "too_long",  "too_wide", "private",    "loopback",
    "link_local", "multicast", "reserved", "own",        "well_known",
    "expired",    "not_yet",   "revoked",  "not_simple", "too_many"};

}  // namespace

std::string_view to_string(Refusal refusal) { return kNames[static_cast<std::size_t>(refusal)]; }

bool is_suspicious(Refusal refusal) { return refusal <= Refusal::kWellKnown; }

std::uint64_t RefusalCounts::total() const {
  std::uint64_t sum = 0;
  for (const auto count : counts) sum += count;
  return sum;
}

std::uint64_t RefusalCounts::suspicious() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kRefusals; ++i)
    if (is_suspicious(static_cast<Refusal>(i))) sum += counts[i];
  return sum;
}

std::string RefusalCounts::to_text() const {
  std::string text;
  for (std::size_t i = 0; i < kRefusals; ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    std::string name(kNames[i]);
    std::ranges::replace(name, '_', ' ');
    text += std::to_string(counts[i]) + ' ' + name;
  }
  return text;
}

}  // namespace netprobe::intel
