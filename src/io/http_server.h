// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/http_message.h"

namespace netprobe {

struct HttpServerOptions {
  /// A numeric address; empty means all, IPv6 and IPv4.
  std::string address;
  std::uint16_t port = 0;  ///< 0: any free one, see HttpServer::port()
  /// The user's flag that sets the port; named where the port is taken.
  std::string port_option = "--metrics-port";
  std::size_t max_header_bytes = 16UL * 1024;
  std::size_t max_body_bytes = 64UL * 1024;
  std::size_t max_connections = 256;             ///< more get 503
  Nanos idle_timeout = 60 * kSecond;             ///< without a byte moving
  Nanos stalled_stream_timeout = 300 * kSecond;  ///< a stream's client takes nothing
  Nanos heartbeat = 15 * kSecond;                ///< a comment on a quiet stream
  std::size_t max_stream_events = 10'000;        ///< queued for one client of a stream
  std::size_t max_stream_bytes = 8UL * 1024 * 1024;
  int stream_send_buffer = 0;  ///< SO_SNDBUF of streams; 0: the kernel's choice
};

/// Counts since the server was made.
struct HttpServerStats {
  std::uint64_t requests = 0;
  std::uint64_t connections_refused = 0;  ///< answered 503 or closed at the bound
  std::uint64_t stream_events_lost = 0;   ///< by clients that read too slowly
  /// Answers that were owed or under way when their client went, or took nothing
  /// for too long.
  std::uint64_t answers_abandoned = 0;
  std::uint64_t connections = 0;  ///< open now
  std::uint64_t streams = 0;      ///< open now
};

/// One client's stream of server-sent events. All methods from any thread;
/// writing to a stream whose client has gone does nothing.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// `text` is `events` whole events, each ended by an empty line. Where the
  /// client is too slow for its queue these events are lost to this client
  /// alone; it finds `event: lost` with `data: {"lost":N}` in their place.
  virtual void write(SharedText text, std::uint64_t events = 1) = 0;
  /// Tells the client that `events` were lost before they came here.
  virtual void lose(std::uint64_t events) = 0;
  /// Lost by this client so far.
  [[nodiscard]] virtual std::uint64_t lost() const = 0;
};
using EventStreamPtr = std::shared_ptr<EventStream>;

/// Runs work on the server's thread; may be called from any thread and outlive
/// the server, then work is dropped.
using HttpExecutor = std::function<void(std::function<void()>)>;
/// Runs work on the server's thread when a time has passed (monotonic); from that
/// thread only. Dropped when the server stops.
using HttpTimer = std::function<void(Nanos, std::function<void()>)>;

/// The answer that a handler owes: call it once with a response, or open a
/// stream once. Copies are the same answer. From any thread, also after the
/// server has gone. When the last copy goes unused the client gets a 500.
class HttpReply {
 public:
  class Exchange;
  explicit HttpReply(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void operator()(HttpResponse response) const;
  /// Answers 200 with text/event-stream. `on_close` runs once, on the server's
  /// thread, when the client has gone or the server stops.
  [[nodiscard]] EventStreamPtr open_stream(std::function<void()> on_close) const;
  /// `on_close` runs once, on the server's thread, where the client goes before
  /// the answer was given: what is worked out for it is wanted no more. Nobody
  /// is idle meanwhile: the answer may take as long as a stalled stream.
  void watch(std::function<void()> on_close) const;
  /// Runs `work` on the server's thread, where a large answer is best built:
  /// never on the thread of the data.
  void run(std::function<void()> work) const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

/// Called on the server's thread; must not block it.
using HttpHandler = std::function<void(const HttpRequest&, const HttpReply&)>;

/// What a route takes. HEAD goes wherever GET does.
enum class HttpMethods : std::uint8_t { kGet, kGetAndPost, kGetPostAndDelete };

/// HTTP/1.1 for GET, HEAD, POST and DELETE on one thread of its own. Errors that it finds
/// itself (no such path, other method, too large) are problem details.
class HttpServer {
 public:
  /// Listens; nothing is answered before start(). kBusy where the port is
  /// taken, kUsage for a bad address, kNoPermission for a port below 1024.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> make(HttpServerOptions options);
  ~HttpServer();  ///< stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Adds a route for an exact path; before start() only, the last one wins.
  void route(std::string path, HttpHandler handler, HttpMethods methods = HttpMethods::kGet);
  [[nodiscard]] std::vector<std::string> routes() const;
  [[nodiscard]] Status start();
  /// Closes every connection and joins the thread. From any thread but the
  /// server's own, more than once, and before start(). Afterwards no handler
  /// runs.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  /// "127.0.0.1:8081" or "[::1]:8081".
  [[nodiscard]] std::string endpoint() const;
  [[nodiscard]] HttpServerStats stats() const;
  [[nodiscard]] HttpExecutor executor() const;
  [[nodiscard]] HttpTimer timer() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
