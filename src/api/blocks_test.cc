// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "api/api.h"
#include "api/blocks_query.h"
#include "api/description.h"
#include "api/testing/fake_agent.h"
#include "api/testing/snapshots.h"
#include "base/mutex.h"
#include "io/testing/http_client.h"
#include "support/json_schema.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::Answer;
using testing::FakeAgent;
using ::testing::HasSubstr;
using testing::HttpClient;
using testing::JsonSchema;
using testing::make_snapshot;

constexpr Nanos kHour = 3'600 * kSecond;

/// Keeps what it is asked; refuses what it is told to.
class FakeResponder final : public Responder {
 public:
  ResponseReport brief() const override {
    const MutexLock lock(mutex_);
    ResponseReport brief;
    brief.mode = report_.mode;
    brief.why = report_.why;
    return brief;
  }
  ResponseReport report() const override {
    const MutexLock lock(mutex_);
    return report_;
  }
  Result<BlockRecord> block(const BlockRequest& request) override {
    const MutexLock lock(mutex_);
    if (refusal_) return std::unexpected(*refusal_);
    asked_ += "block " + request.what + " by " + request.who + ";";
    const auto what = IpPrefix::parse(request.what);
    if (!what) return std::unexpected(what.error());
    report_.blocks.push_back({.what = *what,
                              .mode = forced_dry_run_ ? BlockMode::kDryRun : request.mode,
                              .reason = request.reason,
                              .who = request.who,
                              .since = testing::kStart,
                              .until = testing::kStart + request.lasting});
    return report_.blocks.back();
  }
  Status unblock(const std::string& what, const std::string& who, const std::string&) override {
    const MutexLock lock(mutex_);
    asked_ += "unblock " + what + " by " + who + ";";
    if (refusal_) return std::unexpected(*refusal_);
    return {};
  }
  Result<LimitRecord> limit(const LimitRequest& request) override {
    const MutexLock lock(mutex_);
    asked_ += "limit " + request.limit.address.to_string() + ";";
    return LimitRecord{.limit = request.limit,
                       .reason = request.reason,
                       .who = request.who,
                       .since = testing::kStart,
                       .until = testing::kStart + kHour};
  }
  Status unlimit(const PlaneLimit& limit, const std::string&, const std::string&) override {
    const MutexLock lock(mutex_);
    asked_ += "unlimit " + limit.address.to_string() + ":" + std::to_string(limit.port) + ";";
    return {};
  }
  Status clear(const std::string& who, const std::string&) override {
    const MutexLock lock(mutex_);
    asked_ += "clear by " + who + ";";
    return {};
  }
  Status protect(const IpAddress& address, const std::string&) override {
    const MutexLock lock(mutex_);
    asked_ += "protect " + address.to_string() + ";";
    if (unprotected_) return std::unexpected(*unprotected_);
    return {};
  }

  void set(ResponseReport report) {
    const MutexLock lock(mutex_);
    report_ = std::move(report);
  }
  void refuse(std::optional<Error> error) {
    const MutexLock lock(mutex_);
    refusal_ = std::move(error);
  }
  void refuse_to_protect(Error error) {
    const MutexLock lock(mutex_);
    unprotected_ = std::move(error);
  }
  void force_dry_run() {
    const MutexLock lock(mutex_);
    forced_dry_run_ = true;
  }
  std::string asked() const {
    const MutexLock lock(mutex_);
    return asked_;
  }

 private:
  mutable Mutex mutex_;
  ResponseReport report_ NETPROBE_GUARDED_BY(mutex_);
  std::optional<Error> refusal_ NETPROBE_GUARDED_BY(mutex_);
  std::optional<Error> unprotected_ NETPROBE_GUARDED_BY(mutex_);
  bool forced_dry_run_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::string asked_ NETPROBE_GUARDED_BY(mutex_);
};

