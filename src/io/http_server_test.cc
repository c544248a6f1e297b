// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <semaphore>
#include <thread>

#include "io/deflate.h"
#include "io/testing/http_client.h"

namespace netprobe {
namespace {

using testing::HttpClient;
using testing::RawConnection;

constexpr std::string_view kStreamRequest = "GET /stream HTTP/1.1\r\nHost: test\r\n\r\n";

/// A server on a free port with some routes.
class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpServerOptions options = {}) {
    options.address = "127.0.0.1";
    server = HttpServer::make(options).value();
    server->route("/text", [](const HttpRequest&, const HttpReply& reply) {
      reply({.body = std::string("hello\n")});
    });
    server->route("/large", [](const HttpRequest&, const HttpReply& reply) {
      reply({.body = std::string(3'000'000, 'x')});
    });
    server->route("/packed", [](const HttpRequest&, const HttpReply& reply) {
      reply({.body = gzip("small, packed"), .packed = true, .cache_control = "max-age=60"});
    });
    server->route("/known", [](const HttpRequest&, const HttpReply& reply) {
      reply({.status = 304, .body = std::string()});
    });
    server->route("/query", [](const HttpRequest& request, const HttpReply& reply) {
      std::string body;
      for (const auto& [name, value] : request.query) body += name + "=" + value + ";";
      reply({.body = body});
    });
    server->route("/later", [this](const HttpRequest&, const HttpReply& reply) {
      threads.emplace_back([reply] { reply({.body = std::string("later")}); });
    });
    server->route("/never", [](const HttpRequest&, const HttpReply&) {});
    server->route("/throws", [](const HttpRequest&, const HttpReply&) {
      throw std::runtime_error("as the test wants");
    });
    server->route("/hold", [this](const HttpRequest&, const HttpReply& reply) {
      held = reply;
      holding.set_value();
    });
    server->route("/stream", [this](const HttpRequest&, const HttpReply& reply) {
      auto stream = reply.open_stream([this] { closed.release(); });
      opened.set_value(stream);
    });
    if (takes_bodies) {
      server->route(
          "/echo",
          [](const HttpRequest& request, const HttpReply& reply) {
            std::string body = request.method + " ";
            for (const auto& [name, value] : request.query) body += name + "=" + value + " ";
            reply({.body = body + request.body});
          },
          HttpMethods::kGetAndPost);
    }
    ASSERT_TRUE(server->start());
  }
  void TearDown() override {
    if (server) server->stop();
    for (auto& thread : threads) thread.join();
  }

  bool takes_bodies = false;
  std::unique_ptr<HttpServer> server;
  std::vector<std::thread> threads;
  std::optional<HttpReply> held;
  std::promise<void> holding;
  std::promise<EventStreamPtr> opened;
  std::counting_semaphore<> closed{0};
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  start();
  HttpClient client(server->port());
  const auto first = client.get("/text");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "hello\n");
  EXPECT_EQ(first.headers.at("content-length"), "6");
  EXPECT_EQ(first.new_connections, 1);
  EXPECT_EQ(client.get("/query").new_connections, 0);
  EXPECT_EQ(server->stats().requests, 2U);
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  start();
  HttpClient client(server->port());
  const auto answer = client.request("HEAD", "/text");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-length"), "6");
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(client.get("/text").new_connections, 0);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawConnection client(server->port());
  client.send(
      "GET /query?a=1 HTTP/1.1\r\nHost: x\r\n\r\nGET /query?a=2 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_until("a=2;"));
  EXPECT_LT(client.seen().find("a=1;"), client.seen().find("a=2;"));
}

TEST_F(HttpServerTest, ClosesForHttp10AndWhenAsked) {
  start();
  for (const char* request : {"GET /text HTTP/1.0\r\n\r\n",
                              "GET /text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"}) {
    RawConnection client(server->port());
    client.send(request);
    while (client.read_more()) {
    }
    EXPECT_TRUE(client.seen().ends_with("\r\n\r\nhello\n")) << client.seen();
  }
}

TEST_F(HttpServerTest, TakesABodyWhereARouteWantsOne) {
  takes_bodies = true;
  start();
  HttpClient client(server->port());
  const auto answer = client.request("POST", "/echo?a=1", {}, "a body\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "POST a=1 a body\n");
  EXPECT_EQ(client.request("POST", "/echo", {}, "").body, "POST ");
  EXPECT_EQ(client.get("/echo").body, "GET ");
  const auto refused = client.request("PUT", "/echo", {}, "x");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.at("allow"), "GET, HEAD, POST");
  EXPECT_EQ(client.request("POST", "/echo", {"Expect:"}, std::string(65 * 1024, 'x')).status, 413);
  EXPECT_EQ(client.request("POST", "/echo", {"Expect:"}, std::string(63 * 1024, 'x')).status, 200);
  // In chunks nobody says how much it will be.
  EXPECT_EQ(client
                .request("POST", "/echo", {"Expect:", "Transfer-Encoding: chunked"},
                         std::string(65 * 1024, 'x'))
                .status,
            413);
}

