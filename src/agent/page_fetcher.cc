// SPDX-License-Identifier: Apache-2.0
#include "agent/page_fetcher.h"

#include <algorithm>
#include <utility>

#include "io/http_client.h"

namespace netprobe {
namespace {

constexpr std::size_t kMaxWaiting = 32;
constexpr std::size_t kMaxPage = 64UL << 20U;  // bytes

PageAnswer trouble(int status, std::string why) {
  return {.status = status, .content_type = "text/plain", .body = std::move(why)};
}

/// What may stand in a URL as it is: the rest must be escaped by who asks.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

PageFetcher::~PageFetcher() {
  std::thread ended;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    news_.notify_all();
    ended = std::move(thread_);
  }
  if (ended.joinable()) ended.join();
}

void PageFetcher::fetch(std::string path, const std::string& query,
                        std::function<void(PageAnswer)> done) {
  if (!is_plain(path) || !is_plain(query) || path.contains('?'))
    return done(trouble(400, "the page's address is not escaped"));
  bool full = false;
  {
    const MutexLock lock(mutex_);
    full = stopping_ || wanted_.size() >= kMaxWaiting;
    if (!full) {
      wanted_.push_back({base_ + path + (query.empty() ? "" : "?" + query), done});
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
      news_.notify_one();
    }
  }
  if (full) done(trouble(503, "too many pages are waited for"));
}

void PageFetcher::run() {
  HttpClient client({.max_body = kMaxPage});
  for (;;) {
    Wanted wanted;
    {
      const MutexLock lock(mutex_);
      while (wanted_.empty() && !stopping_) news_.wait(mutex_);
      if (stopping_) return;
      wanted = std::move(wanted_.front());
      wanted_.pop_front();
    }
    auto reply = client.get(wanted.url);
    wanted.done(reply ? PageAnswer{.status = reply->status,
                                   .content_type = std::move(reply->content_type),
                                   .body = std::move(reply->body)}
                      : trouble(503, reply.error().message));
  }
}

}  // namespace netprobe
