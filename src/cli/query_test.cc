// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/query_answer.h"
#include "cli/testing/answers.h"
#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::testing;

std::string answer(const std::string& rows, const std::string& cursor = "null") {
  return R"({"query":"flows | x","kind":"flows","columns":[{"name":"src.workload","type":"text"},)"
         R"({"name":"sum_bytes","type":"count"},{"name":"p99_rtt","type":"duration","unit":"ms"},)"
         R"({"name":"time","type":"time"}],"rows":[)" +
         rows + R"(],"total":1,"truncated":)" + (cursor == "null" ? "false" : "true") +
         R"(,"next_cursor":)" + cursor +
         R"(,"source":"history","tier":"1m","resolution_seconds":60,"exact":true,)"
         R"("since":"2026-01-02T03:00:00.000000000Z","until":null,"kept_since":null,)"
         R"("warnings":["a file is missing"],"took_ms":3.2,)"
         R"("completeness":{"lost":{"flow.ring_full":3},"complete":false}})";
}
const std::string kRow = R"(["=web",1234567,1.234,"2026-01-02T03:04:05.000000000Z"])";
const std::string kNothing = R"([null,0,null,null])";

TEST(QueryCommand, ShowsATableForPeople) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kRow + "," + kNothing));
  const auto run =
      run_netprobe({"query", "a b=1", "--last", "1h", "-n", "5", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out,
            "SRC.WORKLOAD  SUM_BYTES  P99_RTT  TIME\n"
            "=web             1.2 MB    1.2ms  2026-01-02T03:04:05Z\n"
            "-                   0 B        -  -\n");
  EXPECT_THAT(run.err, HasSubstr("a file is missing"));
  EXPECT_THAT(agent.requests(), ElementsAre("/api/query?q=a%20b%3D1&since=1h&limit=5"));
}

TEST(QueryCommand, WritesCsvThatIsNoFormula) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kRow + "," + kNothing));
  const auto run = run_netprobe({"query", "x", "-o", "csv", "--agent", agent.url()});
  EXPECT_EQ(run.out,
            "src.workload,sum_bytes,p99_rtt,time\r\n"
            "'=web,1234567,1.234,2026-01-02T03:04:05.000000000Z\r\n"
            ",0,,\r\n");
}

TEST(QueryCommand, GoesThroughAllPages) {
  FakeAgent agent;
  agent.answer("/api/query", answer(R"({"a":1})", R"("c/1")"));
  agent.answer_target("/api/query?q=x&limit=5000&objects=true&cursor=c%2F1", answer(R"({"a":2})"));
  const auto run = run_netprobe({"query", "x", "--all", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "{\"a\":1}\n{\"a\":2}\n");
}

TEST(QueryCommand, SaysThatThereAreMore) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kRow, R"("c")"));
  const auto run = run_netprobe({"query", "x", "--agent", agent.url()});
  EXPECT_THAT(run.err, HasSubstr("there are more: --all"));
}

TEST(QueryCommand, PointsAtWhatIsWrong) {
  FakeAgent agent;
  agent.answer("/api/query",
               R"({"title":"Bad Request","status":400,"detail":"unknown field 'scr.ip'",)"
               R"("parameter":"q","column":6,"length":6,"expected":["src.ip"]})",
               400, "application/problem+json");
  const auto run = run_netprobe({"query", "ä a scr.ip=1", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            "netprobe: unknown field 'scr.ip'\n"
            "  ä a scr.ip=1\n"
            "      ^~~~~~\n");
}

TEST(QueryProblem, PointsIntoTheLineAndSurvivesAnything) {
  const auto problem = [](int column, int length) {
    return R"({"detail":"no","parameter":"q","column":)" + std::to_string(column) +
           R"(,"length":)" + std::to_string(length) + "}";
  };
  EXPECT_EQ(query_problem(problem(5, 3), "abc\nde"), "no\n  de\n  ^~");
  EXPECT_EQ(query_problem(problem(7, 0), "abc\nde"), "no\n  de\n    ^");
  EXPECT_EQ(query_problem(problem(1, 99), ""), "no\n  \n  ^");
  EXPECT_EQ(query_problem(problem(99, 1), "abc"), "no");
  EXPECT_EQ(query_problem("<html>", "abc"), "");
  EXPECT_THAT(query_problem(problem(1, 1), "\x1b[31m"), Not(HasSubstr("\x1b")));
}

TEST(QueryCommand, SaysThatItIsTooBroad) {
  FakeAgent agent;
  agent.answer("/api/query", R"({"title":"x","status":422,"detail":"it reads too many rows"})", 422,
               "application/problem+json");
  const auto run = run_netprobe({"query", "x", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "netprobe: it reads too many rows\n");
}

TEST(QueryCommand, ExplainsHowItWasAnswered) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kRow));
  const auto run = run_netprobe({"query", "x", "--explain", "--agent", agent.url()});
  EXPECT_THAT(run.out, HasSubstr("query       flows | x\n"));
  EXPECT_THAT(run.out, HasSubstr("tier        1m\n"));
  EXPECT_THAT(run.out, HasSubstr("resolution  1m00s\n"));
  EXPECT_THAT(run.out, HasSubstr("flow.ring_full 3\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("=web")));
}

TEST(QueryCommand, ReadsTheQueryAndWritesAFile) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kRow));
  const auto run = run_shell(
      "file=$(mktemp) && printf 'a=1\\n| count\\n' | $NETPROBE query - -o csv --out \"$file\" "
      "--agent " +
      agent.url() + " && head -1 \"$file\"; rm -f \"$file\"");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "src.workload,sum_bytes,p99_rtt,time\r\n");
  EXPECT_THAT(agent.requests(), ElementsAre("/api/query?q=a%3D1%0A%7C%20count"));
}

