// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "detect/intel/intel_detector.h"
#include "intel/intel_feeds.h"
#include "intel/intel_index.h"

namespace netprobe {

/// Takes the lists as they are now; must only hand over.
using IntelSink = std::function<void(std::shared_ptr<const intel::IntelIndex>)>;

/// Lists of bad addresses and names.
struct IntelSettings {
  std::vector<std::string> lists;  ///< intel/feed_settings.h
  std::string cache_directory;     ///< for what was fetched; empty: it is not kept
  std::vector<IpPrefix> own;       ///< this node's: no list has anything of these
};

/// The detector of listed addresses with the lists that it asks, which live as long.
/// docs/threat-intelligence.md
class IntelWatch final : public Detector {
 public:
  /// Usage errors: which feed, and what is wrong with it. No list is read before start().
  /// `lists` gets each new state of all lists, on the detectors' thread; may be empty.
  [[nodiscard]] static Result<std::unique_ptr<IntelWatch>> make(const IntelSettings& settings,
                                                                const Clock& clock,
                                                                IntelSink lists = nullptr);

  [[nodiscard]] std::string_view name() const override { return detector_.name(); }
  void on_flow(const FlowRecord& record) override { detector_.on_flow(record); }
  void on_dns(const DnsMessage& message) override { detector_.on_dns(message); }
  void tick(Micros now, const FindingSink& found) override;
  [[nodiscard]] std::vector<WatchlistStatus> watchlists() const override;
  /// No list has anything of these.
  void set_inside(const std::vector<IpPrefix>& inside) override;
  [[nodiscard]] std::size_t bytes() const override { return feeds_->bytes() + detector_.bytes(); }
  [[nodiscard]] std::uint64_t not_followed() const override { return detector_.not_followed(); }

 private:
  IntelWatch(std::unique_ptr<intel::IntelFeeds> feeds, std::vector<IpPrefix> own, IntelSink lists)
      : feeds_(std::move(feeds)),
        lists_(std::move(lists)),
        detector_(feeds_->source()),
        own_(std::move(own)) {}
  /// Says in the log what became of each list since the last look.
  void say();

  std::unique_ptr<intel::IntelFeeds> feeds_;
  const IntelSink lists_;
  IntelDetector detector_;
  const std::vector<IpPrefix> own_;  ///< this node's
  bool started_ = false;
  std::uint64_t said_ = UINT64_MAX;  ///< generation
  std::vector<std::string> errors_;  ///< of each feed, as they were said
};

}  // namespace netprobe
