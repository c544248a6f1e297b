// SPDX-License-Identifier: Apache-2.0
// What the data loop does for history and detection: docs/history.md, docs/detectors.md.
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "agent/data_loop.h"

namespace netprobe {
namespace {

/// Detectors have done with a batch soon: such a block is used again by malloc,
/// where one of a megabyte would be fetched from the kernel and given back.
constexpr std::size_t kDetectionBatch = 1'000;

}  // namespace

HistoryNaming DataLoop::naming() {
  HistoryNaming naming;
  naming.judge = [this](Flow& flow) { judge_.judge({&flow, 1}, clock_.wall()); };
  if (name_stage_->has_names()) naming.name = [this](Flow& flow) { name_stage_->name({&flow, 1}); };
  naming.interface_name = [this](std::uint32_t i) { return names_->interface_name(i); };
  return naming;
}

void DataLoop::detect(DetectionEngine& engine) {
  engine_ = &engine;
  HistoryFeedOptions options;
  options.node = options_.node_name;
  options.started_at = started_at_ / kMicrosecond;
  options.hold = 0;  // who it is may be known a second later: detectors do not wait for it
  options.max_batch = kDetectionBatch;
  detection_ = std::make_unique<DetectionStage>(
      std::move(options), naming(), clock_, *table_,
      [&engine](HistoryBatchPtr batch) { engine.take(std::move(batch)); });
  detection_->give_names([&engine](NameBatchPtr batch) { engine.take_names(std::move(batch)); });
}

void DataLoop::keep_history(HistoryStore& store, bool on) {
  store_ = &store;
  if (!on) return;
  HistoryFeedOptions options;
  options.node = options_.node_name;
  options.started_at = started_at_ / kMicrosecond;
  options.hold = name_stage_->hold();
  HistoryHooks hooks;
  hooks.naming = naming();
  hooks.sweep = [this] {
    if (probe_) probe_->poll(*table_);
    sweep(clock_.monotonic());
  };
  hooks.request_signals = [this](std::function<void(SignalsPtr)> done) {
    signals_.request(0, std::move(done));
  };
  hooks.use_signals = [this](const SignalsPtr& signals) { judge_.use(signals); };
  hooks.wake = [this] { wake(); };
  history_ =
      std::make_unique<HistoryStage>(std::move(options), std::move(hooks), store, clock_, *table_);
}

void DataLoop::flush_history(bool at_once, std::function<void()> done) {
  if (!history_) return done();
  history_->flush(at_once, std::move(done));
}

}  // namespace netprobe
