// SPDX-License-Identifier: Apache-2.0
// What is encoded, as a reader of its own understands it.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "export/ipfix/encoder.h"
#include "export/ipfix/testing/made_events.h"
#include "export/ipfix/testing/message_reader.h"
#include "outbox/field_selection.h"
#include "query/record.h"

namespace netprobe::ipfix {
namespace {

using testing::made_mixture;
using testing::MessageReader;
using testing::ReadRecord;
using testing::refs_of;

std::string address(const IpAddress& ip) {
  const auto& bytes = ip.bytes();
  const std::size_t from = ip.is_v4() ? 12 : 0;
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end()};
}

/// All messages of these records, read; sizes are checked.
std::string pass(Encoder& encoder, std::span<const RecordRef> refs, MessageReader& reader,
                 std::size_t* rejected = nullptr) {
  std::size_t done = 0;
  while (done < refs.size() || encoder.has_announcements()) {
    const EncodedMessage message = encoder.next(refs.subspan(done), 1'764'000'000);
    if (message.bytes.empty() && message.records == 0) return "it stands still";
    if (message.bytes.size() > encoder.most()) return "a message is too long";
    if (!message.bytes.empty()) {
      if (auto wrong = reader.read(message.bytes); !wrong.empty()) return wrong;
      encoder.sent(message);
    }
    done += message.records;
    if (rejected != nullptr) *rejected += message.rejected;
  }
  return {};
}

std::vector<ReadRecord> data_of(const MessageReader& reader) {
  std::vector<ReadRecord> data;
  for (const ReadRecord& each : reader.records())
    if (!each.options) data.push_back(each);
  return data;
}

TEST(Ipfix, EveryValueComesThrough) {
  const auto batch = made_mixture(500, 7);
  const auto refs = refs_of(*batch);
  Encoder encoder({.domain = 9});
  MessageReader reader;
  ASSERT_EQ(pass(encoder, refs, reader), "");
  const auto data = data_of(reader);
  ASSERT_EQ(data.size(), batch->flows.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const FlowRecord& flow = batch->flows[i];
    const ReadRecord& read = data[i];
    const bool v4 = flow.tuple.src.is_v4();
    EXPECT_EQ(read.text(0, v4 ? 8 : 27), address(flow.tuple.src));
    EXPECT_EQ(read.text(0, v4 ? 12 : 28), address(flow.tuple.dst));
    EXPECT_EQ(read.number(0, 4), flow.tuple.protocol);
    EXPECT_EQ(read.number(0, 2), flow.forward.packets);
    EXPECT_EQ(read.number(0, 1), flow.forward.bytes);
    EXPECT_EQ(read.number(kReversePen, 2), flow.reverse.packets);
    EXPECT_EQ(read.number(kReversePen, 1), flow.reverse.bytes);
    EXPECT_EQ(read.number(0, 152), static_cast<std::uint64_t>(flow.time / 1000));
    EXPECT_EQ(read.number(0, 153), static_cast<std::uint64_t>(flow.last_seen / 1000));
    EXPECT_EQ(read.number(0, 148), flow.flow_id);
    EXPECT_EQ(read.number(0, 58), flow.vlan == kNoVlan ? 0U : flow.vlan);
    EXPECT_EQ(read.number(0, 351), flow.vni == 0 ? 0 : (1ULL << 56U | flow.vni));
    EXPECT_EQ(read.text(0, 82), "veth0");
    EXPECT_EQ(read.text(0, 300), "n1");
    EXPECT_EQ(read.text(kDefaultPen, 1), flow.src ? flow.src->name : "");
    EXPECT_EQ(read.text(kDefaultPen, 6), std::string(end_names(flow.dst.get()).workload));
    const bool icmp = flow.tuple.protocol == kProtoIcmp || flow.tuple.protocol == kProtoIcmp6;
    EXPECT_EQ(read.text(0, 7).has_value(), !icmp);
    if (icmp) {
      EXPECT_EQ(read.number(0, v4 ? 176 : 178), 8U);
    } else {
      EXPECT_EQ(read.number(0, 7), flow.tuple.src_port);
      EXPECT_EQ(read.number(0, 6), flow.tcp_flags);
      EXPECT_EQ(read.number(kReversePen, 6), flow.reverse_tcp_flags);
    }
    const auto reason = !flow.ended ? 2U : 3U;
    EXPECT_EQ(read.number(0, 136), reason);
    EXPECT_EQ(read.text(0, v4 ? 226 : 282).has_value(), flow.nat);
    if (flow.nat) {
      EXPECT_EQ(read.text(0, v4 ? 226 : 282), address(flow.translated.dst));
    }
  }
}

TEST(Ipfix, MicrosecondsAreExact) {
  auto batch = made_mixture(200, 3);
  for (std::size_t i = 0; i < batch->flows.size(); ++i)
    batch->flows[i].time += static_cast<Micros>(i * 4973);
  const auto refs = refs_of(*batch);
  Encoder encoder({.microseconds = true});
  MessageReader reader;
  ASSERT_EQ(pass(encoder, refs, reader), "");
  const auto data = data_of(reader);
  ASSERT_EQ(data.size(), refs.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::uint64_t ntp = data[i].number(0, 154);
    EXPECT_EQ(ntp & 0x7ffU, 0U);
    const std::uint64_t micros =
        ((ntp >> 32U) - 2'208'988'800ULL) * 1'000'000 + (((ntp & 0xffffffffU) * 1'000'000) >> 32U);
    EXPECT_EQ(micros, static_cast<std::uint64_t>(batch->flows[i].time));
  }
}

TEST(Ipfix, DropsConnectionsAndAlerts) {
  HistoryBatch batch;
  batch.node = "n1";
  DropEvent drop;
  drop.time = 1'764'000'000'000'000;
  drop.tuple = {.src = IpAddress::v4(1), .dst = IpAddress::v4(2), .protocol = kProtoUdp};
  drop.reason = "NETFILTER_DROP";
  drop.packets = 3;
  drop.bytes = 300;
  batch.drops.push_back(drop);
  drop.tuple = {};
  batch.drops.push_back(drop);
  ConnectionEvent connection;
  connection.time = 1'764'000'001'000'000;
  connection.tuple = {
      .src = IpAddress::v4(1), .dst = *IpAddress::parse("fd00::1"), .protocol = kProtoTcp};
  connection.side = "client";
  connection.error = "ECONNREFUSED";
  batch.connections.push_back(connection);
  AlertEvent alert;
  alert.id = "a\xff\xc3";  // as a peer may send it
  alert.evidence = std::string(100'000, 'x');
  alert.count = 1ULL << 40U;
  batch.alerts.push_back(alert);
  const auto refs = refs_of(batch);
  EncoderOptions options;
  options.fields.at(3) = default_fields(RecordKind::kAlert);
  options.fields.at(3).push_back({FieldId::kAlertEvidence, {}});
  Encoder encoder(options);
  MessageReader reader;
  std::size_t rejected = 0;
  ASSERT_EQ(pass(encoder, refs, reader, &rejected), "");
  EXPECT_EQ(rejected, 0U);
  const auto data = data_of(reader);
  ASSERT_EQ(data.size(), 4U);
  EXPECT_EQ(data[0].number(0, 133), 3U);
  EXPECT_EQ(data[0].number(0, 132), 300U);
  EXPECT_EQ(data[0].number(0, 89), 128U);
  EXPECT_EQ(data[0].text(kDefaultPen, 42), "NETFILTER_DROP");
  EXPECT_FALSE(data[1].text(0, 8).has_value());
  EXPECT_EQ(data[1].text(kDefaultPen, 42), "NETFILTER_DROP");
  EXPECT_EQ(data[2].text(0, 27), std::string("\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\x01", 16));
  EXPECT_EQ(data[2].text(kDefaultPen, 47), "ECONNREFUSED");
  EXPECT_EQ(data[3].text(kDefaultPen, 53), "a\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(data[3].text(kDefaultPen, 58)->size(), 1000U);
  EXPECT_EQ(data[3].number(kDefaultPen, 59), 1ULL << 40U);
}

TEST(Ipfix, ElementsOfOwnAreExplained) {
  const auto batch = made_mixture(50, 5);
  const auto refs = refs_of(*batch);
  Encoder encoder({.pen = 4711});
  encoder.count_lost(12);
  MessageReader reader;
  ASSERT_EQ(pass(encoder, refs, reader), "");
  std::set<std::uint64_t> explained;
  bool told_losses = false;
  for (const ReadRecord& each : reader.records()) {
    if (each.text(0, 341)) {
      EXPECT_EQ(each.number(0, 346), 4711U);
      EXPECT_FALSE(each.text(0, 341)->empty());
      explained.insert(each.number(0, 303));
    }
    told_losses = told_losses || (each.text(0, 166) && each.number(0, 166) == 12);
  }
  EXPECT_TRUE(told_losses);
  for (const ReadRecord& each : data_of(reader))
    for (const auto& [key, value] : each.fields)
      if (key.first == 4711) {
        EXPECT_TRUE(explained.contains(key.second)) << key.second;
      }
}

TEST(Ipfix, ASessionAnnouncesAgain) {
  const auto batch = made_mixture(50, 5);
  const auto refs = refs_of(*batch);
  Encoder encoder({});
  MessageReader first;
  ASSERT_EQ(pass(encoder, refs, first), "");
  encoder.begin_session();
  MessageReader second;
  ASSERT_EQ(pass(encoder, refs, second), "");
  EXPECT_EQ(first.templates(), second.templates());
  EXPECT_EQ(data_of(second).size(), refs.size());
}

TEST(Ipfix, RandomRecordsFieldsAndSizes) {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    auto batch = made_mixture(60, static_cast<std::uint32_t>(round));
    for (FlowRecord& flow : batch->flows) {
      auto odd = std::make_shared<Identity>();
      for (std::size_t n = random() % 600; n > 0; --n)
        odd->name += static_cast<char>(random() % 3 == 0 ? random() : 'a' + random() % 26);
      odd->labels = KubeLabels{{"app", std::string(random() % 300, 'l')}};
      if (random() % 3 == 0) flow.src = odd;
    }
    EncoderOptions options;
    for (const Field& each : fields()) {
      if (!each.of(RecordKind::kFlow) || random() % 2 == 0) continue;
      options.fields.at(0).push_back({each.id, each.type == FieldType::kLabel ? "app" : ""});
    }
    options.most = std::max<std::size_t>(Encoder(options).least_message(), 512) + random() % 3000;
    options.element_types = random() % 2 == 0;
    const auto refs = refs_of(*batch);
    Encoder encoder(options);
    MessageReader reader;
    std::size_t rejected = 0;
    ASSERT_EQ(pass(encoder, refs, reader, &rejected), "") << round;
    EXPECT_EQ(rejected, 0U);
    EXPECT_EQ(data_of(reader).size(), refs.size()) << round;
  }
}

TEST(Ipfix, SumsHaveWhatTheyAreMadeOf) {
  ExportTarget target;
  target.fold = ExportFold::kWorkload;
  auto batch = made_mixture(1, 1);
  FlowRecord& sum = batch->flows[0];
  sum = {};
  sum.tuple.dst_port = 443;
  sum.tuple.protocol = kProtoTcp;
  sum.forward = {7, 700};
  sum.folded = {.records = 70'000, .flows = 300, .connections = 290, .ended = 280};
  EncoderOptions options;
  const FieldSelection selection(target);
  const auto chosen = selection.of(RecordKind::kFlow);
  options.fields.at(0).assign(chosen.begin(), chosen.end());
  Encoder encoder(options);
  MessageReader reader;
  ASSERT_EQ(pass(encoder, refs_of(*batch), reader), "");
  const auto data = data_of(reader);
  ASSERT_EQ(data.size(), 1U);
  EXPECT_EQ(data[0].number(0, 375), 70'000U);
  EXPECT_EQ(data[0].number(0, 376), 300U);
  EXPECT_EQ(data[0].number(0, 377), 280U);
  EXPECT_EQ(data[0].number(0, 278), 290U);
  // Although it has no addresses.
  EXPECT_EQ(data[0].number(0, 4), kProtoTcp);
  EXPECT_EQ(data[0].number(0, 11), 443U);
  EXPECT_EQ(data[0].number(0, 2), 7U);
  EXPECT_FALSE(data[0].text(0, 136)) << "a sum does not end";
}

TEST(Ipfix, NumbersAreEachUsedOnce) {
  std::set<std::uint16_t> own;
  for (const FieldElement& each : field_elements(false))
    if (each.element.registry == Registry::kOwn) {
      EXPECT_TRUE(own.insert(each.element.id).second) << each.element.id;
    }
}

TEST(Ipfix, TheDocumentHasEveryElement) {
  std::ifstream file(NETPROBE_DOCS_DIR "/export-ipfix.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  for (const bool microseconds : {false, true})
    for (const FieldElement& each : field_elements(microseconds)) {
      const std::string number = each.element.registry == Registry::kReverse
                                     ? "29305/" + std::to_string(each.element.id)
                                     : std::to_string(each.element.id);
      const std::string row = "| " + number + " | " + std::string(each.element.name) + " |";
      EXPECT_TRUE(text.contains(row)) << row;
    }
}

}  // namespace
}  // namespace netprobe::ipfix
