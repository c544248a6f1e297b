// SPDX-License-Identifier: Apache-2.0
#include "base/protobuf.h"

#include <gtest/gtest.h>

#include <string>

namespace netprobe {
namespace {

TEST(ProtoWriter, WritesTheDocumentsExamples) {
  // Of the encoding's own documentation: {a: 150}, {b: "testing"}, {c: {a: 150}}.
  std::string out;
  ProtoWriter writer(out);
  writer.number(1, 150);
  EXPECT_EQ(out, std::string("\x08\x96\x01", 3));
  out.clear();
  writer.text(2, "testing");
  EXPECT_EQ(out, "\x12\x07testing");
  out.clear();
  const auto inner = writer.begin(3);
  writer.number(1, 150);
  writer.end(inner);
  EXPECT_EQ(out, std::string("\x1a\x03\x08\x96\x01", 5));
}

TEST(ProtoWriter, NestsMessagesOfEverySize) {
  for (const std::size_t size : {0UL, 1UL, 126UL, 127UL, 128UL, 16'380UL, 16'384UL, 3'000'000UL}) {
    const std::string content(size, 'x');
    std::string out;
    ProtoWriter writer(out);
    const auto outer = writer.begin(1);
    const auto inner = writer.begin(2);
    writer.text(3, content);
    writer.end(inner);
    writer.number(4, size);
    writer.end(outer);
    ProtoReader top(out);
    ASSERT_TRUE(top.next());
    ProtoReader middle(top.bytes());
    ASSERT_TRUE(middle.next());
    ProtoReader bottom(middle.bytes());
    ASSERT_TRUE(bottom.next());
    EXPECT_EQ(bottom.field(), 3U);
    EXPECT_EQ(bottom.bytes(), content);
    ASSERT_TRUE(middle.next());
    EXPECT_EQ(middle.number(), size);
    EXPECT_FALSE(middle.next());
    EXPECT_FALSE(middle.broken());
  }
}

TEST(ProtoReader, ReadsNumbersOfEveryWidth) {
  std::string out;
  ProtoWriter writer(out);
  writer.number(1, UINT64_MAX);
  writer.fixed(2, 0x0102030405060708);
  writer.real(16, -0.5);
  out += std::string("\x2d\x01\x02\x03\x04", 5);  // fixed32 of field 5
  ProtoReader reader(out);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(), UINT64_MAX);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(), 0x0102030405060708U);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 16U);
  EXPECT_EQ(std::bit_cast<double>(reader.number()), -0.5);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.number(), 0x04030201U);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.broken());
}

TEST(ProtoReader, RefusesWhatIsNoMessage) {
  for (const std::string_view text :
       {std::string_view("\x08", 1), std::string_view("\x0a\x05hi", 4),
        std::string_view("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12),
        std::string_view("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11),
        std::string_view("\x00\x01", 2), std::string_view("\x0b", 1),
        std::string_view("\x09\x01", 2), std::string_view("<html>")}) {
    ProtoReader reader(text);
    while (reader.next()) {
    }
    EXPECT_TRUE(reader.broken()) << text;
  }
}

TEST(ProtoWriter, KnowsTheSizesOfVarints) {
  for (const std::uint64_t value : {0UL, 1UL, 127UL, 128UL, 16'383UL, 16'384UL, UINT64_MAX}) {
    std::string out;
    ProtoWriter(out).varint(value);
    EXPECT_EQ(ProtoWriter::varint_size(value), out.size());
  }
}

}  // namespace
}  // namespace netprobe
