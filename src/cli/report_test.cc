// SPDX-License-Identifier: Apache-2.0
#include "cli/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/duration.h"
#include "cli/report/parts.h"
#include "cli/report/svg.h"
#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe::report {
namespace {

using netprobe::testing::FakeAgent;
using netprobe::testing::run_netprobe;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHostile = R"(a"><script>alert(1)</script>&'b)";

std::string answer_of(const std::string& columns, const std::string& rows) {
  return R"({"query":"flows | <x>","columns":[)" + columns + R"(],"rows":[)" + rows +
         R"(],"total":1,"source":"history","tier":"raw","warnings":["<b>bold</b>"]})";
}

PartAnswer part_of(Part part, const std::string& columns, const std::string& rows) {
  return {.part = part,
          .query = part_query(part, 60 * kSecond),
          .answer = QueryAnswerView::parse(answer_of(columns, rows)).value(),
          .problem = {}};
}

Report hostile_report() {
  std::string name;
  for (const char c : kHostile) name += c == '"' ? "\\\"" : std::string(1, c);
  Report report{.agent = "http://<agent>",
                .node = std::string(kHostile),
                .version = "1",
                .since = 0,
                .until = 3600 * kSecond,
                .step = 60 * kSecond,
                .parts = {}};
  const std::string text = R"({"name":"a","type":"text"})";
  const std::string sum = R"({"name":"sum_total_bytes","type":"count"})";
  const std::string quoted = "\"" + name + "\"";
  report.parts.push_back(part_of(Part::kTraffic, R"({"name":"time","type":"time"},)" + sum,
                                 R"(["1970-01-01T00:10:00Z",600],["1970-01-01T00:11:00Z",60])"));
  report.parts.push_back(part_of(Part::kWorkloads,
                                 text + "," + text + "," + text + "," + text + "," + sum,
                                 "[" + quoted + "," + quoted + ",null,null,5]"));
  report.parts.push_back(part_of(Part::kNamespaces, text + "," + text + "," + sum,
                                 "[" + quoted + ",\"shop\",5],[\"shop\",\"shop\",7]"));
  report.parts.push_back(part_of(Part::kDrops, text + "," + sum, "[" + quoted + ",1]"));
  report.parts.push_back(part_of(
      Part::kRtt, R"({"name":"le","type":"duration","unit":"ms"},{"name":"count","type":"count"})",
      R"([0.05,1],[2.5,8],["+Inf",1])"));
  report.parts.push_back({.part = Part::kVerdicts,
                          .query = "q",
                          .answer = std::nullopt,
                          .problem = "no <i>answer</i>"});
  return report;
}

TEST(ReportHtml, LetsNoForeignTextBeMarkup) {
  for (const auto language : {Language::kEnglish, Language::kChinese}) {
    const std::string html = report_html(hostile_report(), language);
    EXPECT_THAT(html, Not(HasSubstr("<script")));
    EXPECT_THAT(html, Not(HasSubstr("<b>")));
    EXPECT_THAT(html, Not(HasSubstr("<i>")));
    EXPECT_THAT(html, Not(HasSubstr("<agent>")));
    EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;b"));
  }
}

TEST(ReportHtml, NeedsNothingElse) {
  const std::string html = report_html(hostile_report(), Language::kEnglish);
  for (const char* word : {"src=", "href=", "url(", "@import", "javascript:", "onload"})
    EXPECT_THAT(html, Not(HasSubstr(word)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
}

TEST(ReportHtml, ClosesEveryElement) {
  const std::string html = report_html(hostile_report(), Language::kEnglish);
  const std::set<std::string> empty{"meta", "!DOCTYPE", "line"};
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string::npos; ++at) {
    const bool closes = html[at + 1] == '/';
    const std::string name =
        html.substr(at + 1 + closes, html.find_first_of(" >/", at + 1 + closes) - at - 1 - closes);
    const std::size_t end = html.find('>', at);
    if (empty.contains(name) || html[end - 1] == '/') continue;
    if (!closes) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    EXPECT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty());
}

TEST(ReportHtml, SpeaksChinese) {
  const std::string html = report_html(hostile_report(), Language::kChinese);
  EXPECT_THAT(html, HasSubstr("lang=\"zh-CN\""));
  EXPECT_THAT(html, HasSubstr("网络报告"));
}

TEST(ReportText, HasEveryPart) {
  const std::string text = report_text(hostile_report(), false, Language::kEnglish);
  EXPECT_THAT(text, HasSubstr("Traffic over time\n"));
  EXPECT_THAT(text, HasSubstr("1970-01-01 00:10"));
  EXPECT_THAT(text, HasSubstr("2.5ms "));
  EXPECT_THAT(text, HasSubstr("50us "));
  EXPECT_THAT(text, HasSubstr("This part has no answer: no <i>answer</i>"));
}

TEST(ReportJson, HasTheAnswersAsTheyAre) {
  const std::string text = report_json(hostile_report());
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(text).get(root), simdjson::SUCCESS);
  simdjson::dom::array parts;
  ASSERT_EQ(root["parts"].get(parts), simdjson::SUCCESS);
  EXPECT_EQ(parts.size(), 6U);
  EXPECT_EQ(std::string_view(parts.at(3)["answer"]["rows"].at(0).at(0)), kHostile);
  EXPECT_EQ(std::string_view(parts.at(5)["problem"]), "no <i>answer</i>");
}

TEST(ReportParts, TurnsSumsIntoRates) {
  const auto report = hostile_report();
  const auto points = points_of(report.parts[0], report.step);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].time, 600 * kSecond);
  EXPECT_DOUBLE_EQ(points[0].value, 10);
}

