// SPDX-License-Identifier: Apache-2.0
// Queries in bodies, answers that are long, questions of what is live.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <thread>

#include "api/request_params.h"
#include "api/testing/query_api.h"
#include "support/json_schema.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::Answer;
using testing::HttpClient;
using testing::JsonSchema;
using testing::make_history;
using testing::RawConnection;

class QueryPostTest : public testing::QueryApi {
 protected:
  Answer post(const std::string& path, const std::string& type, const std::string& body) {
    return HttpClient(server->port()).request("POST", path, {"Content-Type: " + type}, body);
  }
};

TEST_F(QueryPostTest, AnswersAsToTheSameInAUrl) {
  store.write(make_history(3));
  const std::string query = "dst.port=443 | sum bytes by src.ip | order by sum_bytes desc";
  const auto rows = [](const Answer& got) {
    EXPECT_EQ(got.status, 200) << got.body;
    return json::serialize(json::parse(got.body).at("rows"));
  };
  const std::string expected = rows(ask(query, "&limit=2"));
  EXPECT_EQ(rows(post("/api/query?limit=2", "text/plain", query + "\n")), expected);
  EXPECT_EQ(rows(post("/api/query", "Application/JSON; charset=utf-8",
                      json::serialize(json::object{{"q", query}, {"limit", 2}}))),
            expected);
  EXPECT_EQ(rows(post("/api/query?limit=2", "application/json",
                      json::serialize(json::object{{"q", query}, {"since", nullptr}}))),
            expected);
  const auto csv = post("/api/query", "application/json",
                        json::serialize(json::object{{"q", query}, {"format", "csv"}}));
  EXPECT_EQ(csv.body, ask(query, "&format=csv").body);
}