ResponseReport some_report() {
  ResponseReport report;
  report.mode = ResponseMode::kEnforce;
  for (const char* what : {"10.0.0.1", "10.0.0.2", "10.1.0.0/16", "2001:db8::/48"})
    report.blocks.push_back({.what = *IpPrefix::parse(what),
                             .mode = BlockMode::kEnforce,
                             .reason = "\"quoted\"\n",
                             .who = "alice",
                             .since = testing::kStart,
                             .until = testing::kStart + kHour,
                             .packets = 3,
                             .bytes = 180});
  std::ranges::sort(report.blocks, {}, &BlockRecord::what);
  report.limits.push_back({.limit = {.address = *IpAddress::parse("10.0.0.9"),
                                     .port = 443,
                                     .side = LimitSide::kSyn,
                                     .rate = 100,
                                     .burst = 200,
                                     .over_packets = 5},
                           .reason = "flood",
                           .who = "bob",
                           .since = testing::kStart,
                           .until = testing::kStart + kHour});
  report.allowed.push_back({*IpPrefix::parse("192.0.2.1"), "own address"});
  report.status.feed = "drop";
  report.status.feed_entries = 7;
  return report;
}

class BlocksApi : public ::testing::Test {
 protected:
  void SetUp() override {
    agent.set(make_snapshot(1));
    responder.set(some_report());
    server = HttpServer::make({.address = "127.0.0.1"}).value();
    api = std::make_unique<Api>(
        ApiOptions{},
        ApiSources{.snapshots = agent,
                   .feed = agent,
                   .readiness = [] { return Readiness{true, ""}; },
                   .metrics = [](const Snapshot&, std::string_view) { return MetricsPage{}; },
                   .clock = clock,
                   .response = &responder,
                   .writes = {.token = "secret"}});
    api->add_routes(*server);
    ASSERT_TRUE(server->start());
  }
  void TearDown() override { server->stop(); }
  Answer post(const std::string& body, const std::string& token = "secret",
              const std::string& type = "application/json") {
    return HttpClient(server->port())
        .request("POST", "/api/blocks", {"Content-Type: " + type, "Authorization: Bearer " + token},
                 body);
  }
  Answer remove(const std::string& query) {
    return HttpClient(server->port())
        .request("DELETE", "/api/blocks?" + query, {"Authorization: Bearer secret"});
  }
  static std::string detail_of(const Answer& answer) {
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json") << answer.body;
    return std::string(json::parse(answer.body).at("detail").as_string());
  }

  ManualClock clock{testing::kStart + 3600 * kSecond};
  FakeAgent agent;
  FakeResponder responder;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Api> api;
};

const std::vector<std::string> kRoutes{"/api/blocks"};
constexpr std::string_view kGood = R"({"what":"203.0.113.7","for":"1h","reason":"scan"})";

TEST_F(BlocksApi, ListsAPageAtATimeAsItsDescriptionSays) {
  const JsonSchema schema(json::parse(openapi_document("/metrics", kRoutes)));
  HttpClient client(server->port());
  std::vector<std::string> seen;
  std::string cursor;
  for (int pages = 0; pages < 10; ++pages) {
    const auto got =
        client.get("/api/blocks?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(got.status, 200) << got.body;
    const auto page = json::parse(got.body);
    EXPECT_EQ(schema.check_answer("/api/blocks", 200, got.body), std::vector<std::string>());
    EXPECT_EQ(page.at("total").to_number<int>(), 5);
    for (const char* list : {"blocks", "limits"})
      for (const auto& each : page.at(list).as_array())
        seen.emplace_back(each.at("what").as_string());
    if (page.at("next_cursor").is_null()) break;
    cursor = std::string(page.at("next_cursor").as_string());
  }
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 5U);
  const auto one = json::parse(client.get("/api/blocks?what=10.1.2.3").body);
  EXPECT_EQ(one.at("total").to_number<int>(), 1);
  EXPECT_EQ(one.at("blocks").at(0).at("what").as_string(), "10.1.0.0/16");
  EXPECT_EQ(one.at("blocks").at(0).at("reason").as_string(), "\"quoted\"\n");
  EXPECT_EQ(one.at("list").at("entries").to_number<int>(), 7);
  EXPECT_EQ(one.at("response").at("mode").as_string(), "enforce");
  EXPECT_EQ(one.at("allowed").at(0).at("reason").as_string(), "own address");
  // What stood last on a page may be gone by the next.
  auto fewer = some_report();
  std::erase_if(fewer.blocks, [](const auto& b) { return b.what.to_string() == "10.0.0.2"; });
  responder.set(fewer);
  const auto rest = json::parse(client.get("/api/blocks?cursor=b10.0.0.2").body);
  EXPECT_EQ(rest.at("blocks").at(0).at("what").as_string(), "10.1.0.0/16") << rest;
  EXPECT_EQ(client.get("/api/blocks?since=1s").status, 200);
  EXPECT_EQ(client.get("/api/blocks?cursor=x").status, 400);
  EXPECT_EQ(client.get("/api/blocks?what=x").status, 400);
  EXPECT_EQ(client.get("/api/blocks?wat=1").status, 400);
}

