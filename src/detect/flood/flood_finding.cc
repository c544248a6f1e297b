// SPDX-License-Identifier: Apache-2.0
#include "detect/flood/flood_finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace netprobe {
namespace {

// A port, or a source, has most.
constexpr double kMost = 0.5;

const std::uint16_t* port_of(const FloodTarget& target) {
  const auto* first = target.sources().by_port().first();
  if (first == nullptr || target.sources().by_port().share(*first) < kMost) return nullptr;
  return &first->key;
}

FindingEnd target_of(const FloodKey& key, const FloodTarget& target) {
  FindingEnd end;
  if (key.scope == FloodScope::kNetwork) {
    const int length = key.address.is_v4() ? kCarpetV4 : kCarpetV6;
    end.text = IpPrefix::of(key.address, length).to_string();
    return end;
  }
  end.address = key.address;
  end.identity = target.identity();
  if (key.scope == FloodScope::kService) {
    end.port = key.port;
  } else if (const std::uint16_t* port = port_of(target)) {
    end.port = *port;
  }
  return end;
}

std::string key_text(const FloodKey& key, const FindingEnd& target) {
  if (!target.text.empty()) return target.text;
  std::string text = key.address.to_string();
  if (key.scope != FloodScope::kService) return text;
  return key.address.is_v4() ? fmt::format("{}:{}", text, key.port)
                             : fmt::format("[{}]:{}", text, key.port);
}

std::string amount(double number) {
  return number < 10'000 ? fmt::format("{:.0f}", number) : fmt::format("{:.0f}k", number / 1'000);
}

/// Empty where it is one.
std::string sources_text(const FloodSources& sources) {
  const double addresses = std::round(sources.addresses());
  if (addresses < 2) return {};
  return fmt::format("about {} addresses in {} networks", amount(addresses),
                     amount(std::clamp(std::round(sources.networks()), 1.0, addresses)));
}

}  // namespace

Finding flood_finding(const FloodKey& key, const FloodTarget& target, const FloodOptions& options) {
  const FloodKindInfo& info = info_of(key.kind);
  const FloodSources& sources = target.sources();
  Finding finding;
  finding.kind = info.kind;
  finding.technique = info.technique;
  finding.target = target_of(key, target);
  finding.key = key_text(key, finding.target);
  finding.value = target.rate();
  finding.threshold = target.threshold();
  finding.unit = info.unit;
  finding.window = 1'000'000;
  finding.first_seen = target.first_seen();
  finding.last_seen = target.last_seen();
  finding.count = std::max<std::uint64_t>(1, target.total());
  finding.evidence = target.evidence();
  // Who made a connection is where it says.
  finding.spoofable = key.kind != FloodKind::kConnection;
  const double times = finding.value / std::max(1.0, finding.threshold);
  finding.severity = times >= 10 ? Severity::kCritical : Severity::kHigh;
  finding.confidence = std::clamp(0.7 + 0.1 * std::log2(std::max(1.0, times)), 0.7, 0.99);

  const std::string from = sources_text(sources);
  const FindingEnd& leader = target.leader();
  std::string by;
  if (leader.address.is_unspecified()) {
    finding.source.text = from;
    by = fmt::format("from {}, evenness {:.2f}", from,
                     sources.entropy().evenness(sources.addresses()));
  } else {
    finding.source = leader;
    by = "from " + name_of(leader);
    const auto* first = sources.by_address().first();
    if (!from.empty() && first != nullptr)
      by = fmt::format("{:.0f} % of them {}, of {}",
                       std::floor(sources.by_address().share(*first) * 100), by, from);
  }
  std::string at = name_of(finding.target);
  if (finding.target.port != 0) at += fmt::format(" port {}", finding.target.port);
  if (key.scope == FloodScope::kNetwork)
    at = fmt::format("about {:.0f} addresses of {}", sources.targets(), at);
  // Of connections the number is what hurts.
  const double bits = target.byte_rate() * 8;
  const std::string volume = key.kind == FloodKind::kSyn || key.kind == FloodKind::kConnection
                                 ? std::string()
                                 : fmt::format(", {:.1f} Mbit/s", bits / 1e6);
  finding.summary = fmt::format("{} gets {:.0f} {} a second{}, {}; {:.0f} are a flood", at,
                                finding.value, info.words, volume, by, finding.threshold);
  if (const double normal = target.normal(options); normal >= 0)
    finding.expected = fmt::format("at most {:.0f} {} in 95 % of its seconds", normal, info.unit);
  return finding;
}

}  // namespace netprobe
