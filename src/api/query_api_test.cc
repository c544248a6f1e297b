// SPDX-License-Identifier: Apache-2.0
// /api/query and what else is answered from history, over a real server.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/testing/clusters.h"
#include "api/testing/query_api.h"
#include "support/json_schema.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::JsonSchema;
using testing::kBegin;
using testing::kSecondMicros;
using testing::make_history;
using testing::RawConnection;
using QueryApiTest = testing::QueryApi;

TEST_F(QueryApiTest, SumsUpHistoryAndSaysWhereItIsFrom) {
  store.write(make_history(3));
  const auto got = answer("dst.port=443 | sum bytes by src.ip | order by sum_bytes desc");
  EXPECT_EQ(got.at("kind").as_string(), "flows");
  EXPECT_EQ(got.at("source").as_string(), "history");
  EXPECT_EQ(got.at("tier").as_string(), "raw");
  EXPECT_EQ(json::serialize(got.at("rows")),
            R"([["10.0.0.3",600],["10.0.0.2",400],["10.0.0.1",200]])");
  EXPECT_EQ(json::serialize(got.at("columns")),
            R"([{"name":"src.ip","type":"address"},{"name":"sum_bytes","type":"count"}])");
  EXPECT_FALSE(got.at("truncated").as_bool());
  EXPECT_EQ(flushes, 1);  // what was written a moment ago is in it
}

TEST_F(QueryApiTest, WaitsForNothingWhereTheRangeIsOver) {
  (void)answer("flows | count", "&since=2h&until=1h");
  EXPECT_EQ(flushes, 0);
}

TEST_F(QueryApiTest, TakesTheContractsParametersAsConditions) {
  store.write(make_history(3));
  const auto got = answer("bytes>100 | count", "&src_ip=10.0.0.0/30&dst-port=443&since=2h");
  EXPECT_EQ(json::serialize(got.at("rows")), "[[4]]");
  const auto request = store.requests().back();
  EXPECT_EQ(request.query.since, kBegin - 3600 * kSecondMicros);
  const std::string shown(got.at("query").as_string());
  EXPECT_NE(shown.find("10.0.0.0/30"), std::string::npos) << shown;
}

TEST_F(QueryApiTest, GivesRecordsInPages) {
  store.write(make_history(7));
  std::string cursor;
  std::size_t records = 0;
  for (int page = 0; page < 20; ++page) {
    const auto got =
        answer("flows", "&limit=4&objects=true" +
                            (cursor.empty() ? "" : "&cursor=" + percent_encode(cursor)));
    records += got.at("rows").as_array().size();
    if (got.at("next_cursor").is_null()) break;
    EXPECT_TRUE(got.at("truncated").as_bool());
    cursor = got.at("next_cursor").as_string();
  }
  EXPECT_EQ(records, 14U);
}

TEST_F(QueryApiTest, ShowsTheLimitThatItTakes) {
  const auto got = answer("port=443");
  EXPECT_NE(std::string(got.at("query").as_string()).find("limit 100"), std::string::npos);
}

TEST_F(QueryApiTest, WritesValuesAsPeopleTypeThem) {
  store.write(make_history(1));
  const auto got =
      ask("src.pod!=none | fields time, protocol, tcp.flags, rtt, dst.ip, src.pod, nat",
          "&objects=true");
  EXPECT_NE(
      got.body.find(R"("rows":[{"time":"2023-11-14T22:13:31.000000000Z","protocol":"tcp",)"
                    R"("tcp_flags":"syn+ack","rtt":1.234,"dst.ip":"fd00::1","src.pod":"=web-1",)"
                    R"("nat":false}])"),
      std::string::npos)
      << got.body;
}

TEST_F(QueryApiTest, PointsAtWhatIsWrong) {
  const auto got = ask("port=443 scr.ip=10.0.0.1");
  EXPECT_EQ(got.status, 400);
  EXPECT_EQ(got.headers.at("content-type"), "application/problem+json");
  const auto problem = json::parse(got.body).as_object();
  EXPECT_EQ(problem.at("parameter").as_string(), "q");
  EXPECT_EQ(problem.at("column").to_number<int>(), 10);
  EXPECT_EQ(problem.at("length").to_number<int>(), 6);
  EXPECT_NE(std::string(problem.at("detail").as_string()).find("src.ip"), std::string::npos);
}