TEST_F(QueryPostTest, TakesAQueryThatIsTooLongForAUrl) {
  store.write(make_history(2));
  std::string query = "dst.port in (443";
  while (query.size() < 15'000) query += ", 65535";
  const auto got = post("/api/query", "text/plain", query + ") | count");
  EXPECT_EQ(got.status, 200) << got.body;
  EXPECT_EQ(json::serialize(json::parse(got.body).at("rows")), "[[4]]");
}

TEST_F(QueryPostTest, TakesAListAsAParameterThatIsGivenTwice) {
  store.write(make_history(3));
  const auto got = post("/api/query", "application/json",
                        R"({"q":"flows | count","ip":["10.0.0.2","fd00::1"],"dst-port":443})");
  EXPECT_EQ(json::serialize(json::parse(got.body).at("rows")), "[[2]]") << got.body;
}

TEST_F(QueryPostTest, SaysWhatIsWrongWithABody) {
  const auto refused = [&](const std::string& type, const std::string& body, int status,
                           std::string_view said, std::string_view parameter) {
    for (const char* path : {"/api/query", "/api/query/validate"}) {
      const auto got = post(path, type, body);
      EXPECT_EQ(got.status, status) << body << got.body;
      EXPECT_EQ(got.headers.at("content-type"), "application/problem+json");
      const auto problem = json::parse(got.body).as_object();
      EXPECT_NE(problem.at("detail").as_string().find(said), std::string_view::npos) << got.body;
      if (!parameter.empty()) EXPECT_EQ(problem.at("parameter").as_string(), parameter);
    }
  };
  refused("application/x-www-form-urlencoded", "q=flows", 415, "text/plain", "Content-Type");
  refused("", "flows", 415, "Content-Type", "Content-Type");
  refused("application/json", "{\"q\":", 400, "not JSON", "");
  refused("application/json", "[\"flows\"]", 400, "object", "");
  refused("application/json", R"({"q":{"a":1}})", 400, "whole number", "q");
  refused("application/json", R"({"q":1.5})", 400, "whole number", "q");
  refused("application/json", R"({"q":"a\u0000b"})", 400, "NUL", "q");
  refused("application/json", R"({"q":"flows","q":"drops"})", 400, "more than once", "q");
  refused("application/json", R"({"what":"flows"})", 400, "no parameter", "what");
  refused("text/plain", std::string("a\0b", 3), 400, "NUL", "q");
  EXPECT_EQ(post("/api/query?q=flows", "text/plain", "drops").status, 400);
  const auto wrong = post("/api/query", "text/plain", "port=443 scr.ip=10.0.0.1");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(json::parse(wrong.body).at("column").to_number<int>(), 10);
  EXPECT_EQ(post("/api/query", "text/plain", std::string(70'000, 'x')).status, 413);
  EXPECT_EQ(post("/api/flows", "text/plain", "flows").status, 405);
}

TEST_F(QueryPostTest, ValidatesABody) {
  const auto got = post("/api/query/validate", "text/plain", "prot=443");
  EXPECT_EQ(got.status, 200);
  EXPECT_FALSE(json::parse(got.body).at("valid").as_bool());
  EXPECT_TRUE(json::parse(post("/api/query/validate", "application/json", R"({"q":"port=1"})").body)
                  .at("valid")
                  .as_bool());
}

TEST_F(QueryPostTest, AnswersAsDescribed) {
  store.write(make_history(3));
  const JsonSchema schema(json::parse(get("/api/openapi.json").body));
  for (const auto& [path, type, body] :
       {std::tuple("/api/query", "text/plain", "flows"),
        std::tuple("/api/query", "text/plain", "|"), std::tuple("/api/query", "a/b", "flows"),
        std::tuple("/api/query/validate", "application/json", R"({"q":"flows"})")}) {
    const auto got = post(path, type, body);
    EXPECT_EQ(schema.check_answer(path, got.status, got.body, "post"), std::vector<std::string>{})
        << body;
  }
}

/// All `flows` x 2 records, each in the order in which they came.
std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST_F(QueryPostTest, SendsALongListPageByPage) {
  store.write(make_history(8'000));
  for (const std::string format : {"csv", "jsonl", "json"}) {
    const auto got =
        ask("flows | fields time, flow_id", "&limit=12000&max_rows=100000&format=" + format);
    ASSERT_EQ(got.status, 200);
    EXPECT_EQ(got.headers.at("transfer-encoding"), "chunked");
    if (format == "json") {
      const auto answer = json::parse(got.body).as_object();
      EXPECT_EQ(answer.at("rows").as_array().size(), 12'000U);
      EXPECT_EQ(answer.at("total").to_number<int>(), 12'000);
      EXPECT_TRUE(answer.at("truncated").as_bool());
      EXPECT_FALSE(answer.at("next_cursor").is_null());
      EXPECT_NE(std::string(answer.at("query").as_string()).find("limit 12000"), std::string::npos);
    } else {
      EXPECT_EQ(lines(got.body), 12'000U + (format == "csv" ? 1 : 0));
      EXPECT_EQ(got.headers.at("netprobe-truncated"), "true");  // trailers
      EXPECT_FALSE(got.headers.at("netprobe-next-cursor").empty());
      EXPECT_EQ(got.headers.at("netprobe-tier"), "raw");
    }
    // Not one after the other twice, and nothing left out: newest first.
    const auto asked = store.requests();
    EXPECT_EQ(asked.size(), 3U);
    for (const auto& request : asked) EXPECT_LE(request.query.limit.value_or(0), 5'000U);
    store.forget_requests();
  }
  // The pages put together are the answer that comes at once where it has an order.
  const auto pages = ask("flows | fields time, flow_id", "&max_rows=100000&format=jsonl").body;
  const auto whole =
      ask("flows | order by time desc | fields time, flow_id", "&max_rows=100000&format=jsonl")
          .body;
  EXPECT_EQ(lines(pages), 16'000U);
  EXPECT_EQ(pages, whole);
}

TEST_F(QueryPostTest, EndsAListThatIsAllThere) {
  store.write(make_history(3'000));
  const auto got = ask("flows", "&format=csv&max_rows=100000");
  EXPECT_EQ(lines(got.body), 6'001U);
  EXPECT_EQ(got.headers.at("netprobe-truncated"), "false");
  EXPECT_EQ(got.headers.count("netprobe-next-cursor"), 0U);
}

TEST_F(QueryPostTest, CutsOffAnAnswerThatFailsOnTheWay) {
  store.write(make_history(8'000));
  store.fail_after(1, {QueryFailure::Kind::kFailed, "SELECT secret"});
  RawConnection client(server->port());
  client.send("GET /api/query?q=flows&format=jsonl&max_rows=100000 HTTP/1.1\r\nHost: x\r\n\r\n");
  while (client.read_more()) {
  }
  EXPECT_EQ(client.seen().find("HTTP/1.1 200"), 0U);
  EXPECT_FALSE(client.seen().ends_with("\r\n0\r\n\r\n"));
  EXPECT_EQ(client.seen().find("secret"), std::string::npos);
}

TEST_F(QueryPostTest, AsksForNoPageThatNobodyTakes) {
  store.write(make_history(40'000));
  {
    RawConnection client(server->port(), 4096);
    client.send("GET /api/query?q=flows&format=jsonl&max_rows=100000 HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until("observer"));
    for (std::size_t before = 0; before != store.requests().size();) {
      before = store.requests().size();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    EXPECT_LT(store.requests().size(), 10U);  // of 16
  }
  const auto cancelled = store.requests().back().cancelled;
  while (!*cancelled) std::this_thread::yield();
  EXPECT_EQ(server->stats().answers_abandoned, 1U);
}

TEST_F(QueryPostTest, AnswersOthersWhileWhatIsLiveIsAsked) {
  agent.set(testing::make_snapshot(60'000));
  // Some seconds of work in all, if they were not given up.
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(std::make_unique<RawConnection>(server->port()));
    slow.back()->send(
        "GET /api/query?source=live&q=flows%20%7C%20p99%20bytes%20by%20src.ip,src.port "
        "HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  EXPECT_EQ(get("/api/query/validate?q=flows").status, 200);
  EXPECT_EQ(answer("flows | count", "&source=live&timeout=1m").at("rows").as_array().size(), 1U);
  slow.clear();
}

TEST_F(QueryPostTest, KeepsToItsLimitsOfWhatIsLive) {
  agent.set(testing::make_snapshot(100'000));
  const auto got = ask("flows | p99 bytes by src.ip, src.port", "&source=live&timeout=1ms");
  EXPECT_EQ(got.status, 422) << got.body;
}

}  // namespace
}  // namespace netprobe
