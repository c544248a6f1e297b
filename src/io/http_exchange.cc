// SPDX-License-Identifier: Apache-2.0
// What the server's users hold of a connection: the answer that they owe, and a
// stream that they write to.
#include "io/http_exchange.h"

#include <spdlog/spdlog.h>

#include <atomic>

#include "io/http_connection.h"
#include "io/http_problem.h"

namespace netprobe {

void run_guarded(const std::function<void()>& on_close) {
  try {
    on_close();
  } catch (const std::exception& error) {
    spdlog::error("the end of a stream was not taken well: {}", error.what());
  }
}

/// An answer that is owed. Held by the copies of one HttpReply.
class HttpReply::Exchange {
 public:
  Exchange(std::shared_ptr<HttpCore> core, std::weak_ptr<HttpConnection> connection,
           std::uint64_t number)
      : core_(std::move(core)), connection_(std::move(connection)), number_(number) {}
  ~Exchange() {
    if (!used_) respond(problem(500, "the request was dropped without an answer"));
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void respond(HttpResponse response) {
    if (used_.exchange(true)) return;
    core_->post([connection = connection_, number = number_, response = std::move(response)] {
      if (const auto target = connection.lock()) target->respond(number, response);
    });
  }
  EventStreamPtr open_stream(std::function<void()> on_close) {
    auto stream = std::make_shared<ClientStream>(core_, connection_);
    if (used_.exchange(true)) return stream;
    core_->post([connection = connection_, number = number_, stream,
                 on_close = std::move(on_close)]() mutable {
      if (const auto target = connection.lock()) {
        target->open_stream(number, std::move(stream), std::move(on_close));
      } else if (on_close) {
        run_guarded(on_close);
      }
    });
    return stream;
  }
  void watch(std::function<void()> on_close) {
    core_->post(
        [connection = connection_, number = number_, on_close = std::move(on_close)]() mutable {
          if (const auto target = connection.lock())
            target->watch(number, std::move(on_close));
          else
            run_guarded(on_close);
        });
  }
  void run(std::function<void()> work) { core_->post(std::move(work)); }

 private:
  std::shared_ptr<HttpCore> core_;
  std::weak_ptr<HttpConnection> connection_;
  const std::uint64_t number_;
  std::atomic<bool> used_{false};
};

HttpReply make_reply(std::shared_ptr<HttpCore> core, std::weak_ptr<HttpConnection> connection,
                     std::uint64_t number) {
  return HttpReply(
      std::make_shared<HttpReply::Exchange>(std::move(core), std::move(connection), number));
}

void HttpReply::operator()(HttpResponse response) const { exchange_->respond(std::move(response)); }
EventStreamPtr HttpReply::open_stream(std::function<void()> on_close) const {
  return exchange_->open_stream(std::move(on_close));
}
void HttpReply::watch(std::function<void()> on_close) const {
  exchange_->watch(std::move(on_close));
}
void HttpReply::run(std::function<void()> work) const { exchange_->run(std::move(work)); }

ClientStream::ClientStream(std::shared_ptr<HttpCore> core, std::weak_ptr<HttpConnection> connection)
    : core_(std::move(core)),
      connection_(std::move(connection)),
      queue_(core_->options.max_stream_events, core_->options.max_stream_bytes) {}

void ClientStream::write(SharedText text, std::uint64_t events) {
  if (connection_.expired()) return;
  switch (queue_.push(std::move(text), events)) {
    case EventQueue::Pushed::kQueued:
      return;
    case EventQueue::Pushed::kWake:
      wake();
      return;
    case EventQueue::Pushed::kLost:
      core_->stream_events_lost += events;
      return;
  }
}

void ClientStream::lose(std::uint64_t events) {
  if (connection_.expired()) return;
  core_->stream_events_lost += events;
  if (queue_.lose(events)) wake();
}

void ClientStream::wake() {
  core_->post([connection = connection_] {
    if (const auto target = connection.lock()) target->pump();
  });
}

}  // namespace netprobe