TEST_F(HttpServerTest, TellsAClientThatWaitsToSendItsBody) {
  takes_bodies = true;
  start();
  RawConnection client(server->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  ASSERT_TRUE(client.read_until("HTTP/1.1 100 Continue\r\n\r\n"));
  client.send("body");
  EXPECT_TRUE(client.read_until("POST body"));
  RawConnection other(server->port());
  other.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 999999\r\n\r\n");
  ASSERT_TRUE(other.read_until("\r\n\r\n"));
  EXPECT_TRUE(other.seen().starts_with("HTTP/1.1 413 ")) << other.seen();
}

TEST_F(HttpServerTest, RunsWorkLaterAndDropsItWhenItStops) {
  start();
  std::promise<void> ran;
  server->executor()([&, timer = server->timer()] {
    timer(kMillisecond, [&] { ran.set_value(); });
    timer(3600 * kSecond, [] { ADD_FAILURE() << "ran too early"; });
  });
  ran.get_future().get();
  server->stop();
}

TEST_F(HttpServerTest, DecodesTheQuery) {
  start();
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/query?b=%3F&a=x+y&b=2").body, "b=?;a=x y;b=2;");
  EXPECT_EQ(client.get("/query?b=%").status, 400);
  EXPECT_EQ(client.get("/que%72y?c=1").body, "c=1;");
}

TEST_F(HttpServerTest, NamesAnUnknownPath) {
  start();
  HttpClient client(server->port());
  const auto answer = client.get("/nothing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  EXPECT_NE(answer.body.find("/nothing"), std::string::npos);
}

TEST_F(HttpServerTest, TakesGetAndHeadOnly) {
  start();
  HttpClient client(server->port());
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const auto answer = client.request(method, "/text", {}, "some body");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.headers.at("allow"), "GET, HEAD");
  }
  EXPECT_EQ(client.get("/text").status, 200);
}

TEST_F(HttpServerTest, BoundsHeaderAndBody) {
  start();
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/text", {"X-Long: " + std::string(17 * 1024, 'x')}).status, 431);
  EXPECT_EQ(client.get("/text?" + std::string(17 * 1024, 'x')).status, 431);
  EXPECT_EQ(client.request("POST", "/text", {"Expect:"}, std::string(65 * 1024, 'x')).status, 413);
  EXPECT_EQ(client.request("POST", "/text", {"Expect:"}, std::string(63 * 1024, 'x')).status, 405);
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttp) {
  start();
  RawConnection client(server->port());
  client.send("\x16\x03\x01 this is TLS\r\n\r\n");
  ASSERT_TRUE(client.read_until("400 Bad Request"));
}

TEST_F(HttpServerTest, SendsLargeBodiesWhole) {
  start();
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/large").body, std::string(3'000'000, 'x'));
}

TEST_F(HttpServerTest, CompressesForWhoWantsIt) {
  start();
  HttpClient client(server->port());
  EXPECT_FALSE(client.get("/large").headers.contains("content-encoding"));
  client.accept_compression();
  const auto answer = client.get("/large");
  EXPECT_EQ(answer.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(answer.body, std::string(3'000'000, 'x'));
  EXPECT_FALSE(client.get("/text").headers.contains("content-encoding"));
}

TEST_F(HttpServerTest, SendsWhatIsPackedAlready) {
  start();
  HttpClient client(server->port());
  const auto plain = client.get("/packed");
  EXPECT_FALSE(plain.headers.contains("content-encoding"));
  EXPECT_EQ(plain.body, "small, packed");
  EXPECT_EQ(plain.headers.at("cache-control"), "max-age=60");
  client.accept_compression();
  const auto packed = client.get("/packed");
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(packed.body, "small, packed");
}

TEST_F(HttpServerTest, SaysThatNothingIsNewer) {
  start();
  HttpClient client(server->port());
  const auto answer = client.get("/known");
  EXPECT_EQ(answer.status, 304);
  EXPECT_FALSE(answer.headers.contains("content-length"));
  EXPECT_EQ(client.get("/text").body, "hello\n") << "on the same connection";
}

TEST_F(HttpServerTest, TakesAnswersFromOtherThreads) {
  start();
  HttpClient client(server->port());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.get("/later").body, "later");
}

