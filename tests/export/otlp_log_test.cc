// SPDX-License-Identifier: Apache-2.0
// Records as logs: what is written by hand, read by the official messages.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "export/otlp/attributes.h"
#include "export/otlp/log_encoder.h"
#include "export/otlp_receiver.h"
#include "outbox/testing/made_records.h"
#include "query/column.h"

namespace netprobe::test {
namespace {

using Attributes = std::map<std::string, std::string>;

std::string text_of(const opentelemetry::proto::common::v1::AnyValue& value) {
  switch (value.value_case()) {
    case opentelemetry::proto::common::v1::AnyValue::kStringValue:
      return value.string_value();
    case opentelemetry::proto::common::v1::AnyValue::kIntValue:
      return std::to_string(value.int_value());
    case opentelemetry::proto::common::v1::AnyValue::kDoubleValue:
      return std::to_string(value.double_value());
    case opentelemetry::proto::common::v1::AnyValue::kBoolValue:
      return value.bool_value() ? "true" : "false";
    default:
      return "?";
  }
}

template <typename Holder>
Attributes attributes_of(const Holder& holder) {
  Attributes all;
  for (const auto& attribute : holder.attributes())
    EXPECT_TRUE(all.emplace(attribute.key(), text_of(attribute.value())).second)
        << attribute.key() << " stands twice";
  return all;
}

logs::ExportLogsServiceRequest request_of(LogEncoder& encoder, const RecordRef& record) {
  std::string body;
  encoder.append(body, record, 1'764'000'100 * kSecond);
  logs::ExportLogsServiceRequest request;
  EXPECT_TRUE(request.ParseFromString(otlp_request(
      otlp_resource("n1", "1.2", {{"k8s.cluster.name", "west"}}), otlp_scope("1.2"), body)));
  return request;
}

opentelemetry::proto::logs::v1::LogRecord log_of(const RecordRef& record,
                                                 std::vector<FieldRef> fields = {}) {
  LogEncoder encoder{FieldSelection(fields)};
  const auto request = request_of(encoder, record);
  EXPECT_EQ(request.resource_logs(0).scope_logs(0).log_records_size(), 1);
  return request.resource_logs(0).scope_logs(0).log_records(0);
}

FlowRecord some_flow() {
  FlowRecord flow;
  flow.time = testing::kMadeTime;
  flow.tuple = {.src = *IpAddress::parse("10.0.0.1"),
                .dst = *IpAddress::parse("fd00::17"),
                .src_port = 40'000,
                .dst_port = 5432,
                .protocol = kProtoTcp};
  flow.src = testing::made_pod("shop", "web", "web-1");
  flow.direction = "intra-node";
  flow.verdict = "open";
  flow.interface = "veth0";
  flow.forward = {3, 1'000'000'000'000};
  flow.reverse = {2, 300};
  flow.rtt = 1'250;
  flow.first_seen = testing::kMadeTime;
  flow.last_seen = testing::kMadeTime + 500'000;
  auto process = std::make_shared<ProcessRef>();
  process->pid = 77;
  process->comm = "curl\xff";
  flow.src_process = process;
  return flow;
}

TEST(OtlpLogs, AFlowHasNamesByConvention) {
  const FlowRecord flow = some_flow();
  const auto log = log_of({RecordKind::kFlow, &flow, "n1"});
  EXPECT_EQ(log.time_unix_nano(), static_cast<std::uint64_t>(testing::kMadeTime) * 1000);
  EXPECT_EQ(log.observed_time_unix_nano(), 1'764'000'100'000'000'000U);
  EXPECT_EQ(log.event_name(), "netprobe.flow");
  EXPECT_EQ(log.severity_number(), opentelemetry::proto::logs::v1::SEVERITY_NUMBER_INFO);
  EXPECT_EQ(log.body().string_value(), "flow tcp 10.0.0.1:40000 -> [fd00::17]:5432");
  const Attributes attributes = attributes_of(log);
  const Attributes wanted{{"source.address", "10.0.0.1"},
                          {"destination.address", "fd00::17"},
                          {"source.port", "40000"},
                          {"destination.port", "5432"},
                          {"network.transport", "tcp"},
                          {"network.interface.name", "veth0"},
                          {"source.k8s.namespace.name", "shop"},
                          {"netprobe.src.name", "web-1"},
                          {"netprobe.direction", "intra-node"},
                          {"netprobe.verdict", "open"},
                          {"netprobe.packets", "3"},
                          {"netprobe.bytes", "1000000000000"},
                          {"netprobe.reverse_packets", "2"},
                          {"netprobe.reverse_bytes", "300"},
                          {"netprobe.rtt", "0.001250"},
                          {"netprobe.duration", "0.500000"}};
  for (const auto& [name, value] : wanted) {
    ASSERT_TRUE(attributes.contains(name)) << name;
    EXPECT_EQ(attributes.at(name), value) << name;
  }
  // Of who is not known, nothing is said.
  for (const auto& [name, value] : attributes)
    EXPECT_FALSE(name.starts_with("destination.k8s") || name.starts_with("netprobe.dst"))
        << name << '=' << value;
}

TEST(OtlpLogs, EveryFieldOfEveryKindIsReadable) {
  FlowRecord flow = some_flow();
  flow.dst = testing::made_pod("shop", "db", "db-0");
  flow.tcp_flags = 0x12;
  const DropEvent drop;
  const ConnectionEvent connection;
  const AlertEvent alert;
  const std::array<const RecordBase*, kRecordKinds> records{&flow, &drop, &connection, &alert};
  for (std::size_t i = 0; i < kRecordKinds; ++i) {
    std::vector<FieldRef> all;
    for (const Field& field : fields())
      if (field.of(static_cast<RecordKind>(i)))
        all.push_back({field.id, field.type == FieldType::kLabel ? "app" : ""});
    const auto log = log_of({static_cast<RecordKind>(i), records.at(i), "n1"}, all);
    EXPECT_GT(log.attributes_size(), 0) << i;
    const Attributes attributes = attributes_of(log);
    for (const auto& [name, value] : attributes) EXPECT_NE(value, "?") << name;
    if (i != 0) continue;
    EXPECT_EQ(attributes.at("source.k8s.pod.label.app"), "web");
    EXPECT_EQ(attributes.at("destination.k8s.pod.label.app"), "db");
    EXPECT_EQ(attributes.at("source.process.executable.name"), "curl\xef\xbf\xbd");
    EXPECT_EQ(attributes.at("source.process.pid"), "77");
    EXPECT_EQ(attributes.at("netprobe.tcp_flags"), "syn+ack");
    EXPECT_EQ(attributes.at("netprobe.first_seen"), "1764000000000000000");
  }
}

TEST(OtlpLogs, KindsHaveTheirSeverities) {
  DropEvent drop;
  drop.tuple = some_flow().tuple;
  drop.reason = "NETFILTER\xff";
  auto log = log_of({RecordKind::kDrop, &drop, "n1"});
  EXPECT_EQ(log.severity_text(), "WARN");
  EXPECT_TRUE(log.body().string_value().starts_with("dropped (NETFILTER\xef\xbf\xbd) tcp"));
  EXPECT_EQ(log.event_name(), "netprobe.drop");
  ConnectionEvent connection;
  EXPECT_EQ(log_of({RecordKind::kConnection, &connection, "n1"}).severity_number(), 9);
  connection.error = "ECONNREFUSED";
  log = log_of({RecordKind::kConnection, &connection, "n1"});
  EXPECT_EQ(log.severity_number(), 13);
  EXPECT_EQ(attributes_of(log).at("error.type"), "ECONNREFUSED");
  AlertEvent alert;
  alert.severity = "critical";
  alert.summary = "a scan";
  log = log_of({RecordKind::kAlert, &alert, "n1"});
  EXPECT_EQ(log.severity_text(), "FATAL");
  EXPECT_EQ(log.body().string_value(), "a scan");
}

TEST(OtlpLogs, TheResourceIsTheNode) {
  const FlowRecord flow = some_flow();
  LogEncoder encoder{FieldSelection(std::vector<FieldRef>())};
  const auto request = request_of(encoder, {RecordKind::kFlow, &flow, "n1"});
  ASSERT_EQ(request.resource_logs_size(), 1);
  const Attributes resource = attributes_of(request.resource_logs(0).resource());
  EXPECT_EQ(resource, (Attributes{{"service.name", "netprobe-agent"},
                                  {"service.version", "1.2"},
                                  {"service.instance.id", "n1"},
                                  {"host.name", "n1"},
                                  {"k8s.node.name", "n1"},
                                  {"k8s.cluster.name", "west"}}));
  EXPECT_EQ(request.resource_logs(0).scope_logs(0).scope().name(), "netprobe");
}

TEST(OtlpLogs, OwnAttributesOfTheResourceWin) {
  opentelemetry::proto::resource::v1::Resource resource;
  ASSERT_TRUE(resource.ParseFromString(otlp_resource("n1", "", {{"service.name", "mine"}})));
  EXPECT_EQ(attributes_of(resource).at("service.name"), "mine");
  EXPECT_FALSE(attributes_of(resource).contains("service.version"));
}

TEST(OtlpLogs, WhatIsRememberedOfAnEndIsOfThatEnd) {
  LogEncoder encoder{FieldSelection(std::vector<FieldRef>())};
  const auto batch = testing::made_flows(2'000);
  for (const FlowRecord& flow : batch->flows) {
    const auto request = request_of(encoder, {RecordKind::kFlow, &flow, "n1"});
    const Attributes attributes =
        attributes_of(request.resource_logs(0).scope_logs(0).log_records(0));
    const auto expect = [&](const char* name, const IdentityPtr& identity) {
      const std::string wanted = identity ? identity->name_space : "";
      const auto found = attributes.find(name);
      EXPECT_EQ(found == attributes.end() ? "" : found->second, wanted);
    };
    expect("source.k8s.namespace.name", flow.src);
    expect("destination.k8s.namespace.name", flow.dst);
  }
}

}  // namespace
}  // namespace netprobe::test
