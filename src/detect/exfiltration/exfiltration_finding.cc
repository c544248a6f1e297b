// SPDX-License-Identifier: Apache-2.0
// What an ExfiltrationDetector says of a workload that sent too much.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/duration.h"
#include "detect/exfiltration/exfiltration_detector.h"

namespace netprobe {
namespace {

constexpr Micros kHour = 3600LL * 1'000'000;

std::string bytes_text(std::uint64_t bytes) {
  auto value = static_cast<double>(bytes);
  for (const char* unit : {"B", "KiB", "MiB", "GiB"}) {
    if (value < 1024) return fmt::format("{:.{}f} {}", value, value < 10 ? 1 : 0, unit);
    value /= 1024;
  }
  return fmt::format("{:.{}f} TiB", value, value < 10 ? 1 : 0);
}

/// By what it went out; what is none of these is most likely the channel of its control.
std::string_view technique_of(std::uint8_t protocol, std::uint16_t port) {
  if (protocol == kProtoIcmp || protocol == kProtoIcmp6) return "T1048.003";
  for (const int web : {80, 443, 8080, 8443})
    if (port == web) return "T1567";
  for (const int clear : {20, 21, 23, 25, 53, 69, 110, 143, 514, 873})
    if (port == clear) return "T1048.003";
  return "T1041";
}

}  // namespace

void ExfiltrationDetector::tell(const Workload& workload, const Excess& excess,
                                const FindingSink& found) const {
  std::array<const Top*, kTop> top{};
  for (std::size_t i = 0; i < kTop; ++i) top[i] = &workload.top[i];
  std::sort(top.begin(), top.end(), [](const Top* a, const Top* b) { return a->out > b->out; });
  const Top& first = *top[0];

  Finding finding;
  finding.kind = "exfiltration";
  finding.technique = technique_of(first.protocol, first.peer.port);
  const double times = static_cast<double>(excess.out) /
                       static_cast<double>(std::max<std::uint64_t>(1, excess.limit));
  finding.severity = excess.fresh || times >= 4 ? Severity::kHigh : Severity::kMedium;
  finding.source = workload.self;
  finding.target = first.peer;
  finding.key = subject_name(workload.self.identity, workload.self.process, workload.self.address);
  const Sums& sums = excess.day ? workload.day : workload.hour;
  const char* span = excess.day ? "this day" : "this hour";
  finding.summary = fmt::format(
      "{} sent {} to the outside {}, most of it to {} port {}{}", name_of(finding.source),
      bytes_text(excess.out), span, name_of(finding.target), first.peer.port,
      excess.fresh     ? ", which it did not call before"
      : excess.shifted ? ", and sends more against what it receives than usual"
                       : "");
  finding.expected =
      fmt::format("At most {} {} (UTC; the second highest of up to 14 days), told from {} on",
                  bytes_text(excess.usual), excess.day ? "a day" : "an hour at this time of day",
                  bytes_text(excess.limit));
  if (workload.ratio.known())
    finding.expected +=
        fmt::format("; (out - in) / (out + in) is {:.2f}, usually {:.2f}",
                    RatioBaseline::ratio(sums.out, sums.in), workload.ratio.usual());
  finding.first_seen = workload.over_since;
  finding.last_seen = workload.used;
  finding.value = static_cast<double>(excess.out);
  finding.threshold = static_cast<double>(excess.limit);
  finding.unit = "bytes";
  finding.window = excess.day ? 24 * kHour : kHour;
  finding.confidence = std::min(0.95, (excess.fresh ? 0.7 : 0.5) + (excess.shifted ? 0.1 : 0) +
                                          0.1 * std::log2(std::max(1.0, times)));
  finding.spoofable = first.protocol != kProtoTcp;
  for (std::size_t i = kTop; i-- > 0;)
    if (top[i]->flow.time != 0) add_evidence(finding.evidence, top[i]->flow);
  found(std::move(finding));
}

}  // namespace netprobe
