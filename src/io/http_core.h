// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/mutex.h"
#include "io/http_server.h"

namespace netprobe {

class HttpConnection;

/// What the server, its connections and the answers that are still owed share.
/// Inside src/io only: this header is where Asio begins.
class HttpCore {
 public:
  explicit HttpCore(HttpServerOptions given) : options(std::move(given)) {}

  /// Queues work for the server's thread; any thread. Refused before the
  /// server runs and once it stops: what would be queued then would never run,
  /// and would keep what it holds alive for ever.
  void post(std::function<void()> work) NETPROBE_EXCLUDES(mutex_);
  void accept_work() NETPROBE_EXCLUDES(mutex_);
  /// Runs work later; the server's thread only, see HttpTimer.
  void post_after(Nanos delay, std::function<void()> work) NETPROBE_EXCLUDES(mutex_);
  /// Queues `last` as the last work there will be.
  void refuse_work(std::function<void()> last) NETPROBE_EXCLUDES(mutex_);

  const HttpServerOptions options;
  boost::asio::io_context context{1};
  struct Route {
    HttpHandler handler;
    HttpMethods methods = HttpMethods::kGet;
  };
  /// Fixed before the thread starts.
  std::map<std::string, Route, std::less<>> routes;
  /// The server's thread only. Each leaves when it closes.
  std::set<std::shared_ptr<HttpConnection>> connections;
  std::set<std::shared_ptr<boost::asio::steady_timer>> timers;  ///< that run; as well

  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> stream_events_lost{0};
  std::atomic<std::uint64_t> answers_abandoned{0};
  std::atomic<std::uint64_t> open_connections{0};
  std::atomic<std::uint64_t> open_streams{0};

 private:
  Mutex mutex_;
  bool accepts_work_ NETPROBE_GUARDED_BY(mutex_) = false;
};

/// Takes over a fresh connection. `refuse`: answer its first request with 503.
void serve_connection(std::shared_ptr<HttpCore> core, boost::asio::ip::tcp::socket socket,
                      bool refuse);
/// Ends all of them; the server's thread only.
void close_connections(HttpCore& core);

}  // namespace netprobe
