// SPDX-License-Identifier: Apache-2.0
#include "cli/capture_detection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <utility>

#include "analysis/quality/flow_judge.h"
#include "detectors/registry.h"

namespace netprobe {
namespace {

// A capture may pause for a day: so many seconds are closed one by one, then one long one.
constexpr int kMostSeconds = 3'600;
// An attempt has failed when nothing answered for two seconds, and is looked at a second later.
constexpr Nanos kAfterEnd = 5 * kSecond;
constexpr std::size_t kMostAlerts = 100'000;

struct Blind {
  std::string_view detector;
  std::string_view why;
};
// Learnt state is not in a capture either, but what learns finds something in long ones.
constexpr std::array kBlind{
    Blind{"dns_tunnel", "a replay does not read DNS messages"},
    Blind{"fast_flux", "a replay does not read DNS messages"},
    Blind{"neighbour_spoof", "a replay reads neither ARP nor neighbour discovery"},
    Blind{"threat_intel", "its lists are of the agent's configuration"},
};

/// Who asks for one that sees nothing would take silence for an answer.
Status check_not_blind(const std::vector<std::string>& words) {
  for (const Blind& blind : kBlind)
    if (std::ranges::find(words, blind.detector) != words.end())
      return fail(fmt::format("--detectors: '{}' finds nothing in a capture, as {}; leave it out",
                              blind.detector, blind.why),
                  ErrorKind::kUsage);
  return {};
}

}  // namespace

CaptureDetection::CaptureDetection(FlowTable& table, const PointNames& names) : table_(table) {
  HistoryNaming naming;
  naming.judge = [this](Flow& flow) { FlowJudge(0).judge({&flow, 1}, clock_.wall()); };
  naming.interface_name = [&names](std::uint32_t i) { return names.interface_name(i); };
  HistoryFeedOptions options;
  options.node = "capture";
  feed_ = std::make_unique<HistoryFeed>(
      std::move(options), std::move(naming), clock_,
      [this](const HistoryBatchPtr& batch) { detection_->look(*batch); });
  table_.watch_growth(feed_.get(), GrowthListener::kDetection);
}

CaptureDetection::~CaptureDetection() { table_.watch_growth(nullptr, GrowthListener::kDetection); }

Result<std::unique_ptr<CaptureDetection>> CaptureDetection::make(
    const std::vector<std::string>& words, FlowTable& table, const PointNames& names) {
  if (auto s = check_not_blind(words); !s) return std::unexpected(s.error());
  DetectorSettings settings{.node = "capture", .names = words, .intel = {}};
  for (const Blind& blind : kBlind) settings.names.push_back('!' + std::string(blind.detector));
  std::unique_ptr<CaptureDetection> made(new CaptureDetection(table, names));
  auto detectors = make_detectors(settings, made->clock_);
  if (!detectors) return std::unexpected(detectors.error());
  AlertBookOptions book;
  book.node = "capture";
  book.most_active = book.most_resolved = kMostAlerts;
  made->detection_ = std::make_unique<Detection>(
      std::move(*detectors), std::vector<RecordMatcher>{}, std::move(book), made->clock_);
  return made;
}

void CaptureDetection::begin(Nanos time) {
  if (next_ != 0) return;
  clock_.set(time);
  next_ = time + kSecond;
}

void CaptureDetection::close_second(Nanos now) {
  clock_.set(now);
  table_.tick(now);
  feed_->begin_cut(now);
  table_.take_growth(GrowthListener::kDetection);
  feed_->end_cut();
  feed_->hand_over(false);
  detection_->tick(to_micros(now), [&](const AlertPtr& alert) {
    if (told_.size() < kMostAlerts || told_.contains(alert->id)) told_[alert->id] = alert;
  });
}

void CaptureDetection::reach(Nanos time) {
  for (int i = 0; i < kMostSeconds && is_due(time); ++i) {
    close_second(next_);
    next_ += kSecond;
  }
  if (!is_due(time)) return;
  close_second(time);
  next_ = time + kSecond;
}

void CaptureDetection::end() {
  if (next_ != 0) reach(next_ + kAfterEnd);
}

std::vector<AlertPtr> CaptureDetection::alerts() const {
  std::vector<AlertPtr> alerts;
  alerts.reserve(told_.size());
  for (const auto& [id, alert] : told_) alerts.push_back(alert);
  std::ranges::sort(alerts, {},
                    [](const AlertPtr& alert) { return std::tie(alert->opened, alert->id); });
  return alerts;
}

}  // namespace netprobe
