// SPDX-License-Identifier: Apache-2.0
// Bodies that are made while they are sent: chunks (RFC 9112 7.1), each asked for
// when the client has taken the one before.
#include <fmt/format.h>

#include <array>
#include <boost/asio/write.hpp>

#include "io/http_connection.h"
#include "io/http_text.h"

namespace netprobe {

namespace asio = boost::asio;

void HttpConnection::send_pieces(const HttpResponse& response) {
  // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
  if (http_1_0_) keep_alive_ = false;
  const HttpHeader length = http_1_0_ ? HttpHeader{} : HttpHeader{"Transfer-Encoding", "chunked"};
  if (accepts_gzip_ && !head_request_) packer_ = std::make_unique<DeflateStream>();
  head_ = head_of(response, length, packer_ ? "gzip" : "");
  if (head_request_) {
    arm(core_->options.idle_timeout);
    asio::async_write(socket_, asio::buffer(head_),
                      [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                        if (error || !self->socket_.is_open()) return self->close();
                        self->on_sent();
                      });
    return;
  }
  source_ = response.rest;
  send_piece({.text = std::string(response.body.view())});
}

void HttpConnection::pull() {
  awaits_piece_ = true;
  arm(core_->options.stalled_stream_timeout);
  wait_for_hangup();
  source_->next([core = core_, weak = weak_from_this(), exchange = exchange_](BodyPiece piece) {
    core->post([weak, exchange, piece = std::move(piece)]() mutable {
      if (const auto self = weak.lock()) self->on_piece(exchange, std::move(piece));
    });
  });
}

void HttpConnection::on_piece(std::uint64_t exchange, BodyPiece piece) {
  if (exchange != exchange_ || !awaits_piece_ || !socket_.is_open()) return;
  awaits_piece_ = false;
  if (piece.failed) {
    drop_pieces();  // it is not the client that gave up
    return close();
  }
  send_piece(piece);
}

void HttpConnection::send_piece(const BodyPiece& piece) {
  std::string packed;
  using enum DeflateStream::Flush;
  if (packer_) packer_->add(piece.text, piece.last ? kEnd : kSync, packed);
  const std::string& text = packer_ ? packed : piece.text;
  if (http_1_0_) {
    piece_ = text;
  } else {
    piece_.clear();
    // A chunk without a byte would be the end.
    if (!text.empty()) piece_ += fmt::format("{:x}\r\n{}\r\n", text.size(), text);
    if (piece.last) {
      piece_ += "0\r\n";
      for (const auto& [name, value] : piece.trailers) append_header(piece_, name, value);
      piece_ += "\r\n";
    }
  }
  arm(core_->options.idle_timeout);
  const std::array<asio::const_buffer, 2> pieces{asio::buffer(head_), asio::buffer(piece_)};
  asio::async_write(
      socket_, pieces,
      [self = shared_from_this(), last = piece.last](const ErrorCode& error, std::size_t) {
        if (error || !self->socket_.is_open()) return self->close();
        self->head_.clear();
        if (!last) return self->pull();
        self->drop_pieces();
        self->on_sent();
      });
}

void HttpConnection::drop_pieces() {
  awaits_piece_ = false;
  source_.reset();
  packer_.reset();
}

}  // namespace netprobe
