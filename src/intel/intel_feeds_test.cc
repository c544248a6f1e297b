// SPDX-License-Identifier: Apache-2.0
// Feeds from files and from a server on loopback: refresh, what is bad, what is kept.
#include "intel/intel_feeds.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "base/mutex.h"
#include "io/http_server.h"
#include "support/temp_dir.h"

namespace netprobe::intel {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

/// A server whose one document the test changes.
class ListServer {
 public:
  ListServer() : server_(HttpServer::make({.address = "127.0.0.1"}).value()) {
    server_->route("/list", [this](const HttpRequest& request, const HttpReply& reply) {
      reply(answer(request));
    });
    server_->route("/moved", [](const HttpRequest&, const HttpReply& reply) {
      reply({.status = 302, .body = std::string(), .headers = {{"Location", "/list"}}});
    });
    server_->route("/loop", [](const HttpRequest&, const HttpReply& reply) {
      reply({.status = 302, .body = std::string(), .headers = {{"Location", "/loop"}}});
    });
    server_->route("/never", [](const HttpRequest&, const HttpReply& reply) {
      static_cast<void>(reply.open_stream([] {}));
    });
    if (!server_->start()) std::abort();
  }
  ~ListServer() { server_->stop(); }

  void set(std::string text, std::string etag, unsigned status = 200) {
    const MutexLock lock(mutex_);
    text_ = std::move(text);
    etag_ = std::move(etag);
    status_ = status;
  }
  [[nodiscard]] std::string url(const std::string& path = "/list") const {
    return "http://" + server_->endpoint() + path;
  }
  [[nodiscard]] int requests() const {
    const MutexLock lock(mutex_);
    return requests_;
  }
  [[nodiscard]] int not_modified() const {
    const MutexLock lock(mutex_);
    return not_modified_;
  }
  [[nodiscard]] std::string last_secret() const {
    const MutexLock lock(mutex_);
    return last_secret_;
  }

 private:
  HttpResponse answer(const HttpRequest& request) {
    const MutexLock lock(mutex_);
    ++requests_;
    last_secret_ = request.header("x-key");
    if (status_ != 200) return {.status = status_, .body = std::string("no")};
    if (!etag_.empty() && request.header("if-none-match") == etag_) {
      ++not_modified_;
      return {.status = 304, .body = std::string(), .headers = {{"ETag", etag_}}};
    }
    return {.body = text_, .headers = {{"ETag", etag_}}};
  }

  mutable Mutex mutex_;
  std::string text_ NETPROBE_GUARDED_BY(mutex_);
  std::string etag_ NETPROBE_GUARDED_BY(mutex_);
  std::string last_secret_ NETPROBE_GUARDED_BY(mutex_);
  unsigned status_ NETPROBE_GUARDED_BY(mutex_) = 200;
  int requests_ NETPROBE_GUARDED_BY(mutex_) = 0;
  int not_modified_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<HttpServer> server_;
};

class IntelFeedsTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (feeds) feeds->stop();
  }
  FeedSettings settings(const std::string& location) {
    FeedSettings one{.name = "test", .location = location};
    one.every = 3600 * kSecond;
    return one;
  }
  void start(const FeedSettings& one, std::vector<IpPrefix> own = {}) {
    feeds.reset();
    feeds =
        IntelFeeds::make(
            {.feeds = {one}, .cache_directory = disk.file("cache"), .own_networks = std::move(own)},
            clock)
            .value();
    feeds->start();
  }
  /// Waits until it holds.
  [[nodiscard]] bool comes(const std::function<bool()>& holds) const {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  [[nodiscard]] FeedStatus status() const { return feeds->status().at(0); }
  [[nodiscard]] std::uint64_t tries() const {
    const auto now = status();
    return now.refreshed + now.unchanged + now.failed;
  }
  /// Looks again, and waits for what came of it.
  void try_again() {
    const auto before = tries();
    feeds->refresh_now();
    ASSERT_TRUE(comes([&] { return tries() > before; }));
  }
  [[nodiscard]] bool has(std::string_view address) const {
    return feeds->current()->has(IpAddress::parse(address).value());
  }
  void write(const std::string& text) {
    const std::string part = disk.file("part");
    std::ofstream(part, std::ios::binary) << text;
    std::filesystem::rename(part, disk.file("list"));
  }

  test::TempDir disk;
  SystemClock clock;
  std::unique_ptr<IntelFeeds> feeds;
};

