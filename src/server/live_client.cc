// SPDX-License-Identifier: Apache-2.0
#include "server/live_client.h"

#include <utility>

namespace netprobe {

bool LiveClient::begin(EventStreamPtr stream, Query query, AgentDirectory& agents,
                       const Clock& clock) {
  {
    const MutexLock lock(mutex_);
    stream_ = std::move(stream);
  }
  auto merge =
      LiveMerge::start(std::move(query), agents, scheduler_, clock, {}, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->drain();
      });
  const MutexLock lock(mutex_);
  if (closed_) {
    merge->stop();
    return false;
  }
  merge_ = std::move(merge);
  return true;
}

void LiveClient::close() {
  std::shared_ptr<LiveMerge> merge;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    merge = std::move(merge_);
  }
  if (merge) merge->stop();
}

void LiveClient::write(std::string text, std::uint64_t events) {
  stream_->write(std::make_shared<const std::string>(std::move(text)), events);
}

void LiveClient::drain() {
  bool joined = false;
  {
    const MutexLock lock(mutex_);
    if (!merge_) {
      // It began to tell before it was known here.
      if (!closed_)
        scheduler_.after(kMillisecond, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->drain();
        });
      return;
    }
    for (auto items = merge_->take(together_); !items.empty(); items = merge_->take(together_)) {
      std::string text;
      std::uint64_t events = 0;
      for (const LiveItem& item : items) {
        joined |= item.kind == LiveItem::Kind::kJoined;
        const std::size_t before = text.size();
        append(text, item);
        if (text.size() > before) ++events;
      }
      if (events > 0) write(std::move(text), events);
    }
  }
  if (joined) on_joined();
}

}  // namespace netprobe