TEST(ReportParts, PutsThoseWithMostInTheMatrix) {
  const auto report = hostile_report();
  const auto matrix = matrix_of(report.parts[2], 1);
  EXPECT_EQ(matrix.rows, std::vector<std::string>{"shop"});
  EXPECT_EQ(matrix.columns, std::vector<std::string>{"shop"});
  EXPECT_EQ(matrix.values, std::vector<double>{7});
}

TEST(Report, HasAStepForAnyRange) {
  EXPECT_EQ(step_of(3600 * kSecond), 60 * kSecond);
  EXPECT_EQ(step_of(24 * 3600 * kSecond), 15 * 60 * kSecond);
  for (const Nanos days : {7, 30, 90, 365, 3650})
    EXPECT_LE(days * 24 * 3600 * kSecond / step_of(days * 24 * 3600 * kSecond), 100);
}

TEST(Svg, EndsAxesAtRoundNumbers) {
  EXPECT_EQ(axis_end(0), 1);
  EXPECT_EQ(axis_end(0.3), 0.5);
  EXPECT_EQ(axis_end(101), 200);
  EXPECT_EQ(axis_end(200), 200);
  EXPECT_EQ(axis_end(6e9), 1e10);
  EXPECT_EQ(axis_end(1.0 / 0.0), 1);
}

TEST(Svg, DrawsNothingOfNothing) {
  for (const auto& svg : {bar_chart("x", {}, Unit::kCount), column_chart("x", {}, Unit::kCount),
                          heat_map({}), time_chart({})}) {
    EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

TEST(Svg, EscapesAndShortens) {
  EXPECT_EQ(escaped("<a b=\"c\">&'\x01"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;?");
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdefg", 6), "abcde…");
  EXPECT_EQ(shortened("队列队列", 5), "队列…");
}

TEST(ReportCommand, AsksAnyAgentForItsParts) {
  FakeAgent agent;
  agent.answer("/api/stats", R"({"node_name":"n1","version":"7"})");
  agent.answer(
      "/api/query",
      answer_of(R"({"name":"a","type":"text"},{"name":"count","type":"count"})", R"(["x",1])"));
  const auto run = run_netprobe({"report", "--last", "2h", "-o", "html", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(run.out.starts_with("<!DOCTYPE html>"));
  EXPECT_THAT(run.out, HasSubstr("node n1"));
  const auto requests = agent.requests();
  EXPECT_EQ(requests.size(), 1 + kParts);
  EXPECT_THAT(requests[1], HasSubstr("every%202m"));
}

TEST(ReportCommand, IsNoReportWithoutAnyAnswer) {
  FakeAgent agent;
  agent.answer("/api/stats", "{}");
  agent.answer("/api/query", R"({"title":"x","status":503,"detail":"history is away"})", 503,
               "application/problem+json");
  const auto run = run_netprobe({"report", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "netprobe: history is away\n");
  EXPECT_EQ(run.out, "");
}

}  // namespace
}  // namespace netprobe::report