TEST_F(IntelFeedsTest, FetchesAsksForNewerOnesAndRecovers) {
  ListServer server;
  server.set("203.0.113.1\n", "\"1\"");
  start(settings(server.url()));
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  EXPECT_EQ(feeds->generation(), 1);

  try_again();
  EXPECT_EQ(server.not_modified(), 1);
  EXPECT_EQ(status().unchanged, 1);
  EXPECT_EQ(feeds->generation(), 1);

  server.set("broken", "", 500);
  try_again();
  EXPECT_EQ(status().error, "its server answers 500");
  EXPECT_TRUE(has("203.0.113.1"));

  server.set("203.0.113.2\n", "\"2\"");
  try_again();
  EXPECT_EQ(status().error, "");
  EXPECT_FALSE(has("203.0.113.1"));
  EXPECT_TRUE(has("203.0.113.2"));
  EXPECT_EQ(feeds->generation(), 2);
}

TEST_F(IntelFeedsTest, KeepsTheLastGoodOneWhereTheNewOneIsBad) {
  ListServer server;
  server.set("203.0.113.1\n", "");
  start(settings(server.url()));
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  const std::vector<std::pair<std::string, std::string>> bad{
      {"10.0.0.1\n10.0.0.2\n203.0.113.9\n", "most of it is not taken: 2 private"},
      {"<html>", "it is a web page or XML"},
      {std::string("\0\1\2\3", 4), "it is binary"},
      {"# nothing any more\n", "it has no entries"},
      {"", "it has no entries"},
      {"{\"objects\":[", "its JSON ends in the middle"},
  };
  for (const auto& [text, error] : bad) {
    server.set(text, "");
    try_again();
    EXPECT_TRUE(status().error.starts_with(error)) << status().error;
    EXPECT_TRUE(has("203.0.113.1"));
    EXPECT_FALSE(has("203.0.113.9"));
  }
  EXPECT_EQ(status().failed, bad.size());
  EXPECT_FALSE(std::filesystem::exists(disk.file("cache/test.list.part")));
  // A restart has what was good.
  server.set("no", "", 503);
  start(settings(server.url()));
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
}

