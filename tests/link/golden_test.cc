// SPDX-License-Identifier: Apache-2.0
// Peers of other versions: bytes that releases wrote, and messages of one that is to come.
#include <gmock/gmock.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "golden_messages.h"
#include "link/answer_codec.h"
#include "link/left_out.h"
#include "link/names_codec.h"
#include "link/proto/netprobe.pb.h"
#include "link/records_codec.h"

namespace netprobe {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::golden_messages;
using testing::golden_text;
using ::testing::HasSubstr;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> files(const std::string& ending) {
  std::vector<std::filesystem::path> found;
  for (const auto& each : std::filesystem::recursive_directory_iterator(NETPROBE_GOLDEN))
    if (each.path().extension() == ending) found.push_back(each.path());
  std::ranges::sort(found);
  return found;
}

std::string bytes_of(const std::string& name) {
  for (const auto& message : golden_messages())
    if (message.name == name) return message.bytes;
  ADD_FAILURE() << name;
  return {};
}

TEST(Golden, WhatEachReleaseWroteIsUnderstood) {
  const auto all = files(".bin");
  ASSERT_GE(all.size(), golden_messages().size());
  for (auto path : all) {
    const auto lines = golden_text(path.stem().string(), read(path));
    const std::multiset<std::string> today(lines.begin(), lines.end());
    std::ifstream text(path.replace_extension(".txt"));
    std::size_t count = 0;
    for (std::string line; std::getline(text, line); ++count)
      EXPECT_TRUE(today.contains(line)) << path << " said: " << line;
    EXPECT_GT(count, 0U) << path;
  }
}

TEST(Golden, EveryMessageOfThisVersionHasAFile) {
  std::set<std::string> names;
  for (const auto& path : files(".bin")) names.insert(path.stem().string());
  for (const auto& message : golden_messages()) {
    EXPECT_TRUE(names.contains(message.name)) << message.name;
    for (const std::string& line : golden_text(message.name, message.bytes))
      EXPECT_THAT(line, ::testing::Not(HasSubstr("refused")));
  }
}

google::protobuf::UnknownFieldSet& unknown(google::protobuf::Message& message) {
  return *message.GetReflection()->MutableUnknownFields(&message);
}

/// The bytes with a field of each type that no message has: what a later version adds.
std::string with_more(const std::string& bytes) {
  google::protobuf::UnknownFieldSet more;
  more.AddVarint(900, 7);
  more.AddFixed64(901, 8);
  more.AddLengthDelimited(902, "more");
  std::string added;
  more.SerializeToString(&added);
  return bytes + added;
}

TEST(Newer, FieldsThatAreNotKnownChangeNothing) {
  for (const auto& message : golden_messages()) {
    const auto lines = golden_text(message.name, with_more(message.bytes));
    const std::multiset<std::string> newer(lines.begin(), lines.end());
    for (const std::string& line : golden_text(message.name, message.bytes))
      EXPECT_TRUE(newer.contains(line)) << message.name << ": " << line;
  }
}

TEST(Newer, SaysWhichFieldsWereLeftOut) {
  v1::LiveReply reply;
  ASSERT_TRUE(reply.ParseFromString(with_more(bytes_of("live_records"))));
  unknown(*reply.mutable_records()).AddVarint(77, 1);
  LeftOut left_out;
  left_out.add_unknown(reply);
  EXPECT_THAT(left_out.names(), ElementsAre("field 77 of Records", "field 900 of LiveReply",
                                            "field 901 of LiveReply", "field 902 of LiveReply"));
}

TEST(Newer, ColumnsAndWordsAreLeftOutAndNamed) {
  v1::LiveReply reply;
  ASSERT_TRUE(reply.ParseFromString(bytes_of("live_records")));
  v1::Table& flows = *reply.mutable_records()->mutable_flows();
  flows.add_columns()->set_name("colour\n");
  for (v1::Column& column : *flows.mutable_columns()) {
    const bool is_word = column.name() == "direction" || column.name() == "verdict" ||
                         column.name() == "role" || column.name() == "src_kind";
    if (is_word)
      for (std::string& text : *column.mutable_texts())
        if (!text.empty()) text = "sideways";
  }
  RecordsDecoder decoder;
  const auto batch = decoder.decode(reply.records());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->flows[0].forward.packets, 1'000'000'000'000U);
  EXPECT_EQ(batch->flows[0].direction, "");
  EXPECT_EQ(batch->flows[0].src->name, "web-1");
  EXPECT_THAT(decoder.left_out().names(),
              ElementsAre("column 'colour?' of flows", "direction 'sideways'", "kind 'sideways'",
                          "role 'sideways'", "verdict 'sideways'"));
}

TEST(Newer, EnumValuesAreTakenAsTheirKindAndNamed) {
  v1::QueryReply reply;
  ASSERT_TRUE(reply.ParseFromString(bytes_of("query_failed")));
  reply.mutable_failed()->set_kind(static_cast<v1::QueryFailed::Kind>(77));
  const QueryFailure failure = decode_failure(reply.failed());
  EXPECT_EQ(failure.kind, QueryFailure::Kind::kFailed);
  EXPECT_EQ(failure.message, "too many rows");
  LeftOut left_out;
  left_out.add_unknown(reply);
  EXPECT_THAT(left_out.names(), ElementsAre("kind 77 of QueryFailed"));
}

TEST(Newer, ObjectsThatAreNotKnownAreNamed) {
  v1::NameChange change;
  change.set_seen(5);
  unknown(change).AddLengthDelimited(50, "an object of later");
  EXPECT_FALSE(decode_change(change));
  LeftOut left_out;
  left_out.add_unknown(change);
  EXPECT_THAT(left_out.names(), ElementsAre("field 50 of NameChange"));
}

TEST(Newer, WhatIsLeftOutIsBounded) {
  LeftOut left_out;
  v1::HelloReply reply;
  for (int i = 0; i < 10'000; ++i) unknown(reply).AddVarint(100 + i, 1);
  left_out.add_unknown(reply);
  for (int i = 0; i < 100; ++i) left_out.add("column", std::string(100'000, 'x'), "flows");
  EXPECT_EQ(left_out.names().size(), LeftOut::kMost);
  std::size_t bytes = 0;
  for (const std::string& name : left_out.names()) bytes += name.size();
  EXPECT_LT(bytes, 2'000U);
}

TEST(Older, WhatAnEarlierVersionLeavesOutIsNotKnown) {
  v1::LiveReply reply;
  ASSERT_TRUE(reply.ParseFromString(bytes_of("live_records")));
  auto& columns = *reply.mutable_records()->mutable_flows()->mutable_columns();
  const auto is_new = [](const v1::Column& column) {
    return column.name() != "time" && column.name() != "src_ip" && column.name() != "packets";
  };
  columns.erase(std::remove_if(columns.begin(), columns.end(), is_new), columns.end());
  const auto batch = decode_records(reply.records());
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->flows[0].time, 1'764'000'000'040'000);
  EXPECT_EQ(batch->flows[0].vlan, kNoVlan);
  EXPECT_EQ(batch->flows[0].src, nullptr);
}

}  // namespace
}  // namespace netprobe
