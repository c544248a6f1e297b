// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/context.h"
#include "api/page_assets.h"
#include "io/testing/http_client.h"

namespace netprobe {
namespace {

using testing::Answer;
using ::testing::HasSubstr;
using testing::HttpClient;
using ::testing::StartsWith;

constexpr const char* kBrowser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

struct PageTest : ::testing::Test {
  void start(std::string_view metrics_path = "/metrics") {
    server = HttpServer::make({.address = "127.0.0.1"}).value();
    add_page_route(*server, HttpBody(std::string("the list\n")), metrics_path);
    ASSERT_TRUE(server->start());
    client = std::make_unique<HttpClient>(server->port());
  }
  void TearDown() override {
    if (server) server->stop();
  }
  static bool is_built() { return netprobe_page_assets[0].path != nullptr; }

  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client;
};

TEST_F(PageTest, IsForBrowsersAlone) {
  start();
  EXPECT_EQ(client->get("/").body, "the list\n");
  EXPECT_EQ(client->get("/", {"Accept: text/plain"}).body, "the list\n");
  const Answer page = client->get("/", {kBrowser});
  EXPECT_EQ(page.status, 200);
  if (!is_built()) {
    EXPECT_EQ(page.body, "the list\n");
    return;
  }
  EXPECT_THAT(page.body, HasSubstr("<div id=\"page\">"));
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.at("cache-control"), "no-cache");
  EXPECT_THAT(page.headers.at("vary"), HasSubstr("Accept"));
  EXPECT_THAT(page.headers.at("content-security-policy"), StartsWith("default-src 'none'"));
  EXPECT_THAT(page.headers.at("content-security-policy"), ::testing::Not(HasSubstr("unsafe")));
  EXPECT_EQ(client->get("/index.html").body, page.body);
}

TEST_F(PageTest, LeavesTheRootToTheMetricsWhereTheyAreThere) {
  start("/");
  EXPECT_EQ(client->get("/", {kBrowser}).status, 404) << "the metrics' own route is another's";
  if (is_built()) EXPECT_EQ(client->get("/index.html").status, 200);
}

TEST_F(PageTest, FilesAreKeptForGoodAndThePageIsAskedForAgain) {
  if (!is_built()) GTEST_SKIP() << "built without the page (web/)";
  start();
  std::set<std::string> paths;
  for (const auto* asset = netprobe_page_assets; asset->path != nullptr; ++asset) {
    const std::string path = asset->path;
    EXPECT_TRUE(paths.insert(path).second) << path << " twice";
    const Answer got = client->get(path, {kBrowser});
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_FALSE(got.body.empty()) << path;
    EXPECT_EQ(got.headers.at("content-type"), asset->content_type) << path;
    EXPECT_EQ(got.headers.at("cache-control"),
              path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
    const Answer again =
        client->get(path, {kBrowser, "If-None-Match: " + std::string(asset->etag)});
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_TRUE(again.body.empty()) << path;
    EXPECT_EQ(client->get(path, {kBrowser, "If-None-Match: \"other\""}).status, 200) << path;
  }
  EXPECT_TRUE(paths.contains("/"));
}

TEST_F(PageTest, IsTheSamePackedAndNot) {
  if (!is_built()) GTEST_SKIP() << "built without the page (web/)";
  start();
  const Answer plain = client->get("/", {kBrowser});
  client->accept_compression();
  const Answer packed = client->get("/", {kBrowser});
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(packed.body, plain.body);
}

}  // namespace
}  // namespace netprobe