TEST_F(BlocksApi, SaysSoWhereNothingHoldsABlock) {
  const auto note = [&](const std::string& body) {
    const auto done = post(body);
    EXPECT_EQ(done.status, 200) << done.body;
    return std::string(json::parse(done.body).at("note").as_string());
  };
  const std::string limit =
      R"({"what":"203.0.113.7","for":"1h","reason":"r","limit":{"rate":5,"kind":"source"}})";
  auto snapshot = make_snapshot(1);
  auto signals = std::make_shared<Signals>();
  signals->xdp = {{.ifindex = 2, .interface = "eth0", .mode = "", .reason = "no support"}};
  snapshot->signals = signals;
  agent.set(snapshot);
  for (const std::string& body : {std::string(kGood), limit})
    EXPECT_THAT(note(body), HasSubstr("nothing holds it"));
  snapshot = make_snapshot(1);
  signals = std::make_shared<Signals>(*signals);
  signals->xdp[0].mode = "native";
  snapshot->signals = signals;
  agent.set(snapshot);
  for (const std::string& body : {std::string(kGood), limit})
    EXPECT_EQ(note(body), "it is carried out as asked");
  EXPECT_EQ(json::serialize(json::parse(post(std::string(kGood)).body).at("interfaces")),
            R"(["eth0"])");
}

