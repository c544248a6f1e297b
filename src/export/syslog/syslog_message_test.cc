// SPDX-License-Identifier: Apache-2.0
#include "export/syslog/syslog_message.h"

#include <gtest/gtest.h>

#include "outbox/testing/made_records.h"

namespace netprobe {
namespace {

FieldSelection only(FieldId id) {
  const FieldRef ref{id, {}};
  return FieldSelection({&ref, 1});
}

std::string message(SyslogHeader header, const RecordRef& record, FieldId field) {
  header.process = "42";
  SyslogFormat format(std::move(header), only(field));
  std::string out;
  format.append(out, record);
  return out;
}

TEST(SyslogMessage, IsThatOfRfc5424) {
  FlowRecord flow;
  flow.time = testing::kMadeTime + 1'234;
  flow.flow_id = 7;
  const RecordRef record{RecordKind::kFlow, &flow, "node 1"};
  EXPECT_EQ(message({}, record, FieldId::kFlowId),
            R"(<30>1 2025-11-24T16:00:00.001234Z node?1 netprobe 42 flows - )"
            R"({"kind":"flows","flow_id":7})");
  EXPECT_EQ(
      message({.facility = 16, .severity = 5, .app = "np", .hostname = "h", .cookie = "@cee: "},
              {RecordKind::kFlow, &flow, ""}, FieldId::kFlowId),
      R"(<133>1 2025-11-24T16:00:00.001234Z h np 42 flows - @cee: )"
      R"({"kind":"flows","flow_id":7})");
  flow.time = 0;
  EXPECT_TRUE(message({}, {RecordKind::kFlow, &flow, ""}, FieldId::kFlowId)
                  .starts_with("<30>1 - - netprobe 42 flows - {"));
}

TEST(SyslogMessage, AlertsHaveTheirOwnSeverity) {
  const std::pair<const char*, unsigned> kExpected[] = {{"info", 6}, {"low", 5},      {"medium", 4},
                                                        {"high", 3}, {"critical", 2}, {"odd", 5}};
  for (const auto& [word, number] : kExpected) {
    AlertEvent alert;
    alert.severity = word;
    EXPECT_TRUE(message({}, {RecordKind::kAlert, &alert, "n"}, FieldId::kAlertId)
                    .starts_with("<" + std::to_string(24 + number) + ">1 "))
        << word;
  }
}

TEST(SyslogMessage, EachHasItsLengthBeforeItInAStream) {
  const auto batch = testing::made_flows(3);
  std::vector<RecordRef> records;
  for (const FlowRecord& flow : batch->flows) records.push_back({RecordKind::kFlow, &flow, "n"});
  SyslogBatch counted(SyslogFormat({}, only(FieldId::kSrcName)), true);
  SyslogBatch plain(SyslogFormat({}, only(FieldId::kSrcName)), false);
  counted.render(records);
  plain.render(records);
  ASSERT_EQ(counted.size(), 3U);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string message(plain.message(i));
    EXPECT_EQ(counted.message(i), std::to_string(message.size()) + " " + message);
    EXPECT_EQ(counted.messages_in(bytes), i);
    bytes += counted.message(i).size();
    EXPECT_EQ(counted.messages_in(bytes - 1), i);
  }
  EXPECT_EQ(counted.messages_in(bytes), 3U);
}

}  // namespace
}  // namespace netprobe
