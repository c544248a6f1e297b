// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "model/connection.h"
#include "model/identity.h"
#include "query/field_names.h"
#include "query/nearest.h"
#include "query/query.h"
#include "query/schema.h"

namespace netprobe {
namespace {

bool has_column(std::span<const TableColumn> columns, std::string_view name) {
  return std::ranges::find(columns, name, &TableColumn::name) != columns.end();
}

/// The columns that a field is, or is made of.
std::vector<std::string> columns_of(const Field& f) {
  switch (f.id) {
    case FieldId::kNode:
      return {"node"};
    case FieldId::kSrcPod:
      return {"src_name", "src_kind"};
    case FieldId::kDstPod:
      return {"dst_name", "dst_kind"};
    case FieldId::kSrcLabel:
      return {"src_labels"};
    case FieldId::kDstLabel:
      return {"dst_labels"};
    case FieldId::kReporter:
      return {"node", "src_node", "dst_node"};
    case FieldId::kIcmpType:
    case FieldId::kIcmpCode:
      return {"icmp"};
    case FieldId::kDuration:
      return {"first_seen"};
    case FieldId::kTotalBytes:
      return {"bytes", "reverse_bytes"};
    case FieldId::kTotalPackets:
      return {"packets", "reverse_packets"};
    case FieldId::kRecords:
      return {"flow_id"};  // none of its own: each record is one
    default: {
      std::string name(f.name);
      std::ranges::replace(name, '.', '_');
      return {name};
    }
  }
}

TEST(QueryFields, StandInTheOrderOfTheirIds) {
  std::set<std::string> names;
  ASSERT_EQ(fields().size(), static_cast<std::size_t>(FieldId::kCount_));
  for (std::size_t i = 0; i < fields().size(); ++i) {
    const Field& f = fields()[i];
    EXPECT_EQ(static_cast<std::size_t>(f.id), i) << f.name;
    EXPECT_TRUE(names.insert(normal_name(f.name)).second) << f.name;
    EXPECT_FALSE(f.help.empty()) << f.name;
    EXPECT_NE(f.kinds, 0) << f.name;
    EXPECT_EQ(f.type == FieldType::kWord, !f.words.empty()) << f.name;
  }
  for (const auto& bare : bare_names()) EXPECT_TRUE(names.insert(normal_name(bare.name)).second);
}

TEST(QueryFields, AreColumnsOfTheirKinds) {
  for (const auto& f : fields())
    for (std::size_t kind = 0; kind < kRecordKinds; ++kind)
      if (f.of(static_cast<RecordKind>(kind)))
        for (const auto& column : columns_of(f))
          EXPECT_TRUE(has_column(table_columns(static_cast<RecordKind>(kind)), column))
              << f.name << " of " << to_string(static_cast<RecordKind>(kind));
}

TEST(QueryFields, OfRollupsAreTheirColumns) {
  for (const auto& f : fields()) {
    const auto columns = columns_of(f);
    const bool there = std::ranges::all_of(columns, [](const std::string& column) {
      return has_column(rollup_columns(), column) || has_column(rollup_columns(), column + "_sum");
    });
    EXPECT_EQ(f.in_rollup, there) << f.name;
  }
}

TEST(QueryFields, WordsAreThoseOfTheModel) {
  for (int i = 0; i <= static_cast<int>(IdentityKind::kExternal); ++i)
    EXPECT_EQ(field(FieldId::kSrcKind).words[static_cast<std::size_t>(i)],
              to_string(static_cast<IdentityKind>(i)));
  for (int i = 0; i <= static_cast<int>(Role::kUplink); ++i)
    EXPECT_EQ(field(FieldId::kRole).words[static_cast<std::size_t>(i)],
              to_string(static_cast<Role>(i)));
  for (const auto role : {SocketRole::kClient, SocketRole::kServer, SocketRole::kUnknown})
    EXPECT_NE(std::ranges::find(field(FieldId::kSide).words, to_string(role)),
              field(FieldId::kSide).words.end());
}

TEST(QueryFields, EveryNameIsFound) {
  for (const auto& f : fields()) {
    const bool label = f.type == FieldType::kLabel;
    const auto found = find_field(label ? std::string(f.name) + ".app" : std::string(f.name));
    ASSERT_TRUE(found) << f.name;
    EXPECT_EQ(found->ids.front(), f.id) << f.name;
    EXPECT_FALSE(found->is_bare()) << f.name;
    EXPECT_EQ(field_name({f.id, found->label}), label ? std::string(f.name) + ".app" : f.name);
  }
  EXPECT_FALSE(find_field(""));
  EXPECT_FALSE(find_field("labelx"));
  EXPECT_FALSE(find_field(std::string(10'000, 's')));
}

TEST(QueryFields, NearestNames) {
  EXPECT_EQ(edit_distance("scr", "src"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(nearest_fields("dst.prot", 1), std::vector<std::string>{"dst.port"});
  EXPECT_TRUE(nearest_fields("x", 1).empty());
}

/// docs/query.md has one row for each field, as its registry says.
TEST(QueryFields, AreInTheDocument) {
  std::ifstream in(NETPROBE_DOCS_DIR "/query.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  ASSERT_FALSE(text.empty());
  for (const auto& f : fields()) {
    std::string row =
        "| `" + std::string(f.name) + (f.type == FieldType::kLabel ? ".KEY" : "") + "` | ";
    for (std::size_t kind = 0; kind < kRecordKinds; ++kind)
      if (f.of(static_cast<RecordKind>(kind)))
        row += to_string(static_cast<RecordKind>(kind)).substr(0, 1);
    row += f.in_rollup ? " | yes | " : " | | ";
    row += std::string(f.help) + " |\n";
    EXPECT_NE(text.find(row), std::string::npos) << "docs/query.md needs:\n" << row;
  }
  for (const auto& bare : bare_names())
    EXPECT_NE(text.find("`" + std::string(bare.name) + (bare.name == "label" ? ".KEY`" : "`")),
              std::string::npos)
        << bare.name;
}

/// Its examples are queries.
TEST(QueryFields, ExamplesOfTheDocumentParse) {
  std::ifstream in(NETPROBE_DOCS_DIR "/query.md");
  bool examples = false;
  bool block = false;
  std::size_t parsed = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) examples = line == "## Ten examples";
    if (line.starts_with("```")) {
      block = !block;
    } else if (examples && block) {
      const auto query = parse_query(line, 1'767'225'600LL * kSecond);
      EXPECT_TRUE(query) << line << "\n" << (query ? "" : query.error().message);
      ++parsed;
    }
  }
  EXPECT_EQ(parsed, 10U);
}

}  // namespace
}  // namespace netprobe
