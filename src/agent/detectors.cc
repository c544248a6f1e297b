// SPDX-License-Identifier: Apache-2.0
#include "agent/detectors.h"

#include <fmt/format.h>

#include "agent/allow_sources.h"
#include "base/duration.h"
#include "query/query.h"

namespace netprobe {
namespace {

Result<std::vector<RecordMatcher>> make_mutes(const std::vector<std::string>& texts, Nanos now) {
  std::vector<RecordMatcher> mutes;
  for (const std::string& text : texts) {
    const auto query = parse_alert_filter(text, now);
    if (!query)
      return fail(fmt::format("--mute-alerts '{}': {}", text, query.error().message),
                  ErrorKind::kUsage);
    mutes.emplace_back(*query);
  }
  return mutes;
}

DetectorSettings settings_of(const AgentOptions& options) {
  DetectorSettings settings{.node = options.node_name,
                            .names = options.detectors,
                            .intel = {options.threat_intel, {}, {}}};
  if (!options.data_dir.empty())
    settings.intel.cache_directory = options.data_dir + "/threat-intel";
  // No list has this node's own addresses. Those of later interfaces are private or a pod's,
  // which no list has either.
  for (const IpAddress& each : own_addresses())
    settings.intel.own.push_back(IpPrefix::of(each, 128));
  return settings;
}

}  // namespace

std::vector<ProbeStatus> watchlist_probes(const std::vector<WatchlistStatus>& lists) {
  std::vector<ProbeStatus> probes;
  for (const WatchlistStatus& list : lists) {
    ProbeStatus& probe = probes.emplace_back();
    probe.name = "threat_intel:" + list.name;
    probe.rung = fmt::format("{} addresses, {} networks, {} names", list.addresses, list.prefixes,
                             list.names);
    probe.state = list.error.empty() ? ProbeState::kOn : ProbeState::kFailed;
    probe.why = list.error;
    if (!list.error.empty() && list.has_list) {
      probe.why += "; the list ";
      probe.why += list.fetched > 0 ? "of " + format_rfc3339(list.fetched) : "before";
      probe.why += " stays";
    }
    probe.events = list.matches;
  }
  return probes;
}

Result<std::unique_ptr<DetectionEngine>> make_detection(const AgentOptions& options,
                                                        const Clock& clock,
                                                        std::function<void(HistoryBatchPtr)> write,
                                                        const IntelSink& lists) {
  auto mutes = make_mutes(options.mute_alerts, clock.wall());
  if (!mutes) return std::unexpected(mutes.error());
  if (!options.enable_detection) {
    if (auto s = check_detector_names(options.detectors); !s) return std::unexpected(s.error());
    return nullptr;
  }
  auto slots = make_detectors(settings_of(options), clock, lists);
  if (!slots) return std::unexpected(slots.error());
  DetectionOptions detection;
  detection.node = detection.book.node = options.node_name;
  if (options.enable_history && !options.data_dir.empty())
    detection.state_directory = options.data_dir + "/detectors";
  detection.started_at = to_micros(clock.wall());
  return std::make_unique<DetectionEngine>(std::move(detection), std::move(*slots),
                                           std::move(*mutes), clock, std::move(write));
}

}  // namespace netprobe