TEST_F(HttpServerTest, OwnsUpToForgottenAndThrownRequests) {
  start();
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/never").status, 500);
  EXPECT_EQ(client.get("/throws").status, 500);
  EXPECT_EQ(client.get("/text").status, 200);
}

TEST_F(HttpServerTest, ServesManyAtOnce) {
  start();
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      HttpClient client(server->port());
      for (int n = 0; n < 50; ++n) {
        const std::string value = std::to_string(i * 1000 + n);
        if (client.get("/query?v=" + value).body == "v=" + value + ";") ++good;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 400);
}

TEST_F(HttpServerTest, RefusesConnectionsBeyondTheBound) {
  start({.max_connections = 2});
  HttpClient first(server->port());
  HttpClient second(server->port());
  EXPECT_EQ(first.get("/text").status, 200);
  EXPECT_EQ(second.get("/text").status, 200);
  HttpClient third(server->port());
  EXPECT_EQ(third.get("/text").status, 503);
  EXPECT_EQ(server->stats().connections_refused, 1U);
  EXPECT_EQ(first.get("/text").status, 200);
}

TEST_F(HttpServerTest, ClosesIdleConnections) {
  start({.idle_timeout = 20 * kMillisecond});
  RawConnection client(server->port());
  client.send("GET /text HTTP/1.1\r\nHost");
  EXPECT_FALSE(client.read_more());
}

TEST_F(HttpServerTest, StreamsEvents) {
  start();
  RawConnection client(server->port());
  client.send(kStreamRequest);
  const auto stream = opened.get_future().get();
  ASSERT_TRUE(client.read_until("text/event-stream"));
  stream->write(std::make_shared<const std::string>("data: 1\n\n"));
  stream->write(std::make_shared<const std::string>("data: 2\n\n"));
  ASSERT_TRUE(client.read_until("data: 1\n\ndata: 2\n\n"));
  EXPECT_EQ(server->stats().streams, 1U);
  client.close();
  closed.acquire();
  stream->write(std::make_shared<const std::string>("data: 3\n\n"));
}

TEST_F(HttpServerTest, KeepsAQuietStreamAlive) {
  start({.idle_timeout = 20 * kMillisecond, .heartbeat = 15 * kMillisecond});
  RawConnection client(server->port());
  client.send(kStreamRequest);
  EXPECT_TRUE(client.read_until(": alive\n\n: alive\n\n: alive\n\n"));
}

TEST_F(HttpServerTest, ASlowReaderLosesItsOwnEventsAndIsTold) {
  constexpr int kEvents = 2000;
  start({.max_stream_events = 50, .stream_send_buffer = 4096});
  RawConnection slow(server->port(), 4096);
  slow.send(kStreamRequest);
  const auto slow_stream = opened.get_future().get();
  opened = {};
  RawConnection fast(server->port());
  fast.send(kStreamRequest);
  const auto fast_stream = opened.get_future().get();
  ASSERT_TRUE(fast.read_until("\r\n\r\n"));

  const auto text_of = [](int i) {
    return "data: " + std::to_string(i) + std::string(1000, '.') + "\n\n";
  };
  for (int i = 0; i < kEvents; ++i) {
    const auto text = std::make_shared<const std::string>(text_of(i));
    slow_stream->write(text);
    fast_stream->write(text);
    ASSERT_TRUE(fast.read_until(*text));  // the fast one keeps up, event by event
  }
  EXPECT_EQ(fast_stream->lost(), 0U);
  const auto lost = slow_stream->lost();
  EXPECT_GT(lost, 0U);
  EXPECT_LT(lost, static_cast<std::uint64_t>(kEvents));
  EXPECT_EQ(server->stats().stream_events_lost, lost);

  // Now it reads all that is left: events and told losses add up.
  slow_stream->write(std::make_shared<const std::string>("data: last?\n\n"));
  std::uint64_t told = 0;
  const auto sum_told = [&] {
    told = 0;
    for (std::size_t at = 0; (at = slow.seen().find("{\"lost\":", at)) != std::string::npos; ++at)
      told += std::stoull(slow.seen().substr(at + 8));
    return told;
  };
  while (sum_told() < slow_stream->lost() && slow.read_more()) {
  }
  EXPECT_EQ(told, slow_stream->lost());
  std::uint64_t got = 0;
  for (int i = 0; i < kEvents; ++i)
    if (slow.seen().find(text_of(i)) != std::string::npos) ++got;
  EXPECT_EQ(got + lost, static_cast<std::uint64_t>(kEvents));
  fast.close();
}