TEST_F(BlocksApi, BlocksWithTheTokenAlone) {
  const auto done = post(std::string(kGood));
  EXPECT_EQ(done.status, 200) << done.body;
  const JsonSchema schema(json::parse(openapi_document("/metrics", kRoutes)));
  EXPECT_EQ(schema.check_answer("/api/blocks", 200, done.body, "post"), std::vector<std::string>());
  EXPECT_EQ(json::parse(done.body).at("block").at("what").as_string(), "203.0.113.7");
  EXPECT_EQ(json::parse(done.body).at("mode").as_string(), "enforce");
  const std::string before = responder.asked();
  EXPECT_EQ(before, "block 203.0.113.7 by api;");
  const auto wrong = post(std::string(kGood), "guess");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.headers.at("www-authenticate"), "Bearer realm=\"netprobe\"");
  EXPECT_FALSE(detail_of(wrong).empty());
  EXPECT_EQ(
      HttpClient(server->port())
          .request("POST", "/api/blocks", {"Content-Type: application/json"}, std::string(kGood))
          .status,
      401);
  EXPECT_EQ(HttpClient(server->port()).request("DELETE", "/api/blocks?all=true").status, 401);
  EXPECT_EQ(responder.asked(), before);
  // What a form of another site could send is not taken even with the token.
  EXPECT_EQ(post(std::string(kGood), "secret", "text/plain").status, 415);
  EXPECT_EQ(post(std::string(kGood), "secret", "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(post(std::string(kGood), "secret", "application/json; charset=utf-8").status, 200);
  EXPECT_EQ(post("{" + std::string(5'000, ' ') + "}").status, 413);
  EXPECT_EQ(HttpClient(server->port()).request("PUT", "/api/blocks").status, 405);
}

TEST_F(BlocksApi, SaysThatADryRunIsOne) {
  responder.force_dry_run();
  const auto done = post(std::string(kGood));
  ASSERT_EQ(done.status, 200) << done.body;
  const auto answer = json::parse(done.body);
  EXPECT_EQ(answer.at("mode").as_string(), "dry-run");
  EXPECT_TRUE(std::string_view(answer.at("note").as_string()).contains("--response=dry-run"));
}

TEST_F(BlocksApi, RefusalsHaveTheirStatus) {
  const std::vector<std::pair<Error, long>> refusals{
      {{"it must not be", ErrorKind::kUsage}, 400},
      {{"no room", ErrorKind::kBusy}, 507},
      {{"too many a minute", ErrorKind::kBusy, EAGAIN}, 429},
      {{"it is off", ErrorKind::kUnsupported}, 503},
      {{"the disk broke", ErrorKind::kFailed}, 500}};
  for (const auto& [error, status] : refusals) {
    responder.refuse(error);
    const auto answer = post(std::string(kGood));
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(detail_of(answer), error.message);
  }
  responder.refuse(Error{"10.0.0.3 is not blocked", ErrorKind::kNotFound});
  EXPECT_EQ(remove("what=10.0.0.3").status, 404);
}

TEST_F(BlocksApi, OffItSaysTheWayOut) {
  ResponseReport off;
  off.why = "start the agent with --response=dry-run";
  responder.set(off);
  for (const auto& answer : {post(std::string(kGood)), remove("all=true")}) {
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(detail_of(answer), off.why);
  }
  const auto page = json::parse(HttpClient(server->port()).get("/api/blocks").body);
  EXPECT_EQ(page.at("response").at("mode").as_string(), "off");
  EXPECT_EQ(page.at("response").at("why").as_string(), off.why);
  EXPECT_TRUE(page.at("blocks").as_array().empty());
}

TEST_F(BlocksApi, UnblocksOneALimitOrAll) {
  EXPECT_EQ(remove("what=10.0.0.1&who=alice").status, 200);
  EXPECT_EQ(remove("what=10.0.0.9&kind=syn&port=443").status, 200);
  EXPECT_EQ(remove("all=true").status, 200);
  EXPECT_EQ(responder.asked(), "unblock 10.0.0.1 by alice;unlimit 10.0.0.9:443;clear by api;");
  for (const char* query :
       {"", "all=false", "all=true&what=10.0.0.1", "what=10.0.0.1&port=1", "what=10.0.0.1&kind=x",
        "what=10.0.0.1&kind=syn", "what=10.0.0.1&kind=source&port=1", "what=x&kind=source",
        "what=10.0.0.1&kind=syn&port=65536", "all=true&kind=syn", "what=1&wat=2"})
    EXPECT_EQ(remove(query).status, 400) << query;
}

TEST_F(BlocksApi, WhoeverAsksIsProtectedFirst) {
  EXPECT_EQ(post(R"({"what":"203.0.113.7","for":"1h","reason":"r","who":"alice",)"
                 R"("protect":["198.51.100.9","fd00::1"]})")
                .status,
            200);
  EXPECT_EQ(responder.asked(), "protect 198.51.100.9;protect fd00::1;block 203.0.113.7 by alice;");
}

TEST_F(BlocksApi, WhereWhoeverAsksCannotBeProtectedNothingIsBlocked) {
  responder.refuse_to_protect({.message = "no room", .kind = ErrorKind::kBusy});
  const auto answer = post(R"({"what":"203.0.113.7","for":"1h","reason":"r","who":"alice",)"
                           R"("protect":["198.51.100.9"]})");
  EXPECT_EQ(answer.status, 507);
  EXPECT_EQ(responder.asked(), "protect 198.51.100.9;");
}

TEST(BlockOrderTest, ReadsBlocksAndLimits) {
  const Nanos now = 1'700'000'000 * kSecond;
  const auto block = parse_block_order(kGood, now);
  ASSERT_TRUE(block) << block.error().detail;
  const auto& request = std::get<BlockRequest>(block->request);
  EXPECT_EQ(request.lasting, kHour);
  EXPECT_EQ(request.mode, BlockMode::kEnforce);
  const auto until = parse_block_order(
      R"({"what":"::1/128","until":"2023-11-14T22:14:20Z","reason":"r","mode":"dry-run"})", now);
  ASSERT_TRUE(until) << until.error().detail;
  EXPECT_EQ(std::get<BlockRequest>(until->request).lasting, 60 * kSecond);
  EXPECT_EQ(std::get<BlockRequest>(until->request).mode, BlockMode::kDryRun);
  const auto limit = parse_block_order(
      R"({"what":"fd00::1","for":"5m","reason":"r","limit":{"rate":10,"kind":"syn","port":443}})",
      now);
  ASSERT_TRUE(limit) << limit.error().detail;
  const auto& syn = std::get<LimitRequest>(limit->request).limit;
  EXPECT_EQ(syn.port, 443);
  EXPECT_EQ(syn.side, LimitSide::kSyn);
  EXPECT_EQ(syn.burst, 10U);
  EXPECT_EQ(syn.remaining, 300 * kSecond);
}

TEST(BlockOrderTest, RefusesWithTheNameOfWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"", ""},
      {"[]", ""},
      {"{", ""},
      {R"({"for":"1h","reason":"r"})", "what"},
      {R"({"what":"10.0.0.1","reason":"r"})", "for"},
      {R"({"what":"10.0.0.1","for":"1h","until":"2030-01-01T00:00:00Z"})", "for"},
      {R"({"what":"10.0.0.1","for":"x"})", "for"},
      {R"({"what":"10.0.0.1","until":"2020-01-01T00:00:00Z"})", "until"},
      {R"({"what":"10.0.0.1","for":"1h","wat":1})", "wat"},
      {R"({"what":"10.0.0.1","what":"10.0.0.2","for":"1h"})", "what"},
      {R"({"what":7,"for":"1h"})", "what"},
      {R"({"what":"10.0.0.1\u0000","for":"1h"})", "what"},
      {R"({"what":"10.0.0.1","for":"1h","mode":"maybe"})", "mode"},
      {R"({"what":"10.0.0.1","for":"1h","limit":5})", "limit"},
      {R"({"what":"10.0.0.1","for":"1h","limit":{}})", "rate"},
      {R"({"what":"10.0.0.1","for":"1h","limit":{"rate":0}})", "rate"},
      {R"({"what":"10.0.0.1","for":"1h","limit":{"rate":-1}})", "rate"},
      {R"({"what":"10.0.0.1","for":"1h","limit":{"rate":1,"kind":"syn"}})", "port"},
      {R"({"what":"10.0.0.1","for":"1h","limit":{"rate":1,"port":80}})", "port"},
      {R"({"what":"10.0.0.1","for":"1h","limit":{"rate":1,"unit":"apples"}})", "unit"},
      {R"({"what":"10.0.0.0/8","for":"1h","limit":{"rate":1}})", "what"},
      {R"({"what":"10.0.0.1","for":"1h","protect":"10.0.0.2"})", "protect"},
      {R"({"what":"10.0.0.1","for":"1h","protect":["x"]})", "protect"},
      {R"({"what":"10.0.0.1","for":"1h","protect":["::1","::2","::3","::4","::5"]})", "protect"}};
  for (const auto& [body, parameter] : wrong) {
    const auto order = parse_block_order(body, 1'700'000'000 * kSecond);
    ASSERT_FALSE(order) << body;
    EXPECT_EQ(order.error().parameter, parameter) << body << ": " << order.error().detail;
    EXPECT_FALSE(order.error().detail.empty()) << body;
  }
}

}  // namespace
}  // namespace netprobe