TEST_F(QueryApiTest, NamesBadParameters) {
  const std::pair<const char*, const char*> cases[] = {{"limit=0", "limit"},
                                                       {"limit=100001", "limit"},
                                                       {"timeout=0s", "timeout"},
                                                       {"timeout=1h", "timeout"},
                                                       {"format=xml", "format"},
                                                       {"source=disk", "source"},
                                                       {"objects=yes", "objects"},
                                                       {"since=soon", "since"},
                                                       {"max_rows=x", "max_rows"},
                                                       {"cursor=", "cursor"},
                                                       {"port=x", "port"},
                                                       {"what=1", "what"},
                                                       {"q=a&q=b", "q"},
                                                       {"since=1h&until=2h", "since"},
                                                       {"q=flows|count&cursor=x", "cursor"}};
  for (const auto& [query, parameter] : cases) {
    const auto got = get(std::string("/api/query?") + query);
    EXPECT_EQ(got.status, 400) << query;
    EXPECT_EQ(json::parse(got.body).at("parameter").as_string(), parameter) << got.body;
  }
}

TEST_F(QueryApiTest, TellsFailuresWithoutAnEnginesText) {
  const std::pair<QueryFailure::Kind, int> kinds[] = {{QueryFailure::Kind::kBadQuery, 400},
                                                      {QueryFailure::Kind::kTooBroad, 422},
                                                      {QueryFailure::Kind::kNoStore, 503},
                                                      {QueryFailure::Kind::kFailed, 500}};
  for (const auto& [kind, status] : kinds) {
    store.fail_with({kind, "SELECT * FROM flows"});
    const auto got = ask("flows");
    EXPECT_EQ(got.status, status);
    if (kind == QueryFailure::Kind::kFailed)
      EXPECT_EQ(got.body.find("SELECT"), std::string::npos) << got.body;
  }
}

TEST_F(QueryApiTest, CancelsWhatNobodyWaitsFor) {
  store.hold();
  {
    RawConnection client(server->port());
    client.send("GET /api/query?q=flows&source=history HTTP/1.1\r\nHost: x\r\n\r\n");
    while (store.requests().empty()) std::this_thread::yield();
  }
  store.wait_for_cancel();
}