TEST_F(HttpServerTest, StopsThoughTheEndOfAStreamThrows) {
  start();
  server->stop();
  server = HttpServer::make({.address = "127.0.0.1"}).value();
  server->route("/stream", [this](const HttpRequest&, const HttpReply& reply) {
    opened.set_value(reply.open_stream([] { throw std::runtime_error("as the test wants"); }));
  });
  ASSERT_TRUE(server->start());
  RawConnection client(server->port());
  client.send(kStreamRequest);
  (void)opened.get_future().get();
  ASSERT_TRUE(client.read_until("\r\n\r\n"));
  server->stop();
  EXPECT_EQ(server->stats().connections, 0U);
}

TEST_F(HttpServerTest, TellsThatTheClientOfAnOwedAnswerWentAway) {
  start();
  RawConnection client(server->port());
  client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  holding.get_future().get();
  held->watch([this] { closed.release(); });
  client.close();
  closed.acquire();
  (*held)({.body = std::string("too late")});
  held.reset();
}

TEST_F(HttpServerTest, WatchesNoLongerThanAnAnswerIsOwed) {
  start();
  RawConnection client(server->port());
  client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  holding.get_future().get();
  std::atomic<bool> told = false;
  held->watch([&] { told = true; });
  (*held)({.body = std::string("answer one")});
  held.reset();
  ASSERT_TRUE(client.read_until("answer one"));
  // The connection goes on, and its end is the end of nothing.
  client.send("GET /text HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_until("hello"));
  client.close();
  server->stop();
  EXPECT_FALSE(told);
}

TEST_F(HttpServerTest, AnswersAPipelinedRequestBehindAWatchedOne) {
  start();
  RawConnection client(server->port());
  client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\nGET /text HTTP/1.1\r\nHost: x\r\n\r\n");
  holding.get_future().get();
  held->watch([] {});
  (*held)({.body = std::string("answer one")});
  held.reset();
  EXPECT_TRUE(client.read_until("hello"));
}

TEST_F(HttpServerTest, StopsWithClientsConnectedAndAnswersOwed) {
  start();
  RawConnection idle(server->port());
  RawConnection streaming(server->port());
  streaming.send(kStreamRequest);
  const auto stream = opened.get_future().get();
  ASSERT_TRUE(streaming.read_until("\r\n\r\n"));
  RawConnection waiting(server->port());
  waiting.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
  holding.get_future().get();

  server->stop();
  closed.acquire();
  EXPECT_FALSE(idle.read_more());
  EXPECT_FALSE(waiting.read_more());
  const auto executor = server->executor();
  server.reset();
  // All that outlives the server may still be used.
  stream->write(std::make_shared<const std::string>("data: 1\n\n"));
  (*held)({.body = std::string("too late")});
  held.reset();
  executor([] { ADD_FAILURE() << "ran after the server was gone"; });
}

TEST_F(HttpServerTest, StopsWhileEverybodyIsBusy) {
  start();
  std::atomic<bool> stop = false;
  std::latch busy(4);
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      HttpClient client(server->port());
      for (bool first = true; !stop; first = false) {
        (void)client.get("/large");
        if (first) busy.count_down();
      }
    });
  }
  busy.wait();
  server->stop();
  stop = true;
  for (auto& client : clients) client.join();
  EXPECT_EQ(server->stats().connections, 0U);
}

TEST(HttpServer, SaysThatAPortIsTakenAndTheWayOut) {
  const auto first = HttpServer::make({.address = "127.0.0.1"}).value();
  const auto second = HttpServer::make({.address = "127.0.0.1", .port = first->port()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_EQ(second.error().message, "address 127.0.0.1:" + std::to_string(first->port()) +
                                        " is already in use by another program: use "
                                        "--metrics-port to choose another port");
}

TEST(HttpServer, NamesABadAddress) {
  const auto server = HttpServer::make({.address = "nowhere"});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::kUsage);
  EXPECT_NE(server.error().message.find("nowhere"), std::string::npos);
}

TEST(HttpServer, ListensOnAllAddresses) {
  auto server = HttpServer::make({}).value();
  server->route("/", [](const HttpRequest&, const HttpReply& reply) { reply({}); });
  ASSERT_TRUE(server->start());
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(HttpServer, CanStopWithoutEverHavingStarted) {
  auto server = HttpServer::make({.address = "127.0.0.1"}).value();
  server->executor()([] { ADD_FAILURE() << "ran without a thread"; });
  server->stop();
  server->stop();
}

}  // namespace
}  // namespace netprobe
