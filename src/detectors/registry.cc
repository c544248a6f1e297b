// SPDX-License-Identifier: Apache-2.0
#include "detectors/registry.h"

#include <fmt/format.h>

#include <algorithm>

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

/// One that needs nothing of the settings.
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
         return std::make_unique<SpoofDetector>(SpoofOptions{.node = needs.settings.node});
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
         auto made = IntelWatch::make(needs.settings.intel, needs.clock, needs.lists);
         if (!made) return std::unexpected(made.error());
         return std::move(*made);
       }},
      {"anomaly", "flows unlike others, by half-space trees", false, plain<AnomalyDetector>},
  };
  return kAll;
}

Status check_detector_names(const std::vector<std::string>& names) {
  for (const std::string& word : names) {
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

std::string detectors_help() {
  std::string text = "\nDetectors (--detectors; docs/detectors.md):\n";
  for (const DetectorEntry& entry : detector_registry())
    text += fmt::format("  {:<16} {}{}\n", entry.name, entry.help,
                        entry.on_by_default ? "" : " (off unless named)");
  return text;
}

Result<std::vector<DetectorSlot>> make_detectors(const DetectorSettings& settings,
                                                 const Clock& clock, const IntelSink& lists) {
  if (auto s = check_detector_names(settings.names); !s) return std::unexpected(s.error());
  std::vector<DetectorSlot> slots;
  for (const DetectorEntry& entry : detector_registry()) {
    DetectorSlot slot{.name = std::string(entry.name), .detector = nullptr, .why = {}};
    if (is_wanted(entry, settings.names)) {
      auto made = entry.make({settings, clock, lists});
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

}  // namespace netprobe
