// SPDX-License-Identifier: Apache-2.0
#include "agent/detectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "query/query.h"
#include "query/query_error.h"

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
    const auto query = parse_filter(text.starts_with("alerts") ? text : "alerts " + text, now);
    if (!query)
      return fail(fmt::format("--mute-alerts '{}': {}", text, query.error().message),
                  ErrorKind::kUsage);
    mutes.emplace_back(*query);
  }
  return mutes;
}

}  // namespace

const std::vector<DetectorEntry>& detector_registry() {
  static const std::vector<DetectorEntry> kAll{};
  return kAll;
}

std::string detectors_help() {
  std::string text = "\nDetectors (--detectors; docs/detectors.md):\n";
  for (const DetectorEntry& entry : detector_registry())
    text += fmt::format("  {:<16} {}{}\n", entry.name, entry.help,
                        entry.on_by_default ? "" : " (off unless named)");
  return text;
}

Result<std::unique_ptr<DetectionEngine>> make_detection(
    const AgentOptions& options, const Clock& clock, std::function<void(HistoryBatchPtr)> write) {
  if (auto s = check_words(options.detectors); !s) return std::unexpected(s.error());
  auto mutes = make_mutes(options.mute_alerts, clock.wall());
  if (!mutes) return std::unexpected(mutes.error());
  if (!options.enable_detection) return nullptr;
  std::vector<DetectorSlot> slots;
  for (const DetectorEntry& entry : detector_registry()) {
    DetectorSlot slot{.name = std::string(entry.name), .detector = nullptr, .why = {}};
    if (is_wanted(entry, options.detectors))
      slot.detector = entry.make();
    else
      slot.why =
          entry.on_by_default ? "--detectors leaves it out" : "off unless --detectors names it";
    slots.push_back(std::move(slot));
  }
  DetectionOptions detection;
  detection.node = detection.book.node = options.node_name;
  detection.started_at = to_micros(clock.wall());
  return std::make_unique<DetectionEngine>(std::move(detection), std::move(slots),
                                           std::move(*mutes), clock, std::move(write));
}

}  // namespace netprobe
