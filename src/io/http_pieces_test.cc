// SPDX-License-Identifier: Apache-2.0
// Answers that are made while they are sent.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include "io/http_server.h"
#include "io/testing/http_client.h"

namespace netprobe {
namespace {

using testing::HttpClient;
using testing::RawConnection;

/// What a source is asked and how it ends, outside of it.
struct Watched {
  std::atomic<int> made{0};
  std::promise<void> gone;
};

/// `pieces` pieces of `size` bytes, each on a thread of its own.
class Letters final : public BodySource {
 public:
  Letters(Watched& watched, int pieces, std::size_t size, bool fails = false)
      : watched_(watched), pieces_(pieces), size_(size), fails_(fails) {}
  ~Letters() override {
    if (thread_.joinable()) thread_.join();
    watched_.gone.set_value();
  }
  void next(std::function<void(BodyPiece)> done) override {
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([this, done = std::move(done)] {
      const int number = ++watched_.made;
      BodyPiece piece;
      piece.text.assign(size_, static_cast<char>('a' + number % 26));
      piece.last = number == pieces_;
      piece.failed = fails_ && piece.last;
      if (piece.last) piece.trailers = {{"Netprobe-Pieces", std::to_string(number)}};
      done(std::move(piece));
    });
  }

 private:
  Watched& watched_;
  const int pieces_;
  const std::size_t size_;
  const bool fails_;
  std::thread thread_;
};

/// Never has its piece.
class Silent final : public BodySource {
 public:
  explicit Silent(Watched& watched) : watched_(watched) {}
  ~Silent() override { watched_.gone.set_value(); }
  void next(std::function<void(BodyPiece)> done) override {
    done_ = std::move(done);
    ++watched_.made;
  }

 private:
  Watched& watched_;
  std::function<void(BodyPiece)> done_;
};

class HttpPiecesTest : public ::testing::Test {
 protected:
  void start(const std::function<BodySourcePtr()>& make, HttpServerOptions options = {}) {
    options.address = "127.0.0.1";
    server = HttpServer::make(options).value();
    server->route("/pieces", [make](const HttpRequest&, const HttpReply& reply) {
      reply({.body = std::string("first:"), .rest = make()});
    });
    server->route("/text", [](const HttpRequest&, const HttpReply& reply) {
      reply({.body = std::string("hello")});
    });
    ASSERT_TRUE(server->start());
  }
  void TearDown() override { server->stop(); }

  Watched watched;
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpPiecesTest, SendsOnePieceAfterTheOtherAndKeepsTheConnection) {
  start([this] { return std::make_shared<Letters>(watched, 3, 4); });
  HttpClient client(server->port());
  const auto answer = client.get("/pieces");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "first:bbbbccccdddd");
  EXPECT_EQ(answer.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(answer.headers.count("content-length"), 0U);
  EXPECT_EQ(answer.headers.at("netprobe-pieces"), "3");  // a trailer
  EXPECT_EQ(client.get("/text").new_connections, 0);
  watched.gone.get_future().get();
  EXPECT_EQ(server->stats().answers_abandoned, 0U);
}

TEST_F(HttpPiecesTest, PacksWhatItMakes) {
  start([this] { return std::make_shared<Letters>(watched, 20, 100'000); });
  HttpClient client(server->port());
  client.accept_compression();
  const auto answer = client.get("/pieces");
  EXPECT_EQ(answer.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(answer.body.size(), 6 + 20 * 100'000U);
  EXPECT_TRUE(answer.body.starts_with("first:bbb"));
  EXPECT_TRUE(answer.body.ends_with("uuu"));
}

TEST_F(HttpPiecesTest, EndsTheConnectionForHttp10) {
  start([this] { return std::make_shared<Letters>(watched, 2, 3); });
  RawConnection client(server->port());
  client.send("GET /pieces HTTP/1.0\r\n\r\n");
  while (client.read_more()) {
  }
  EXPECT_TRUE(client.seen().ends_with("\r\n\r\nfirst:bbbccc")) << client.seen();
  EXPECT_EQ(client.seen().find("chunked"), std::string::npos);
}

TEST_F(HttpPiecesTest, MakesNothingForHead) {
  start([this] { return std::make_shared<Letters>(watched, 2, 3); });
  HttpClient client(server->port());
  EXPECT_EQ(client.request("HEAD", "/pieces").status, 200);
  EXPECT_EQ(client.get("/text").body, "hello");
  EXPECT_EQ(watched.made, 0);
}

TEST_F(HttpPiecesTest, MakesNoMoreThanTheClientTakes) {
  // Far more than both ends' buffers hold.
  static constexpr int kPieces = 2'000;
  start([this] { return std::make_shared<Letters>(watched, kPieces, 64UL * 1024); });
  RawConnection client(server->port(), 4096);
  client.send("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_until("first:"));
  // It stands still when the buffers are full; how much these hold is the kernel's.
  for (int before = -1; before != watched.made;) {
    before = watched.made;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_LT(watched.made, kPieces / 4);
  client.close();
  watched.gone.get_future().get();
  EXPECT_LT(watched.made, kPieces / 4);
  EXPECT_EQ(server->stats().answers_abandoned, 1U);
}

TEST_F(HttpPiecesTest, GivesUpAClientThatTakesNothing) {
  start([this] { return std::make_shared<Letters>(watched, 2'000, 64UL * 1024); },
        {.idle_timeout = 50 * kMillisecond});
  RawConnection client(server->port(), 4096);
  client.send("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  watched.gone.get_future().get();
  EXPECT_EQ(server->stats().answers_abandoned, 1U);
}

TEST_F(HttpPiecesTest, NoticesThatTheClientLeftWhileAPieceIsMade) {
  start([this] { return std::make_shared<Silent>(watched); });
  RawConnection client(server->port());
  client.send("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_until("first:"));
  while (watched.made == 0) std::this_thread::yield();
  client.close();
  watched.gone.get_future().get();
  EXPECT_EQ(server->stats().answers_abandoned, 1U);
}

TEST_F(HttpPiecesTest, CutsTheAnswerOffWhereItCannotGoOn) {
  start([this] { return std::make_shared<Letters>(watched, 2, 3, true); });
  RawConnection client(server->port());
  client.send("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  while (client.read_more()) {
  }
  EXPECT_NE(client.seen().find("bbb"), std::string::npos);
  EXPECT_EQ(client.seen().find("\r\n0\r\n"), std::string::npos) << "it looks whole";
  EXPECT_EQ(server->stats().answers_abandoned, 0U);
}

TEST_F(HttpPiecesTest, StopsWhileAPieceIsMade) {
  start([this] { return std::make_shared<Silent>(watched); });
  RawConnection client(server->port());
  client.send("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  while (watched.made == 0) std::this_thread::yield();
  server->stop();
  watched.gone.get_future().get();
}

}  // namespace
}  // namespace netprobe
