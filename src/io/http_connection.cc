// SPDX-License-Identifier: Apache-2.0
#include "io/http_connection.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <cerrno>
#include <chrono>
#include <ctime>

#include "io/deflate.h"
#include "io/http_exchange.h"
#include "io/http_problem.h"
#include "io/http_text.h"

namespace netprobe {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::size_t kGzipFloor = 1024;           ///< smaller bodies do not gain
constexpr std::size_t kWritePiece = 256UL * 1024;  ///< the deadline starts anew after each
constexpr Nanos kLinger = 2 * kSecond;

bool takes(HttpMethods methods, http::verb method) {
  switch (method) {
    case http::verb::get:
    case http::verb::head:
      return true;
    case http::verb::post:
      return methods != HttpMethods::kGet;
    case http::verb::delete_:
      return methods == HttpMethods::kGetPostAndDelete;
    default:
      return false;
  }
}

/// What a route takes, for people and for the Allow header.
struct Taken {
  std::string_view words;
  std::string_view header;
};
Taken taken_by(HttpMethods methods) {
  if (methods == HttpMethods::kGet) return {"GET and HEAD", "GET, HEAD"};
  if (methods == HttpMethods::kGetAndPost) return {"GET, HEAD and POST", "GET, HEAD, POST"};
  return {"GET, HEAD, POST and DELETE", "GET, HEAD, POST, DELETE"};
}

IpAddress address_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v4()) return IpAddress::v4(address.to_v4().to_uint());
  return IpAddress(address.to_v6().to_bytes());
}

}  // namespace

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
  // Nobody is there to take it any more.
  if (awaits_answer_ || body_ || source_) ++core_->answers_abandoned;
  awaits_answer_ = false;
  body_.reset();
  drop_pieces();
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
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, std::size_t) { self->on_header(error); });
}

void HttpConnection::on_header(const ErrorCode& error) {
  if (error || !socket_.is_open() || parser_->is_done()) return on_read(error);
  const auto expects = parser_->get()[http::field::expect];
  if (!equals_ignoring_case({expects.data(), expects.size()}, "100-continue")) return read_body();
  // It waits to hear that its body is not too long.
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(socket_, asio::buffer(kContinue),
                    [self = shared_from_this()](const ErrorCode& failed, std::size_t) {
                      if (failed) return self->close();
                      self->read_body();
                    });
}

void HttpConnection::read_body() {
  if (!socket_.is_open()) return;
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
  auto& message = parser_->get();
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
  request.body = std::move(message.body());
  ErrorCode gone;
  if (const auto peer = socket_.remote_endpoint(gone); !gone) request.peer = address_of(peer);
  awaits_answer_ = true;
  const HttpReply reply = make_reply(core_, weak_from_this(), ++exchange_);
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
  if (!takes(route->second.methods, message.method())) {
    const Taken taken = taken_by(route->second.methods);
    auto answer = problem(405, request.path + " takes " + std::string(taken.words) + " only");
    answer.headers.push_back({"Allow", std::string(taken.header)});
    return respond(exchange_, answer);
  }
  try {
    route->second.handler(request, reply);
  } catch (const std::exception& error) {
    spdlog::error("the handler of {} threw: {}", request.path, error.what());
    reply(problem(500, "the request could not be answered"));
  }
}

std::string HttpConnection::head_of(const HttpResponse& response, const HttpHeader& length,
                                    std::string_view encoding) const {
  std::string head = status_line(response.status);
  append_header(head, "Date", http_date());
  append_header(head, "Server", "netprobe");
  append_header(head, "Content-Type", response.content_type);
  if (!length.name.empty()) append_header(head, length.name, length.value);
  append_header(head, "Cache-Control", response.cache_control);
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
  if (response.rest) return send_pieces(response);
  body_ = response.body.shared();
  std::string_view encoding;
  if (response.packed && !accepts_gzip_) {
    body_ = std::make_shared<const std::string>(gunzip(response.body.view()));
  } else if (response.packed) {
    encoding = "gzip";
  } else if (accepts_gzip_ && response.body.view().size() > kGzipFloor) {
    body_ = std::make_shared<const std::string>(gzip(response.body.view()));
    encoding = "gzip";
  }
  // Of a 304 it would be the length of what is not sent.
  const HttpHeader length =
      response.status == 304
          ? HttpHeader{}
          : HttpHeader{"Content-Length", std::to_string(body_ ? body_->size() : 0)};
  head_ = head_of(response, length, encoding);
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
    const bool waits = self->awaits_answer_ || self->awaits_piece_;
    if (error || exchange != self->exchange_ || !waits || !self->socket_.is_open()) return;
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
