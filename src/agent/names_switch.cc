// SPDX-License-Identifier: Apache-2.0
#include "agent/names_switch.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "base/duration.h"

namespace netprobe {

NamesSwitch::NamesSwitch(NamesSwitchOptions options, const Clock& clock, MakeServer server,
                         MakeApi api, KubeSink sink)
    : options_(options),
      clock_(clock),
      make_server_(std::move(server)),
      make_api_(std::move(api)),
      sink_(std::move(sink)) {}

NamesSwitch::~NamesSwitch() { stop(); }

void NamesSwitch::start() {
  {
    const MutexLock lock(mutex_);
    server_ = make_server_(ledger_, sink_);
    server_->start();
    away_since_ = clock_.monotonic();
  }
  thread_ = std::thread([this] { run(); });
}

void NamesSwitch::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    stop_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  const MutexLock lock(mutex_);
  if (server_) server_->stop();
  if (api_) api_->stop();
}

KubeStatus NamesSwitch::status() const {
  const MutexLock lock(mutex_);
  if (!server_ && !api_) return {};
  if (!api_) return server_->status();
  KubeStatus status = api_->status();
  const std::string why = server_ ? server_->status().error : "";
  status.source += " (netprobe-server is away" + (why.empty() ? "" : ": " + why) + ")";
  return status;
}

KubeSink NamesSwitch::noting_sink() {
  return [ledger = ledger_, sink = sink_](std::vector<KubeChange>& changes) {
    ledger->note(changes);
    return sink(changes);
  };
}

void NamesSwitch::run() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (!stopping_) (void)stop_.wait_for(mutex_, std::chrono::nanoseconds(options_.look_every));
      if (stopping_) return;
    }
    look(clock_.monotonic());
  }
}

void NamesSwitch::look(Nanos now) {
  const MutexLock lock(mutex_);
  if (!gone_.empty()) (void)sink_(gone_);
  if (api_)
    look_at_api(now);
  else
    look_at_server(now);
}

void NamesSwitch::look_at_server(Nanos now) {
  const KubeStatus status = server_->status();
  if (status.state == KubeState::kSynced) {
    away_since_ = 0;
    return;
  }
  if (away_since_ == 0) away_since_ = now;
  if (!make_api_ || now - away_since_ < options_.patience) return;
  spdlog::warn("netprobe-server {} has told no names for {} ({}): the Kubernetes API is asked",
               status.server, format_duration(options_.patience),
               status.error.empty() ? "it does not answer" : status.error);
  server_.reset();
  ledger_->begin();
  api_synced_ = false;
  tried_ = now;
  api_ = make_api_(noting_sink());
  api_->start();
}

void NamesSwitch::look_at_api(Nanos now) {
  if (!api_synced_ && !server_ && api_->status().synced_at != 0) {
    api_synced_ = true;
    finish_round();
  }
  if (!server_) {
    if (now - tried_ < options_.try_every) return;
    tried_ = now;
    server_ = make_server_(ledger_, sink_);
    server_->start();
    return;
  }
  // It has told everything, and what it did not is gone.
  if (server_->status().state == KubeState::kSynced) {
    spdlog::info("names come from netprobe-server {} again", server_->status().server);
    api_->stop();
    api_.reset();
    away_since_ = 0;
  } else if (now - tried_ >= options_.try_for) {
    server_.reset();
    tried_ = now;
  }
}

void NamesSwitch::finish_round() {
  for (KubeChange& change : ledger_->finish(clock_.wall())) gone_.push_back(std::move(change));
  if (!gone_.empty()) (void)sink_(gone_);
}

}  // namespace netprobe