TEST_F(QueryApiTest, WritesTheOtherFormats) {
  store.write(make_history(1));
  const std::string query = "src.pod!=none | fields src.pod, bytes, rtt, protocol";
  const auto csv = ask(query, "&format=csv");
  EXPECT_EQ(csv.headers.at("content-type"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(csv.body, "src.pod,bytes,rtt,protocol\r\n'=web-1,100,1.234,tcp\r\n");
  EXPECT_EQ(csv.headers.at("netprobe-truncated"), "false");
  EXPECT_EQ(ask(query, "&format=jsonl").body,
            "{\"src.pod\":\"=web-1\",\"bytes\":100,\"rtt\":1.234,\"protocol\":\"tcp\"}\n");
  EXPECT_EQ(ask(query, "&format=table").body,
            "src.pod  bytes  rtt (ms)  protocol\n=web-1     100     1.234  tcp\n");
  const auto parquet = ask(query, "&format=parquet");
  EXPECT_EQ(parquet.body, "PAR1 1");
  EXPECT_EQ(parquet.headers.at("content-disposition"),
            "attachment; filename=\"netprobe-flows.parquet\"");
  const auto page = ask("flows", "&format=csv&limit=1");
  EXPECT_EQ(page.headers.at("netprobe-truncated"), "true");
  EXPECT_FALSE(page.headers.at("netprobe-next-cursor").empty());
}

TEST_F(QueryApiTest, SaysThatParquetCannotBe) {
  store.write(make_history(60));
  const auto failed = ask("flows", "&format=parquet");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body.find("SELECT"), std::string::npos);
  start(false);
  const auto none = ask("flows", "&format=parquet");
  EXPECT_EQ(none.status, 501);
  EXPECT_NE(none.body.find("format=csv"), std::string::npos);
}

TEST_F(QueryApiTest, AnswersFromWhatIsLiveWhereHistoryIsOff) {
  start(false);
  const auto got = answer("flows | sum bytes");
  EXPECT_EQ(got.at("source").as_string(), "live");
  EXPECT_EQ(got.at("tier").as_string(), "live");
  EXPECT_EQ(json::serialize(got.at("rows")), "[[1500]]");
  ASSERT_EQ(got.at("warnings").as_array().size(), 1U);
  EXPECT_EQ(ask("flows", "&source=history").status, 503);
  EXPECT_TRUE(answer("flows | count", "&source=live").at("warnings").as_array().empty());
}

TEST_F(QueryApiTest, AsksWhatIsLiveOfEveryKind) {
  agent.set(testing::make_cluster_snapshot());
  for (const char* kind : {"flows", "drops", "connections", "alerts"}) {
    const auto got = answer(std::string(kind) + " | count", "&source=live");
    EXPECT_EQ(got.at("kind").as_string(), kind);
  }
  EXPECT_EQ(
      json::serialize(answer("drops | sum packets by drop.reason", "&source=live").at("rows")),
      R"([["NETFILTER_DROP",6],["OTHER",1]])");
}

TEST_F(QueryApiTest, SaysWhatHistoryLost) {
  store.write(make_history(1));
  store.lose(7);
  const auto got = answer("flows | count");
  const auto& completeness = got.at("completeness").as_object();
  EXPECT_FALSE(completeness.at("complete").as_bool());
  EXPECT_EQ(completeness.at("lost").as_object().at("history.disk_full").to_number<int>(), 7);
  EXPECT_FALSE(completeness.at("lost").as_object().contains("history.retention"));
}

TEST_F(QueryApiTest, SaysWhichNodesDidNotAnswer) {
  QuerySources sources{.asked = 3, .answered = 2};
  sources.missing = {{"node-c", "192.0.2.3:8082", "connection refused"}};
  sources.lost = {{"flow_table/evicted", 7}};
  store.answer_for(sources);
  const JsonSchema schema(json::parse(get("/api/openapi.json").body));
  for (const std::string target : {"/api/query?q=%7C%20count", "/api/flows?source=history"}) {
    const auto got = get(target);
    EXPECT_EQ(schema.check_answer(target.substr(0, target.find('?')), got.status, got.body),
              std::vector<std::string>{});
    const auto answer = json::parse(got.body).as_object();
    EXPECT_TRUE(answer.at("partial").as_bool()) << target;
    EXPECT_FALSE(answer.at("completeness").at("complete").as_bool()) << target;
    EXPECT_EQ(json::serialize(answer.at("sources")),
              R"({"agents":3,"answered":2,"missing":[{"node":"node-c",)"
              R"("address":"192.0.2.3:8082","problem":"connection refused"}],)"
              R"("lost":{"flow_table/evicted":7}})");
  }
}

TEST_F(QueryApiTest, GivesFlowsBackFromHistory) {
  store.write(make_history(3));
  // Four flows have ended, so what is live is not all.
  const auto got = json::parse(get("/api/flows?since=2h&sort=bytes&limit=2&q=dst.port%3D443").body);
  EXPECT_EQ(got.at("source").as_string(), "history");
  const auto& flows = got.at("flows").as_array();
  ASSERT_FALSE(flows.empty());
  EXPECT_EQ(got.at("tier").as_string(), "raw");
  const auto all = json::parse(get("/api/flows?since=2h&sort=bytes&source=history").body);
  ASSERT_EQ(all.at("flows").as_array().size(), 3U);
  const auto& first = all.at("flows").as_array()[0].as_object();
  EXPECT_EQ(first.at("src_ip").as_string(), "10.0.0.3");
  EXPECT_EQ(first.at("bytes").to_number<int>(), 600);
  EXPECT_EQ(first.at("verdict").as_string(), "closed");
  EXPECT_EQ(first.at("src_pod").as_string(), "shop/=web-1");
  EXPECT_EQ(json::serialize(first.at("src_labels")), R"({"app":"web","tier":"a=b"})");
  EXPECT_FALSE(first.contains("dst_labels"));
  EXPECT_EQ(first.at("tcp_flags").as_string(), "SA");
  EXPECT_EQ(first.at("reverse_tcp_flags").as_string(), "A");
}

TEST_F(QueryApiTest, KeepsToWhatIsLiveWhereThatIsAll) {
  store.write(make_history(3));
  EXPECT_EQ(json::parse(get("/api/flows").body).at("source").as_string(), "live");
  EXPECT_EQ(json::parse(get("/api/flows?since=2h&source=live").body).at("source").as_string(),
            "live");
  const auto matched = json::parse(get("/api/flows?q=bytes%3D300").body);
  EXPECT_EQ(matched.at("total").to_number<int>(), 1);
}

TEST_F(QueryApiTest, PagesThroughFlowsOfHistory) {
  store.write(make_history(7));
  std::string cursor;
  std::set<std::int64_t> seen;
  for (int page = 0; page < 30; ++page) {
    const auto got = json::parse(get("/api/flows?since=2h&limit=3&sort=last_seen" +
                                     (cursor.empty() ? "" : "&cursor=" + cursor))
                                     .body);
    EXPECT_EQ(got.at("source").as_string(), "history");
    for (const auto& flow : got.at("flows").as_array())
      seen.insert(flow.at("id").to_number<std::int64_t>());
    if (got.at("next_cursor").is_null()) break;
    cursor = got.at("next_cursor").as_string();
  }
  EXPECT_EQ(seen.size(), 7U);
}

TEST_F(QueryApiTest, GivesDropsAndConnectionsOfARangeFromHistory) {
  auto batch = std::make_shared<HistoryBatch>(*make_history(1));
  ConnectionEvent connection;
  connection.time = kBegin + 90 * kSecondMicros;
  connection.tuple = batch->flows.front().tuple;
  connection.id = 4711;
  connection.error = "ECONNREFUSED";
  connection.side = "server";
  connection.verdict = "refused";
  connection.bytes_sent = 7;
  batch->connections.push_back(connection);
  connection.time += kSecondMicros;  // another boot's socket had that cookie too
  connection.error.clear();
  batch->connections.push_back(connection);
  store.write(batch);
  const auto drops =
      json::parse(get("/api/drops?since=58m&until=1m&source=history").body).as_object();
  EXPECT_EQ(drops.at("drops").as_array().size(), 0U);
  const auto all = json::parse(get("/api/drops?since=2h&by=reason").body).as_object();
  EXPECT_EQ(all.at("source").as_string(), "history");
  ASSERT_EQ(all.at("drops").as_array().size(), 1U);
  EXPECT_EQ(all.at("drops").as_array()[0].at("count").to_number<int>(), 3);
  const auto ended = json::parse(get("/api/connections?since=2h&verdict=refused").body).as_object();
  EXPECT_EQ(ended.at("source").as_string(), "history");
  ASSERT_EQ(ended.at("connections").as_array().size(), 2U);
  const auto& one = ended.at("connections").as_array()[0].as_object();
  EXPECT_EQ(one.at("id").to_number<std::uint64_t>(), 4711U);
  EXPECT_EQ(one.at("error").as_string(), "ECONNREFUSED");
  const auto& other = ended.at("connections").as_array()[1].as_object();
  EXPECT_NE(other.at("id").to_number<std::uint64_t>(), 4711U);
  EXPECT_FALSE(other.contains("error"));
  const auto page = json::parse(get("/api/connections?since=2h&limit=1").body).as_object();
  const std::string cursor(page.at("next_cursor").as_string());
  EXPECT_EQ(json::parse(get("/api/connections?since=2h&limit=1&cursor=" + cursor).body)
                .at("connections")
                .as_array()
                .size(),
            1U);
  EXPECT_EQ(json::serialize(answer("connections connection_id=4711 | count").at("rows")), "[[2]]");
  EXPECT_EQ(one.at("src_ip").as_string(), "fd00::1");  // the socket's own
  EXPECT_EQ(one.at("bytes_sent").to_number<int>(), 7);
  EXPECT_EQ(json::parse(get("/api/drops").body).at("source").as_string(), "live");
  EXPECT_EQ(json::parse(get("/api/connections").body).at("source").as_string(), "live");
}

TEST_F(QueryApiTest, StreamsWhatAQueryMatches) {
  RawConnection client(server->port());
  client.send(
      "GET /api/stream?q=bytes%3E150%20dst.port=443&src_ip=10.0.0.0/24 HTTP/1.1\r\nHost: "
      "x\r\n\r\n");
  ASSERT_TRUE(client.read_until("\"query\":"));
  agent.wait_for_subscribers(1);
  auto batch = std::make_shared<FlowBatch>();
  for (std::uint64_t id = 1; id <= 3; ++id) batch->flows.push_back(testing::make_flow(id));
  agent.publish(batch);
  ASSERT_TRUE(client.read_until("event: flow\ndata: {\"id\":3,"));
  EXPECT_EQ(client.seen().find("\"id\":1,"), std::string::npos);
  EXPECT_NE(client.seen().find("\"id\":2,"), std::string::npos);
}

TEST_F(QueryApiTest, RefusesAPipeAndOtherKindsInAStream) {
  const auto pipe = get("/api/stream?q=port%3D1%20%7C%20count");
  EXPECT_EQ(pipe.status, 400);
  EXPECT_GE(json::parse(pipe.body).at("column").to_number<int>(), 8);
  EXPECT_EQ(get("/api/stream?q=drops").status, 400);
  EXPECT_EQ(get("/api/flows?q=drops").status, 400);
}

TEST_F(QueryApiTest, HelpsToWriteQueries) {
  const auto good = json::parse(get("/api/query/validate?q=port%3D443").body).as_object();
  EXPECT_TRUE(good.at("valid").as_bool());
  const auto bad = json::parse(get("/api/query/validate?q=prot%3D443").body).as_object();
  EXPECT_FALSE(bad.at("valid").as_bool());
  EXPECT_EQ(bad.at("error").at("column").to_number<int>(), 1);
  const auto words = json::parse(get("/api/query/complete?q=src.na").body).as_object();
  EXPECT_NE(json::serialize(words.at("words")).find("src.namespace"), std::string::npos);
  EXPECT_EQ(words.at("from").to_number<int>(), 0);
  EXPECT_EQ(words.at("to").to_number<int>(), 6);
  EXPECT_EQ(get("/api/query/complete?q=a&at=-1").status, 400);
  EXPECT_EQ(get("/api/query/validate").status, 400);
  const auto fields = json::parse(get("/api/query/fields").body).at("fields").as_array();
  EXPECT_GT(fields.size(), 50U);
}

TEST_F(QueryApiTest, AnswersAsDescribed) {
  store.write(make_history(3));
  const JsonSchema schema(json::parse(get("/api/openapi.json").body));
  for (const std::string target :
       {"/api/query?q=flows", "/api/query?q=flows&objects=true", "/api/query?q=drops",
        "/api/query?q=connections&source=live", "/api/query?q=flows%20%7C%20histogram%20rtt",
        "/api/query?q=flows%20%7C%20rate%20bytes%20every%201m", "/api/query?q=%7C",
        "/api/query/validate?q=port%3D1", "/api/query/validate?q=%7C%7C", "/api/query/fields",
        "/api/query/complete?q=src.", "/api/drops?since=2h", "/api/connections?since=2h",
        "/api/flows?since=2h", "/api/flows?since=2h&source=history"}) {
    const auto got = get(target);
    EXPECT_EQ(schema.check_answer(target.substr(0, target.find('?')), got.status, got.body),
              std::vector<std::string>{})
        << target;
  }
}

}  // namespace
}  // namespace netprobe
