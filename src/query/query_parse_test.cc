// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "query/query.h"

namespace netprobe {
namespace {

constexpr Nanos kNow = 1'767'225'600LL * kSecond;  // 2026-01-01T00:00:00Z

/// The canonical form, or the error with its place.
std::string read(std::string_view text) {
  const auto query = parse_query(text, kNow);
  if (query) return canonical(*query);
  return std::to_string(query.error().column) + "+" + std::to_string(query.error().length) + ": " +
         query.error().message;
}

/// Parses to what the other text says in full.
void expect_same(std::string_view text, std::string_view meaning) {
  EXPECT_EQ(read(text), meaning) << text;
  EXPECT_EQ(read(meaning), meaning) << "read again";
}

TEST(QueryParse, TheThreeExamples) {
  expect_same("src.namespace=shop dst.namespace=db dst.port=5432 | top 10 src.workload by bytes",
              "flows src.namespace=shop and dst.namespace=db and dst.port=5432 | sum bytes by "
              "src.workload | order by sum_bytes desc | limit 10");
  expect_same("dropped dst.ip=10.0.0.0/8 | sum bytes by drop.reason",
              "drops dst.ip=10.0.0.0/8 | sum bytes by drop.reason");
  expect_same("ip=10.1.2.3 not port=53 | sum bytes by src.workload, dst.workload every 1m",
              "flows ip=10.1.2.3 and port!=53 | sum bytes by src.workload, dst.workload every 1m");
}

TEST(QueryParse, AndBindsTighterThanOr) {
  expect_same("src.port=1 or src.port=2 dst.port=3",
              "flows src.port=1 or src.port=2 and dst.port=3");
  expect_same("(src.port=1 || src.port=2) && dst.port=3",
              "flows (src.port=1 or src.port=2) and dst.port=3");
  expect_same("! src.port=1 dst.port=3", "flows src.port!=1 and dst.port=3");
  expect_same("not (src.port=1 AND dst.port=3)", "flows not (src.port=1 and dst.port=3)");
  expect_same("((src.port=1))", "flows src.port=1");
  expect_same("not not src.port=1", "flows src.port=1");
}

TEST(QueryParse, ABareNameIsEitherSideAndItsNegationNeither) {
  const auto query = parse_query("port!=53", kNow);
  ASSERT_TRUE(query);
  const auto& negation = std::get<Expr::Not>(query->filter->node);
  const auto& any = std::get<Expr::Or>(negation.what->node).any;
  ASSERT_EQ(any.size(), 4U);  // and what they are translated to
  EXPECT_EQ(std::get<Expr::Compare>(any[0]->node).field.id, FieldId::kSrcPort);
  EXPECT_EQ(std::get<Expr::Compare>(any[1]->node).field.id, FieldId::kDstPort);
  EXPECT_EQ(std::get<Expr::Compare>(any[3]->node).field.id, FieldId::kTranslatedDstPort);

  // Only flows know of translations, whether the kind is said or follows.
  for (const auto* text : {"drops port=53", "port=53 drop.hook=ip", "drop.hook=ip port=53"}) {
    const auto drops = parse_query(text, kNow);
    ASSERT_TRUE(drops) << text;
    EXPECT_EQ(canonical(*drops).find("translated"), std::string::npos) << canonical(*drops);
    EXPECT_NE(canonical(*drops).find(" port=53"), std::string::npos) << canonical(*drops);
  }
  expect_same("node=n1", "flows node=n1");
  expect_same("observer=n1 or src.node=n1 or dst.node=n1", "flows node=n1");
  expect_same("ns!=shop", "flows namespace!=shop");
  expect_same("not label.app in (a, b)", "flows label.app not in (a, b)");
}

TEST(QueryParse, WithoutAConditionAStageNeedsNoBar) {
  for (const auto* text : {"top 3 src.ip by bytes", "sum bytes by src.ip | limit 5", "count",
                           "p99 rtt", "last 1h | count", "limit 3"})
    expect_same(text, read(std::string("| ") + text));
  expect_same("drops top 3 drop.reason by packets",
              "drops | sum packets by drop.reason | order by "
              "sum_packets desc | limit 3");
  expect_same("flows since 1h | count", read("flows | since 1h | count"));
  EXPECT_FALSE(parse_filter("top 3 src.ip by bytes", kNow));
}

TEST(QueryParse, NamesHaveAliases) {
  for (const auto* text : {"src.ip=::1", "src_ip=::1", "SRC-IP=::1", "source.address=::1",
                           "from.ip=::1", "client.address=::1", "src.host=::1", "ip.src=::1"})
    EXPECT_EQ(read(text), "flows src.ip=::1") << text;
  expect_same("k8s.src.namespace=a", "flows src.namespace=a");
  expect_same("k8s.dst.pod.name=a", "flows dst.pod=a");
  expect_same("destination.port=1", "flows dst.port=1");
  expect_same("network.transport=tcp", "flows protocol=tcp");
  expect_same("host=10.0.0.1", "flows ip=10.0.0.1");
  expect_same("net=10.0.0.0/8", "flows ip=10.0.0.0/8");
  // A label's key is what it is.
  expect_same("src.label.App-x_y/z=v", "flows src.label.App-x_y/z=v");
  expect_same("k8s.src.pod.labels.app=v", "flows src.label.app=v");
}

TEST(QueryParse, KindFollowsFromFields) {
  EXPECT_EQ(parse_query("", kNow)->kind, RecordKind::kFlow);
  EXPECT_EQ(parse_query("bytes>1", kNow)->kind, RecordKind::kFlow);
  EXPECT_EQ(parse_query("| sum bytes by reason", kNow)->kind, RecordKind::kDrop);
  EXPECT_EQ(parse_query("error=ECONNREFUSED", kNow)->kind, RecordKind::kConnection);
  EXPECT_EQ(parse_query("severity=high", kNow)->kind, RecordKind::kAlert);
  expect_same("flows flows=1 | count", "flows flows=1 | count");
  expect_same("flows=1", "flows flows=1");
  expect_same("connections not in (1, 2)", "flows connections not in (1, 2)");
  expect_same("connections not port=53", "connections port!=53");
}

TEST(QueryParse, ValuesOfEachType) {
  expect_same("src.ip in (10.0.0.0/8, fd00::/8, ::1, none)",
              "flows src.ip in (10.0.0.0/8, fd00::/8, ::1) or src.ip=none");
  // A flow that is not translated has no address that is not known.
  expect_same("ip=none", "flows src.ip=none or dst.ip=none");
  expect_same("port!=0", "flows not (src.port=none or dst.port=none)");
  expect_same("dst.ip=10.0.0.1-10.0.0.9", "flows dst.ip>=10.0.0.1 and dst.ip<=10.0.0.9");
  expect_same("dst.ip=10.0.0.1/32", "flows dst.ip=10.0.0.1");
  expect_same("dst.ip=10.1.2.3/8", "flows dst.ip=10.0.0.0/8");
  expect_same("dst.port=8000-8100", "flows dst.port>=8000 and dst.port<=8100");
  expect_same("dst.port!=8000-8100", "flows not (dst.port>=8000 and dst.port<=8100)");
  expect_same("bytes>=1.5k packets<2M", "flows bytes>=1500 and packets<2000000");
  expect_same("bytes>64KiB bytes<1Gi", "flows bytes>65536 and bytes<1073741824");
  expect_same("rtt>1.5ms rtt<1m30s", "flows rtt>1ms500us and rtt<1m30s");
  expect_same("protocol in (TCP, 17, icmpv6)", "flows protocol in (tcp, udp, icmp6)");
  expect_same("tcp_flags=syn+ack tcp_flags~fin", "flows tcp_flags=syn+ack and tcp_flags~fin");
  expect_same("nat not in (true)", "flows nat!=true");
  expect_same("nat protocol=udp", "flows nat=true and protocol=udp");
  expect_same("verdict=reset*", "flows verdict in (reset_by_client, reset_by_server, reset)");
  expect_same("verdict=Reset-By-Client", "flows verdict=reset_by_client");
  expect_same("alerts severity>=high", "alerts alert.severity in (high, critical)");
  // What stands for "not known" is none.
  expect_same("vni=0", "flows vni=none");
  expect_same("dst.ip=::", "flows dst.ip=none");
  expect_same("dscp=0", "flows dscp=0");
  expect_same("src.pod=\"\"", "flows src.pod=none");
  expect_same("src.pod=\"none\"", "flows src.pod=\"none\"");
}

TEST(QueryParse, NamesWithTwoParts) {
  expect_same("src.pod=shop/web-1", "flows src.namespace=shop and src.pod=web-1");
  expect_same("service=shop/api", "flows service.namespace=shop and service=api");
  expect_same("dst.workload=deployment/web*",
              "flows dst.workload.kind=Deployment and dst.workload=web*");
  expect_same("dst.workload=Rollout/web",
              "flows dst.workload.kind~\"(?i)^Rollout$\" and dst.workload=web");
  expect_same("src.pod=\"shop/web-1\"", "flows src.pod=\"shop/web-1\"");
  expect_same("src.process=80", "flows src.pid=80");
  expect_same("src.process=\"80\"", "flows src.process=\"80\"");
  expect_same("interface=eth[0-3]", "flows interface~\"^eth[0-3]$\"");
  expect_same("src.name=\"a b\\\"c\\\\d\\e\"", "flows src.name=\"a b\\\"c\\\\d\\\\e\"");
}

TEST(QueryParse, DirectionsThatAreConditions) {
  expect_same("direction=pod-to-pod", "flows src.kind=pod and dst.kind=pod");
  expect_same("direction!=service", "flows service=none");
  expect_same("direction in (inter-node, service)", "flows direction=inter-node or service!=none");
  expect_same("direction=external",
              "flows kind=external or direction in (ingress, egress) and (src.kind=none or "
              "dst.kind=none and service=none)");
  expect_same("direction=egress", "flows direction=egress");
}

TEST(QueryParse, TimeRanges) {
  expect_same("| last 6h", "flows | since 2025-12-31T18:00:00Z");
  expect_same("| since 15m | until now",
              "flows | since 2025-12-31T23:45:00Z | until 2026-01-01T00:00:00Z");
  expect_same("| since 2025-12-31 | until 2025-12-31T10:00:00.000001+01:00",
              "flows | since 2025-12-31T00:00:00Z | until 2025-12-31T09:00:00.000001Z");
  expect_same("time>now-1h", "flows time>2025-12-31T23:00:00Z");
}

TEST(QueryParse, Sums) {
  expect_same("| p50, p99 rtt, sum(bytes), packets by (src.workload) every 5m",
              "flows | p50 rtt, p99 rtt, sum bytes, sum packets by src.workload every 5m");
  expect_same("| quantile 0.999 rtt, median rtt, p5 bytes", "flows | p99.9 rtt, p50 rtt, p5 bytes");
  expect_same("| distinct src.label.app, min time, peak bytes, rate bytes, count",
              "flows | distinct src.label.app, min time, peak bytes, rate bytes, count");
  const auto query = parse_query("| p99.9 rtt, sum total_bytes, distinct src.ip", kNow);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->aggregates[0].quantile, 0.999);
  EXPECT_EQ(query->aggregates[0].name, "p99_9_rtt");
  EXPECT_EQ(query->aggregates[1].name, "sum_total_bytes");
  EXPECT_EQ(query->aggregates[2].name, "distinct_src_ip");
}

TEST(QueryParse, OtherStages) {
  expect_same("| top src.ip, dst.ip by p99 rtt",
              "flows | p99 rtt by src.ip, dst.ip | order by p99_rtt desc | limit 10");
  expect_same("| top 3 dst.port by count",
              "flows | count by dst.port | order by count desc | limit 3");
  expect_same("| histogram rtt by dst.workload every 1h | order by le desc, time",
              "flows | histogram rtt by dst.workload every 1h | order by le desc, time");
  expect_same("src.workload=web | new dst.workload since 1d",
              "flows src.workload=web | new dst.workload since 2025-12-31T00:00:00Z");
  expect_same("| by src.zone", "flows | by src.zone");
  expect_same("connections | sort by duration desc | head 10 | select src.ip, duration",
              "connections | order by duration desc | limit 10 | fields src.ip, duration");
  const auto histogram = parse_query("| histogram bytes", kNow);
  ASSERT_TRUE(histogram);
  EXPECT_EQ(histogram->aggregates.size(), 1U);
  EXPECT_TRUE(histogram->is_aggregate());
}

TEST(QueryParse, ColumnsToOrderBy) {
  const std::string in_full =
      "flows | sum bytes, max rtt by src.namespace | order by sum_bytes desc";
  for (const auto* column : {"sum_bytes", "sum-bytes", "bytes", "sum bytes", "sum(bytes)"})
    expect_same("| sum bytes, max rtt by from.ns | order by " + std::string(column) + " desc",
                in_full);
  expect_same("| sum bytes by from.ns | order by from_ns",
              "flows | sum bytes by src.namespace | order by src.namespace");
}

TEST(QueryParse, AFilterHasNoStages) {
  ASSERT_TRUE(parse_filter("ip=10.0.0.1", kNow));
  ASSERT_TRUE(parse_filter("", kNow));
  const auto piped = parse_filter("ip=10.0.0.1 | count", kNow);
  ASSERT_FALSE(piped);
  EXPECT_EQ(piped.error().column, 12U);
}

}  // namespace
}  // namespace netprobe