TEST(QueryCommand, SendsALongQueryInTheBody) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kRow));
  std::string query = "dst.port in (1";
  while (query.size() < 6'000) query += ",65535";
  query += ")";
  const auto run = run_netprobe({"query", query, "-n", "5", "-o", "csv", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(agent.requests(), ElementsAre("/api/query?limit=5"));
  EXPECT_EQ(agent.last_body(), query);
  agent.answer("/api/query", R"({"detail":"/api/query takes GET and HEAD only"})", 405,
               "application/problem+json");
  const auto old = run_netprobe({"query", query, "--agent", agent.url()});
  EXPECT_EQ(old.exit_code, 1);
  EXPECT_THAT(old.err, HasSubstr("too old"));
}

TEST(QueryCommand, FollowsLiveSums) {
  FakeAgent agent;
  const auto step = [](const std::string& rows, int left_out) {
    return R"(event: window
data: {"columns":[{"name":"time","type":"time"},{"name":"sum_bytes","type":"count"}],"rows":[)" +
           rows + R"(],"left_out":{"records":)" + std::to_string(left_out) +
           R"(,"bytes":2000},"missing":0})" + "\n\n";
  };
  agent.answer("/api/stream",
               "event: hello\ndata: {\"sums\":true}\n\n" +
                   step(R"(["2026-01-02T03:04:05Z",1])", 0) +
                   step(R"(["2026-01-02T03:04:10Z",2])", 3),
               200, "text/event-stream");
  const auto run = run_netprobe(
      {"query", "--follow", "sum bytes every 5s", "-n", "2", "-o", "csv", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "time,sum_bytes\r\n2026-01-02T03:04:05Z,1\r\n2026-01-02T03:04:10Z,2\r\n");
  EXPECT_THAT(run.err, HasSubstr("2.0 kB of this step"));
  EXPECT_THAT(agent.requests(), ElementsAre("/api/stream?q=sum%20bytes%20every%205s"));
  const auto observed = run_netprobe({"observe", "sum bytes every 5s", "--agent", agent.url()});
  EXPECT_THAT(observed.out, HasSubstr("SUM_BYTES"));
  EXPECT_THAT(observed.out, Not(HasSubstr("PROTO")));
}

TEST(QueryCommand, TakesParquetAsItComes) {
  FakeAgent agent;
  agent.answer("/api/query", "PAR1 bytes PAR1", 200, "application/vnd.apache.parquet");
  const auto run = run_netprobe({"query", "x", "-o", "parquet", "--agent", agent.url()});
  EXPECT_EQ(run.out, "PAR1 bytes PAR1");
  EXPECT_THAT(agent.requests(), ElementsAre("/api/query?q=x&format=parquet"));
}

std::string flows(const std::string& list, const std::string& cursor = "null") {
  return R"({"flows":[)" + list + R"(],"total":null,"next_cursor":)" + cursor + "}";
}

TEST(ObservePast, PrintsARangeAsItCameAbout) {
  FakeAgent agent;
  agent.answer("/api/flows", flows(flow(3) + "," + flow(2), R"("h")"));
  agent.answer_target(
      "/api/flows?sort=last_seen&limit=1000&since=1h&until=5m&q=port%3D53&pod=a&cursor=h",
      flows(flow(1)));
  const auto run = run_netprobe({"observe", "port=53", "--pod", "a", "--since", "1h", "--until",
                                 "5m", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, flow(1) + "\n" + flow(2) + "\n" + flow(3) + "\n");
}

TEST(ObservePast, TakesTheNewestSoMany) {
  FakeAgent agent;
  agent.answer("/api/flows", flows(flow(3) + "," + flow(2) + "," + flow(1)));
  const auto run = run_netprobe({"observe", "--last", "2", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(run.out, flow(2) + "\n" + flow(3) + "\n");
  EXPECT_THAT(agent.requests(), ElementsAre("/api/flows?sort=last_seen&limit=2&since=24h"));
}

TEST(ObservePast, GoesOnWithTheStreamThatItOpenedFirst) {
  FakeAgent agent;
  agent.answer("/api/flows", flows(flow(2) + "," + flow(1)));
  agent.answer("/api/stream",
               "event: hello\ndata: {}\n\nevent: flow\ndata: " + flow(2) +
                   "\n\nevent: flow\ndata: " + flow(3) + "\n\n",
               200, "text/event-stream");
  const auto run = run_netprobe({"observe", "--last", "15m", "--follow", "-q", "port=53", "-o",
                                 "json", "--agent", agent.url()});
  EXPECT_EQ(run.out, flow(1) + "\n" + flow(2) + "\n" + flow(2) + "\n" + flow(3) + "\n");
  EXPECT_THAT(agent.requests(),
              ElementsAre("/api/stream?q=port%3D53",
                          "/api/flows?sort=last_seen&limit=1000&since=15m&q=port%3D53"));
}

}  // namespace
}  // namespace netprobe