TEST_F(IntelFeedsTest, RefusesAListThatShrinksToNothing) {
  ListServer server;
  std::string large;
  for (std::uint32_t i = 0; i < 2'000; ++i)
    large += IpAddress::v4(0xcb007100U + i * 256).to_string() + "\n";
  server.set(large, "");
  start(settings(server.url()));
  ASSERT_TRUE(comes([&] { return has("203.0.113.0"); }));
  server.set("198.51.100.1\n", "");
  try_again();
  EXPECT_TRUE(status().error.starts_with("it shrank from 2000 entries to 1")) << status().error;
  EXPECT_TRUE(has("203.0.113.0"));
  server.set(large.substr(large.size() / 2), "");
  try_again();
  EXPECT_EQ(status().error, "");
}

TEST_F(IntelFeedsTest, HasTheListAfterARestartWithoutNetwork) {
  {
    ListServer server;
    server.set("203.0.113.1 c2\nbad.example\n", "\"1\"");
    auto one = settings(server.url());
    start(one);
    ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
    feeds->stop();
    // The server goes, and so does its port.
  }
  const std::string kept = disk.file("cache/test.list");
  ASSERT_TRUE(std::filesystem::exists(kept));
  std::string location;
  {
    std::ifstream file(kept);
    std::getline(file, location);
    std::getline(file, location);
  }
  start(settings(location));
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  EXPECT_TRUE(status().from_cache);
  EXPECT_EQ(feeds->current()->find_name("bad.example").size(), 1);
  try_again();
  EXPECT_FALSE(status().error.empty());
  EXPECT_TRUE(has("203.0.113.1"));
  // Not for another place, and not when it was damaged.
  start(settings("http://127.0.0.1:1/other"));
  ASSERT_TRUE(comes([&] { return tries() > 0; }));
  EXPECT_FALSE(status().has_list);
  std::ofstream(kept, std::ios::trunc) << "garbage";
  start(settings(location));
  ASSERT_TRUE(comes([&] { return tries() > 0; }));
  EXPECT_FALSE(status().has_list);
}

TEST_F(IntelFeedsTest, FollowsRedirectsWithinBounds) {
  ListServer server;
  server.set("203.0.113.1\n", "");
  start(settings(server.url("/moved")));
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  start(settings(server.url("/loop")));
  ASSERT_TRUE(comes([&] { return status().failed > 0; }));
  EXPECT_TRUE(status().error.contains("redirects")) << status().error;
}

TEST_F(IntelFeedsTest, SendsHeadersToItsServerAlone) {
  ListServer server;
  server.set("203.0.113.1\n", "");
  std::ofstream(disk.file("headers")) << "X-Key: secret\n";
  auto one = settings(server.url());
  one.headers = disk.file("headers");
  start(one);
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  EXPECT_EQ(server.last_secret(), "secret");
  one.location = server.url("/moved");
  start(one);
  ASSERT_TRUE(comes([&] { return status().failed > 0; }));
  EXPECT_TRUE(status().error.contains("sends elsewhere")) << status().error;
}

TEST_F(IntelFeedsTest, BoundsWhatItTakes) {
  ListServer server;
  std::string large;
  for (std::uint32_t i = 0; i < 10'000; ++i)
    large += IpAddress::v4(0xcb007100U + i).to_string() + "\n";
  server.set(large, "");
  auto one = settings(server.url());
  one.max_bytes = 10'000;
  start(one);
  ASSERT_TRUE(comes([&] { return status().failed > 0; }));
  EXPECT_TRUE(status().error.contains("larger than")) << status().error;
  one.max_bytes = 1U << 20U;
  one.max_entries = 100;
  start(one);
  ASSERT_TRUE(comes([&] { return status().has_list; }));
  EXPECT_EQ(status().addresses, 100);
  EXPECT_EQ(status().counts.refused.of(Refusal::kTooMany), 9'900);
}

TEST_F(IntelFeedsTest, StopsWhileAServerIsSilent) {
  ListServer server;
  start(settings(server.url("/never")));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  feeds->stop();
  EXPECT_FALSE(status().has_list);
}

TEST_F(IntelFeedsTest, ReadsFilesAgainWhenTheyChange) {
  write("203.0.113.1\n");
  auto one = settings(disk.file("list"));
  one.every = 20 * kMillisecond;
  start(one);
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  ASSERT_TRUE(comes([&] { return status().unchanged > 2; }));
  EXPECT_EQ(feeds->generation(), 1);
  write("203.0.113.2\n");
  ASSERT_TRUE(comes([&] { return has("203.0.113.2"); }));
  EXPECT_FALSE(has("203.0.113.1"));
  std::filesystem::remove(disk.file("list"));
  ASSERT_TRUE(comes([&] { return status().failed > 0; }));
  EXPECT_TRUE(has("203.0.113.2"));
  std::filesystem::create_directory(disk.file("list"));
  ASSERT_TRUE(comes([&] { return status().error.contains("is not a file"); }));
}

TEST_F(IntelFeedsTest, DropsAnEntryWhenItsTimeIsOver) {
  // It is over in three seconds, and the file stays as it is.
  const Nanos until = clock.wall() + 3 * kSecond;
  std::string time;
  {
    const std::time_t seconds = until / kSecond;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    char text[40];
    std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    time = text;
  }
  const auto one_of = [](const std::string& address, const std::string& more) {
    return R"({"type":"indicator","pattern":"[ipv4-addr:value=')" + address + R"(']")" + more + "}";
  };
  write("[" + one_of("203.0.113.1", R"(,"valid_until":")" + time + "\"") + "," +
        one_of("203.0.113.2", "") + "]");
  auto one = settings(disk.file("list"));
  one.every = 100 * kMillisecond;
  start(one);
  ASSERT_TRUE(comes([&] { return has("203.0.113.1") && has("203.0.113.2"); }));
  ASSERT_TRUE(comes([&] { return !has("203.0.113.1"); }));
  EXPECT_TRUE(has("203.0.113.2"));
  EXPECT_EQ(status().refreshed, 1);
}

TEST_F(IntelFeedsTest, TakesNothingOfItsOwnNetworks) {
  write("203.0.113.1\n203.0.113.2\n198.51.100.1\n");
  start(settings(disk.file("list")), {IpPrefix::parse("203.0.113.1").value()});
  ASSERT_TRUE(comes([&] { return has("203.0.113.2"); }));
  EXPECT_FALSE(has("203.0.113.1"));
  EXPECT_EQ(status().counts.refused.of(Refusal::kOwn), 1);
  feeds->set_own_networks({IpPrefix::parse("203.0.113.0/30").value()});
  ASSERT_TRUE(comes([&] { return !has("203.0.113.2"); }));
  EXPECT_TRUE(has("198.51.100.1"));
}

TEST_F(IntelFeedsTest, NeedsNoCache) {
  write("203.0.113.1\n");
  const auto one = settings(disk.file("list"));
  feeds =
      IntelFeeds::make({.feeds = {one}, .cache_directory = {}, .own_networks = {}}, clock).value();
  feeds->start();
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  const auto twice =
      IntelFeeds::make({.feeds = {one, one}, .cache_directory = {}, .own_networks = {}}, clock);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "two feeds are called 'test'");
}

TEST_F(IntelFeedsTest, AnswersWhileListsChange) {
  write("203.0.113.1\n");
  auto one = settings(disk.file("list"));
  one.every = kMillisecond;
  start(one);
  ASSERT_TRUE(comes([&] { return has("203.0.113.1"); }));
  const auto source = feeds->source();
  std::jthread asker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(source()->has(IpAddress::v4(0xcb007101U)));
  });
  for (int i = 2; i < 20; ++i) {
    write("203.0.113.1\n203.0.113." + std::to_string(i) + "\n");
    ASSERT_TRUE(comes([&] { return has("203.0.113." + std::to_string(i)); }));
  }
}

}  // namespace
}  // namespace netprobe::intel
