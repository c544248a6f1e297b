// SPDX-License-Identifier: Apache-2.0
#include "outbox/record_json.h"

#include <gtest/gtest.h>

#include "outbox/testing/made_records.h"
#include "query/field_names.h"

namespace netprobe {
namespace {

FieldSelection fields(std::initializer_list<std::string_view> names) {
  std::vector<FieldRef> refs;
  for (const auto name : names) {
    const auto named = find_field(name);
    refs.push_back({named->ids.front(), named->label});
  }
  return FieldSelection(refs);
}

FlowRecord made_flow() {
  FlowRecord flow;
  flow.time = 1'764'000'000'000'001;
  flow.tuple = {.src = *IpAddress::parse("10.0.200.3"),
                .dst = *IpAddress::parse("fd00::9"),
                .src_port = 40'000,
                .dst_port = 443,
                .protocol = kProtoTcp};
  flow.src = testing::made_pod("shop", "we\"b", "web-1");
  flow.forward = {10, 18'446'744'073'709'551'615ULL};
  flow.rtt = 1'250;
  flow.tcp_flags = kTcpSyn | kTcpAck;
  flow.nat = true;
  flow.direction = "egress";
  return flow;
}

std::string json_of(const FieldSelection& selection, const RecordRef& record) {
  RecordJson json(selection);
  std::string first;
  json.append(first, record);
  // From its memory, too.
  std::string second;
  json.append(second, record);
  EXPECT_EQ(first, second);
  return first;
}

TEST(RecordJson, WritesEveryFormOfValue) {
  const FlowRecord flow = made_flow();
  EXPECT_EQ(json_of(fields({"time",
                            "src.ip",
                            "dst.ip",
                            "src.port",
                            "protocol",
                            "src.name",
                            "src.workload",
                            "dst.name",
                            "src.label.app",
                            "bytes",
                            "rtt",
                            "handshake",
                            "tcp_flags",
                            "nat",
                            "vlan",
                            "direction",
                            "verdict",
                            "observer",
                            "translated.src.ip",
                            "dst.pid",
                            "last_seen"}),
                    {RecordKind::kFlow, &flow, "n\\1"}),
            R"({"kind":"flows","time":"2025-11-24T16:00:00.000001000Z","src.ip":"10.0.200.3",)"
            R"("dst.ip":"fd00::9","src.port":40000,"protocol":"tcp","src.name":"web-1",)"
            R"("src.workload":"we\"b","dst.name":null,"src.label.app":"we\"b",)"
            R"("bytes":18446744073709551615,"rtt":1.25,"handshake":null,"tcp_flags":"syn+ack",)"
            R"("nat":true,"vlan":null,"direction":"egress","verdict":null,"observer":"n\\1",)"
            R"("translated.src.ip":null,"dst.pid":null,"last_seen":null})");
}

TEST(RecordJson, WritesEveryKindWithItsOwnFields) {
  DropEvent drop;
  drop.reason = "NO_SOCKET\xff";
  EXPECT_EQ(json_of(fields({"drop.reason", "rtt"}), {RecordKind::kDrop, &drop, "n"}),
            "{\"kind\":\"drops\",\"drop.reason\":\"NO_SOCKET\xef\xbf\xbd\"}");
  ConnectionEvent connection;
  connection.connect_time = -1'001;  // a clock that went back
  EXPECT_EQ(json_of(fields({"connect_time"}), {RecordKind::kConnection, &connection, "n"}),
            R"({"kind":"connections","connect_time":-1.001})");
  AlertEvent alert;
  alert.count = 3;
  EXPECT_EQ(json_of(fields({"alert.count"}), {RecordKind::kAlert, &alert, "n"}),
            R"({"kind":"alerts","alert.count":3})");
}

TEST(RecordJson, AnIdentityIsNotTakenForAnotherOne) {
  RecordJson json(fields({"src.name", "dst.name"}));
  // More of them than it remembers; each of another name, at addresses that come again.
  for (int i = 0; i < 20'000; ++i) {
    FlowRecord flow;
    const std::string name = std::to_string(i);
    flow.dst = testing::made_pod("shop", "web", name);
    std::string line;
    json.append(line, {RecordKind::kFlow, &flow, "n"});
    ASSERT_EQ(line, R"({"kind":"flows","src.name":null,"dst.name":")" + name + "\"}");
  }
}

}  // namespace
}  // namespace netprobe
