// SPDX-License-Identifier: Apache-2.0
#include "io/http_connection.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <chrono>
#include <ctime>

#include "io/gzip.h"
#include "io/http_problem.h"

namespace netprobe {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::size_t kGzipFloor = 1024;           ///< smaller bodies do not gain
constexpr std::size_t kWritePiece = 256UL * 1024;  ///< the deadline starts anew after each
constexpr Nanos kLinger = 2 * kSecond;

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

/// A line break in a value would begin a header of somebody else's.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value)
    if (c != '\r' && c != '\n') out += c;
  out += "\r\n";
}

std::string status_line(unsigned status) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(http_reason(status)) + "\r\n";
}

/// What a user of the server does wrong when a stream ends must not keep other
/// connections from closing, or the server from stopping.
void run_guarded(const std::function<void()>& on_close) {
  try {
    on_close();
  } catch (const std::exception& error) {
    spdlog::error("the end of a stream was not taken well: {}", error.what());
  }
}

}  // namespace

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

void serve_connection(std::shared_ptr<HttpCore> core, tcp::socket socket, bool refuse) {
  std::make_shared<HttpConnection>(std::move(core), std::move(socket), refuse)->serve();
}

void close_connections(HttpCore& core) {
  const auto all = core.connections;  // a copy: each takes itself out
  for (const auto& connection : all) connection->close();
}

HttpConnection::HttpConnection(std::shared_ptr<HttpCore> core, tcp::socket socket, bool refuse)
    : core_(std::move(core)),
      socket_(std::move(socket)),
      deadline_(core_->context),
      heartbeat_(core_->context),
      refuse_(refuse) {
  ++core_->open_connections;
  ErrorCode ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
}

HttpConnection::~HttpConnection() { --core_->open_connections; }

void HttpConnection::serve() {
  core_->connections.insert(shared_from_this());
  read();
}

void HttpConnection::arm(Nanos timeout) {
  deadline_.expires_after(std::chrono::nanoseconds(timeout));
  deadline_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    // It may have been armed anew between expiring and coming here.
    if (self->deadline_.expiry() <= std::chrono::steady_clock::now()) self->close();
  });
}

void HttpConnection::close() {
  const auto self = shared_from_this();
  core_->connections.erase(self);
  ErrorCode ignored;
  socket_.close(ignored);
  deadline_.cancel();
  heartbeat_.cancel();
  awaits_answer_ = false;
  if (stream_) {
    stream_.reset();
    --core_->open_streams;
  }
  if (const auto on_close = std::exchange(on_close_, nullptr)) run_guarded(on_close);
}

void HttpConnection::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->options.max_header_bytes));
  parser_->body_limit(core_->options.max_body_bytes);
  arm(core_->options.idle_timeout);
  http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, std::size_t) { self->on_read(error); });
}

void HttpConnection::on_read(const ErrorCode& error) {
  if (!socket_.is_open()) return;
  if (!error) {
    dispatch();
  } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    refuse(431, "the request's header is larger than this server takes");
  } else if (error == http::error::body_limit) {
    refuse(413, "the request's body is larger than this server takes");
  } else if (error.category() == make_error_code(http::error::bad_method).category() &&
             error != http::error::end_of_stream && error != http::error::partial_message) {
    refuse(400, "this is not an HTTP request: " + error.message());
  } else {
    close();
  }
}

void HttpConnection::refuse(unsigned status, std::string_view detail) {
  keep_alive_ = false;
  head_request_ = false;
  awaits_answer_ = true;
  respond(++exchange_, problem(status, detail));
}

