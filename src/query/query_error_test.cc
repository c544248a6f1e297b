// SPDX-License-Identifier: Apache-2.0
#include "query/query_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "query/query.h"

namespace netprobe {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Nanos kNow = 1'767'225'600LL * kSecond;

/// The place of the error that `marked` has with [ and ] around it.
struct Marked {
  std::string text;
  std::size_t column = 0;
  std::size_t length = 0;
};
Marked unmark(std::string_view marked) {
  Marked place;
  for (const char c : marked) {
    if (c == '[') {
      place.column = place.text.size();
    } else if (c == ']') {
      place.length = place.text.size() - place.column;
    } else {
      place.text += c;
    }
  }
  return place;
}

void expect_error(std::string_view marked, const std::string& message) {
  const Marked place = unmark(marked);
  const auto query = parse_query(place.text, kNow);
  ASSERT_FALSE(query) << place.text;
  EXPECT_EQ(query.error().message, message) << place.text;
  EXPECT_EQ(query.error().column, place.column) << place.text;
  EXPECT_EQ(query.error().length, place.length) << place.text;
}

TEST(QueryErrors, Fields) {
  expect_error("[scr.ip]=10.0.0.1", "unknown field 'scr.ip'; did you mean 'src.ip'?");
  expect_error("ip=::1 or [dst_prot]=1", "unknown field 'dst_prot'; did you mean 'dst.port'?");
  expect_error("[a.b]=1",
               "unknown field 'a.b'; there are ip, port, protocol, namespace, pod, workload, bytes "
               "and others (docs/query.md)");
}

TEST(QueryErrors, Values) {
  expect_error("src.port=[http]", "'src.port' takes a number from 0 to 65535, not 'http'");
  expect_error("port in (80, [70000])", "'port' takes a number from 0 to 65535, not '70000'");
  expect_error("rtt<[5]", "'rtt' takes a duration such as 5ms or 1m30s, not '5'");
  expect_error("bytes=[none]", "'bytes' always has a value, it is never none");
  expect_error("direction=[ingres]",
               "'direction' takes one of intra-node, inter-node, ingress, egress, pod-to-pod, "
               "service, external, not 'ingres'; did you mean 'ingress'?");
  expect_error("ip=[10.0.0.300]",
               "'ip' takes an address, a prefix such as 10.0.0.0/8 or a range, not '10.0.0.300'");
  expect_error("pod=[a/b/c]",
               "'pod' takes a name or namespace/name; * stands for any text, not 'a/b/c'");
  expect_error("src.ip~[web]",
               "'src.ip' is no text: it takes an address, a prefix such as 10.0.0.0/8 or a range "
               "and no pattern");
  expect_error("name<[a]",
               "'name' takes a text; * stands for any: it is not less or greater than anything");
  expect_error("time>[noon]",
               "'time' takes a time such as 2026-11-26T08:00:00Z, or 15m for so long ago, not "
               "'noon'");
  expect_error("src.port=[]", "a value of 'src.port', a number from 0 to 65535, is expected here");
}

TEST(QueryErrors, Patterns) {
  expect_error("name~\"[a(b]\"", "the pattern cannot be used: a ')' is missing");
  expect_error("name~\"a[(?=]b)\"",
               "the pattern cannot be used: no such group; looking ahead and behind is not taken");
  expect_error("name~\"x[\\1]\"",
               "the pattern cannot be used: no such escape; back references and the like are not "
               "taken");
  expect_error("name~\"((x[{1000}]){1000})\"",
               "the pattern cannot be used: it repeats too often (1000 is the most)");
}

TEST(QueryErrors, Kinds) {
  expect_error(
      "drop.reason=X [rtt]>5ms",
      "field 'rtt' is of flows and connections, 'drop.reason' of drops: one query asks for "
      "one kind");
  expect_error("flows [drop.reason]=X",
               "field 'drop.reason' is of drops; this query asks for flows");
  expect_error("[netns]=5",
               "'netns' is of drops and connections: begin the query with the one that is meant");
  expect_error("severity=high | sum [bytes]",
               "field 'bytes' is of flows and drops, 'severity' of alerts: one query asks for one "
               "kind");
  expect_error("ip=::1 [drops]", "'drops' says what is asked for: it is the first word of a query");
}

TEST(QueryErrors, Shape) {
  expect_error("[(]ip=::1", "this '(' is never closed");
  expect_error("ip=::1[)]", "there is a ')' too many");
  expect_error("ip=::1 and []", "a condition such as src.ip=10.0.0.0/8 is expected here");
  expect_error("ip=::1 or [or] port=1",
               "a condition such as src.ip=10.0.0.0/8 is expected here, not 'or'");
  expect_error("[=]5", "a field is missing before '='");
  expect_error("ip [10.0.0.1]", "an operator behind 'ip' is expected here, not '10.0.0.1'");
  expect_error("port=53[,]80", "several values stand in parentheses: FIELD in (a, b)");
  expect_error("port in [53]", "a list in parentheses: in (a, b) is expected here, not '53'");
  expect_error("name=[\"abc]", "a quote is opened here and never closed");
  expect_error("name=a[&]b=c", "write 'and' or '&&'");
  expect_error("name=[\\]d", "a text with a '\\' stands in quotes");
  expect_error("[src.label]=x", "which label? Write src.label.KEY, such as src.label.app");
}

TEST(QueryErrors, HabitsOfOtherLanguages) {
  expect_error("[tcp]", "unknown field 'tcp'; write protocol=tcp");
  expect_error("[10.0.0.0/8]", "an address needs a field: write ip=10.0.0.0/8");
  expect_error("[src.ip:10.0.0.1]", "a ':' compares nothing: write src.ip=VALUE");
  expect_error("src.port=1 [since] 1h", "'since' begins a stage: write '| since'");
}

TEST(QueryErrors, Stages) {
  expect_error(
      "| [topp] 5 src.ip by bytes",
      "there is no stage 'topp'; did you mean 'top'?; there are: count, sum, min, max, avg, "
      "rate, peak, distinct, quantile, p50, p90, p95, p99, top, histogram, new, by, order "
      "by, limit, fields, last, since, until");
  expect_error("| sum [bytez]", "unknown field 'bytez'; did you mean 'bytes'?");
  expect_error("| sum [src.port]",
               "'sum' does not go with 'src.port': it is nothing to add up or compare");
  expect_error("| count by [namespace]",
               "'namespace' means either side: group by one of src.namespace, dst.namespace, "
               "service.namespace");
  expect_error("| sum bytes | [count]", "a query sums up once, and this one did before");
  expect_error("| limit 5 | [sum] bytes", "'sum' comes before order, limit and fields");
  expect_error("| sum bytes | order by [rtt]", "there is no column 'rtt'; there are: sum_bytes");
  expect_error("| limit [0]", "a number from 1 to 10000000 is expected here, not '0'");
  expect_error("| top 5 src.ip by bytes [every] 1m",
               "top has no steps: every step would have its own first ones");
  expect_error("| count every [10ms]", "a step is 1s or longer");
  expect_error("| since 1h | until [2h]", "since is not before until: nothing lies between");
  expect_error("| quantile [2] rtt",
               "a share above 0 and at most 1, such as 0.99, is expected here, not '2'");
  expect_error("| count | fields [time]",
               "fields are chosen of records; sums have the columns of their own");
}

TEST(QueryErrors, ForTerminals) {
  const std::string text = "ip=::1 scr.ip=::2";
  EXPECT_EQ(format_query_error(text, parse_query(text, kNow).error()),
            "at column 8: unknown field 'scr.ip'; did you mean 'src.ip'?\n"
            "  ip=::1 scr.ip=::2\n"
            "         ^~~~~~");
  // Columns are counted in characters; what controls a terminal is left out.
  const std::string wide = "name=\"äöü\"\n and x=1";
  EXPECT_THAT(format_query_error(wide, parse_query(wide, kNow).error()),
              HasSubstr("at column 17: unknown field 'x'"));
  EXPECT_THAT(format_query_error(wide, parse_query(wide, kNow).error()),
              EndsWith("\n  name=\"äöü\"  and x=1\n                  ^"));
  // Of a long text, what is around the place.
  const std::string far = std::string(500, ' ') + "scr.ip=1" + std::string(500, ' ');
  const auto shown = format_query_error(far, parse_query(far, kNow).error());
  EXPECT_LT(shown.size(), 300U);
  EXPECT_THAT(shown, StartsWith("at column 501: "));
  EXPECT_THAT(shown, HasSubstr("scr.ip=1"));
}

TEST(QueryErrors, TellWhatMayStandThere) {
  const auto direction = parse_query("direction=up", kNow);
  ASSERT_FALSE(direction);
  EXPECT_THAT(direction.error().expected, Contains("pod-to-pod"));
  const auto op = parse_query("src.port 53", kNow);
  ASSERT_FALSE(op);
  EXPECT_THAT(op.error().expected, Contains("<="));
}

}  // namespace
}  // namespace netprobe
