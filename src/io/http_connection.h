// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/deflate.h"
#include "io/event_queue.h"
#include "io/http_core.h"

namespace netprobe {

/// A client's stream; see EventStream.
class ClientStream final : public EventStream {
 public:
  ClientStream(std::shared_ptr<HttpCore> core, std::weak_ptr<HttpConnection> connection);
  void write(SharedText text, std::uint64_t events) override;
  void lose(std::uint64_t events) override;
  [[nodiscard]] std::uint64_t lost() const override { return queue_.lost(); }
  [[nodiscard]] EventQueue& queue() { return queue_; }

 private:
  void wake();
  std::shared_ptr<HttpCore> core_;
  std::weak_ptr<HttpConnection> connection_;
  EventQueue queue_;
};

/// One client; the server's thread only. Lives until close(), which every way
/// through it ends in. It waits, in turn, for
///
///   a request -> the handler's answer -> the client taking it -> a request …
///                      |-> its pieces: each made when the one before is taken
///                      '-> a stream: written as events come, until it is closed
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<HttpCore> core, boost::asio::ip::tcp::socket socket, bool refuse);
  ~HttpConnection();

  void serve();
  void close();
  /// The answer to request number `exchange`; ignored where that one is over.
  void respond(std::uint64_t exchange, const HttpResponse& response);
  void open_stream(std::uint64_t exchange, std::shared_ptr<ClientStream> stream,
                   std::function<void()> on_close);
  /// `on_close` where the client goes before request `exchange` is answered.
  void watch(std::uint64_t exchange, std::function<void()> on_close);
  /// There may be events to write.
  void pump();

 private:
  using ErrorCode = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void read();
  void on_header(const ErrorCode& error);
  void read_body();
  void on_read(const ErrorCode& error);
  void dispatch();
  /// Answers what the server refuses itself, then hangs up.
  void refuse(unsigned status, std::string_view detail);
  /// `length`: the header that says how long the body is, or how its end is known.
  [[nodiscard]] std::string head_of(const HttpResponse& response, const HttpHeader& length,
                                    std::string_view encoding) const;
  void send_body(std::size_t offset);
  void on_sent();

  // A body that is made while it is sent: http_pieces.cc.
  void send_pieces(const HttpResponse& response);
  /// Has the next piece made.
  void pull();
  void on_piece(std::uint64_t exchange, BodyPiece piece);
  /// Writes a piece, behind `head_` where that waits.
  void send_piece(const BodyPiece& piece);
  void drop_pieces();
  /// Shuts the sending side and waits for the client to have read all: to
  /// close with its bytes unread would reset the connection under the answer.
  void linger();
  void drain();
  /// On a stream the client has nothing to say: reading finds out that it left.
  void watch_for_close();
  /// While an answer is owed: nothing is read, which may be the next request.
  void wait_for_hangup();
  void beat();
  void arm(Nanos timeout);

  std::shared_ptr<HttpCore> core_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer heartbeat_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::array<char, 512> scratch_{};

  std::uint64_t exchange_ = 0;  ///< number of the request in hand
  bool awaits_answer_ = false;
  bool refuse_ = false;
  bool keep_alive_ = false;
  bool head_request_ = false;
  bool http_1_0_ = false;
  bool accepts_gzip_ = false;
  bool awaits_piece_ = false;  ///< somebody makes it

  std::string head_;                       ///< being written
  SharedText body_;                        ///< being written
  BodySourcePtr source_;                   ///< of the pieces that follow
  std::unique_ptr<DeflateStream> packer_;  ///< of them; null: plain
  std::string piece_;                      ///< being written, in its frame
  std::shared_ptr<ClientStream> stream_;
  std::function<void()> on_close_;   ///< of a stream, or of an answer that is owed
  std::vector<SharedText> writing_;  ///< events being written
  bool stream_busy_ = false;
};

}  // namespace netprobe