void HttpConnection::dispatch() {
  const auto& message = parser_->get();
  const auto text = [](const auto& view) { return std::string(view.data(), view.size()); };
  ++core_->requests;
  keep_alive_ = message.keep_alive();
  http_1_0_ = message.version() == 10;
  head_request_ = message.method() == http::verb::head;
  HttpRequest request;
  request.method = text(message.method_string());
  for (const auto& field : message)
    request.headers.push_back({text(field.name_string()), text(field.value())});
  accepts_gzip_ = accepts_gzip(request.header("accept-encoding"));
  awaits_answer_ = true;
  const HttpReply reply(
      std::make_shared<HttpReply::Exchange>(core_, weak_from_this(), ++exchange_));
  arm(core_->options.idle_timeout);

  if (refuse_) {
    keep_alive_ = false;
    return respond(exchange_, problem(503, "this server has as many connections as it takes"));
  }
  auto target = parse_target(text(message.target()));
  if (!target) return respond(exchange_, problem(400, target.error().message));
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  const auto route = core_->routes.find(request.path);
  if (route == core_->routes.end()) {
    return respond(exchange_,
                   problem(404, "there is no " + request.path + " here; / lists what there is"));
  }
  if (message.method() != http::verb::get && !head_request_) {
    auto answer = problem(405, request.path + " takes GET and HEAD only");
    answer.headers.push_back({"Allow", "GET, HEAD"});
    return respond(exchange_, answer);
  }
  try {
    route->second(request, reply);
  } catch (const std::exception& error) {
    spdlog::error("the handler of {} threw: {}", request.path, error.what());
    reply(problem(500, "the request could not be answered"));
  }
}

std::string HttpConnection::head_of(const HttpResponse& response, std::size_t body_size,
                                    std::string_view encoding) const {
  std::string head = status_line(response.status);
  append_header(head, "Date", http_date());
  append_header(head, "Server", "netprobe");
  append_header(head, "Content-Type", response.content_type);
  append_header(head, "Content-Length", std::to_string(body_size));
  append_header(head, "Cache-Control", "no-store");
  append_header(head, "X-Content-Type-Options", "nosniff");
  append_header(head, "Vary", "Accept, Accept-Encoding");
  if (!encoding.empty()) append_header(head, "Content-Encoding", encoding);
  if (!keep_alive_) {
    append_header(head, "Connection", "close");
  } else if (http_1_0_) {
    append_header(head, "Connection", "keep-alive");
  }
  for (const auto& header : response.headers) append_header(head, header.name, header.value);
  head += "\r\n";
  return head;
}

void HttpConnection::respond(std::uint64_t exchange, const HttpResponse& response) {
  if (exchange != exchange_ || !awaits_answer_ || !socket_.is_open()) return;
  awaits_answer_ = false;
  on_close_ = nullptr;
  body_ = response.body.shared();
  std::string_view encoding;
  if (accepts_gzip_ && response.body.view().size() > kGzipFloor) {
    if (auto packed = gzip(response.body.view())) {
      body_ = std::make_shared<const std::string>(std::move(*packed));
      encoding = "gzip";
    }
  }
  head_ = head_of(response, body_ ? body_->size() : 0, encoding);
  if (head_request_) body_.reset();
  arm(core_->options.idle_timeout);
  // Head and the body's first piece go out together, in one segment if small.
  const std::size_t first = body_ ? std::min(body_->size(), kWritePiece) : 0;
  const std::array<asio::const_buffer, 2> pieces{
      asio::buffer(head_), body_ ? asio::buffer(body_->data(), first) : asio::const_buffer{}};
  asio::async_write(socket_, pieces,
                    [self = shared_from_this(), first](const ErrorCode& error, std::size_t) {
                      if (error) return self->close();
                      self->send_body(first);
                    });
}

void HttpConnection::send_body(std::size_t offset) {
  if (!socket_.is_open()) return;
  if (!body_ || offset == body_->size()) return on_sent();
  arm(core_->options.idle_timeout);
  const std::size_t size = std::min(body_->size() - offset, kWritePiece);
  asio::async_write(
      socket_, asio::buffer(body_->data() + offset, size),
      [self = shared_from_this(), next = offset + size](const ErrorCode& error, std::size_t) {
        if (error) return self->close();
        self->send_body(next);
      });
}

void HttpConnection::on_sent() {
  body_.reset();
  if (keep_alive_) return read();
  linger();
}

