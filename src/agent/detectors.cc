// SPDX-License-Identifier: Apache-2.0
#include "agent/detectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/intel_watch.h"
#include "base/duration.h"
#include "detect/anomaly/anomaly_detector.h"
#include "detect/beacon/beacon_detector.h"
#include "detect/brute_force/brute_force_detector.h"
#include "detect/dns_tunnel/dns_tunnel_detector.h"
#include "detect/exfiltration/exfiltration_detector.h"
#include "detect/exhaustion/exhaustion_detector.h"
#include "detect/fast_flux/fast_flux_detector.h"
#include "detect/flood/flood_detector.h"
#include "detect/lateral/lateral_detector.h"
#include "detect/neighbour_spoof/neighbour_spoof_detector.h"
#include "detect/scan/scan_detector.h"
#include "detect/spoof/spoof_detector.h"
#include "query/query.h"

namespace netprobe {
namespace {

/// "beacon", "!beacon" beside "*", … : the later word decides.
bool is_wanted(const DetectorEntry& entry, const std::vector<std::string>& words) {
  bool wanted = entry.on_by_default;
  for (const std::string& word : words) {
    if (word == "all" || word == entry.name) wanted = true;
    if (word == "none" || word == "!" + std::string(entry.name)) wanted = false;
  }
  return wanted;
}

Status check_words(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::string_view name = std::string_view(word).substr(word.starts_with('!') ? 1 : 0);
    if (word == "all" || word == "none" ||
        std::ranges::any_of(detector_registry(), [&](const auto& e) { return e.name == name; }))
      continue;
    std::string have;
    for (const DetectorEntry& entry : detector_registry())
      have += (have.empty() ? "" : ", ") + std::string(entry.name);
    return fail(fmt::format("--detectors: there is no detector '{}'; there are: {}; and all, none, "
                            "or one with '!' before it",
                            word, have),
                ErrorKind::kUsage);
  }
  return {};
}

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

/// One that needs nothing of the options.
template <typename Made>
Result<std::unique_ptr<Detector>> plain(const DetectorNeeds& /*needs*/) {
  return std::make_unique<Made>();
}

}  // namespace

const std::vector<DetectorEntry>& detector_registry() {
  static const std::vector<DetectorEntry> kAll{
      {"port_scan", "ports and addresses that are tried out, fast, slow or by many", true,
       plain<ScanDetector>},
      {"flood", "too many packets for a target: SYN, UDP, ICMP, reflection …", true,
       plain<FloodDetector>},
      {"exhaustion", "services worn out with few packets: slow requests, hoards", true,
       plain<ExhaustionDetector>},
      {"brute_force", "guessed passwords, by the pattern of connections", true,
       plain<BruteForceDetector>},
      {"spoof", "packets from addresses that their sender does not have", true,
       [](const DetectorNeeds& needs) -> Result<std::unique_ptr<Detector>> {
         return std::make_unique<SpoofDetector>(SpoofOptions{.node = needs.options.node_name});
       }},
      {"beacon", "call-backs to the outside, regular as a clock's", true, plain<BeaconDetector>},
      {"exfiltration", "a workload sends more to the outside than is usual at this hour", true,
       plain<ExfiltrationDetector>},
      {"lateral_movement", "a workload talks to one inside that it never talked to", true,
       plain<LateralDetector>},
      {"dns_tunnel", "data in names that are asked for (--enable-dns)", true,
       plain<DnsTunnelDetector>},
      {"fast_flux", "names whose many addresses change all the time", true,
       plain<FastFluxDetector>},
      {"neighbour_spoof", "addresses claimed by ARP or IPv6 neighbour discovery while held", true,
       plain<NeighbourSpoofDetector>},
      {"threat_intel", "addresses and names that lists know as bad (--threat-intel)", true,
       [](const DetectorNeeds& needs) -> Result<std::unique_ptr<Detector>> {
         auto made = IntelWatch::make(needs.options, needs.clock, needs.lists);
         if (!made) return std::unexpected(made.error());
         return std::move(*made);
       }},
      {"anomaly", "flows unlike others, by half-space trees", false, plain<AnomalyDetector>},
  };
  return kAll;
}

std::string detectors_help() {
  std::string text = "\nDetectors (--detectors; docs/detectors.md):\n";
  for (const DetectorEntry& entry : detector_registry())
    text += fmt::format("  {:<16} {}{}\n", entry.name, entry.help,
                        entry.on_by_default ? "" : " (off unless named)");
  return text;
}

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

Result<std::vector<DetectorSlot>> make_detectors(const AgentOptions& options, const Clock& clock,
                                                 const ListSink& lists) {
  if (auto s = check_words(options.detectors); !s) return std::unexpected(s.error());
  std::vector<DetectorSlot> slots;
  for (const DetectorEntry& entry : detector_registry()) {
    DetectorSlot slot{.name = std::string(entry.name), .detector = nullptr, .why = {}};
    if (is_wanted(entry, options.detectors)) {
      auto made = entry.make({options, clock, lists});
      if (!made) return std::unexpected(made.error());
      slot.detector = std::move(*made);
    } else {
      slot.why =
          entry.on_by_default ? "--detectors leaves it out" : "off unless --detectors names it";
    }
    slots.push_back(std::move(slot));
  }
  return slots;
}

Result<std::unique_ptr<DetectionEngine>> make_detection(const AgentOptions& options,
                                                        const Clock& clock,
                                                        std::function<void(HistoryBatchPtr)> write,
                                                        const ListSink& lists) {
  auto mutes = make_mutes(options.mute_alerts, clock.wall());
  if (!mutes) return std::unexpected(mutes.error());
  if (auto s = check_words(options.detectors); !s) return std::unexpected(s.error());
  if (!options.enable_detection) return nullptr;
  auto slots = make_detectors(options, clock, lists);
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