void HttpConnection::linger() {
  ErrorCode ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  arm(kLinger);
  drain();
}

void HttpConnection::drain() {
  socket_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                            if (error || !self->socket_.is_open()) return self->close();
                            self->drain();
                          });
}

void HttpConnection::open_stream(std::uint64_t exchange, std::shared_ptr<ClientStream> stream,
                                 std::function<void()> on_close) {
  if (exchange != exchange_ || !awaits_answer_ || !socket_.is_open()) {
    if (on_close) run_guarded(on_close);
    return;
  }
  awaits_answer_ = false;
  keep_alive_ = false;
  on_close_ = nullptr;
  if (core_->options.stream_send_buffer > 0) {
    ErrorCode ignored;
    socket_.set_option(asio::socket_base::send_buffer_size(core_->options.stream_send_buffer),
                       ignored);
  }
  head_ = status_line(200);
  append_header(head_, "Date", http_date());
  append_header(head_, "Server", "netprobe");
  append_header(head_, "Content-Type", "text/event-stream");
  append_header(head_, "Cache-Control", "no-store");
  append_header(head_, "X-Accel-Buffering", "no");  // proxies: pass on at once
  append_header(head_, "Connection", "close");
  head_ += "\r\n";
  if (!head_request_) {
    stream_ = std::move(stream);
    ++core_->open_streams;
  }
  on_close_ = std::move(on_close);
  stream_busy_ = true;
  arm(core_->options.stalled_stream_timeout);
  asio::async_write(socket_, asio::buffer(head_),
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      if (error || !self->socket_.is_open()) return self->close();
                      self->stream_busy_ = false;
                      if (!self->stream_) return self->linger();  // HEAD
                      self->watch_for_close();
                      self->beat();
                      self->pump();
                    });
}

void HttpConnection::pump() {
  if (!stream_ || stream_busy_ || !socket_.is_open()) return;
  writing_ = stream_->queue().take(kWritePiece);
  if (writing_.empty()) {
    // Nothing to take: only the heartbeat, which is a write too, can stall.
    deadline_.cancel();
    return;
  }
  stream_busy_ = true;
  std::vector<asio::const_buffer> pieces;
  pieces.reserve(writing_.size());
  for (const auto& text : writing_) pieces.push_back(asio::buffer(*text));
  arm(core_->options.stalled_stream_timeout);
  asio::async_write(socket_, pieces,
                    [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                      if (error || !self->socket_.is_open()) return self->close();
                      self->stream_busy_ = false;
                      self->pump();
                    });
}

void HttpConnection::watch_for_close() {
  socket_.async_read_some(asio::buffer(scratch_),
                          [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                            if (error || !self->socket_.is_open()) return self->close();
                            self->watch_for_close();
                          });
}

void HttpConnection::watch(std::uint64_t exchange, std::function<void()> on_close) {
  if (exchange != exchange_ || !awaits_answer_) return;  // it has its answer
  on_close_ = std::move(on_close);
  arm(core_->options.stalled_stream_timeout);
  wait_for_hangup();
}

void HttpConnection::wait_for_hangup() {
  // A client that sent its next request already is there as long as that waits.
  if (buffer_.size() > 0) return;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this(),
                                              exchange = exchange_](const ErrorCode& error) {
    if (error || exchange != self->exchange_ || !self->awaits_answer_ || !self->socket_.is_open())
      return;
    // Asio's own receive() would wait where there is nothing after all.
    char byte = 0;
    const auto got = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) return;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return self->wait_for_hangup();
    self->close();
  });
}

void HttpConnection::beat() {
  heartbeat_.expires_after(std::chrono::nanoseconds(core_->options.heartbeat));
  heartbeat_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (error || !self || !self->stream_) return;
    static const SharedText kComment = std::make_shared<const std::string>(": alive\n\n");
    self->stream_->write(kComment, 0);
    self->beat();
  });
}

}  // namespace netprobe
