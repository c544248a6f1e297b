// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/insert_group.h"

#include <gtest/gtest.h>
#define ZLIB_CONST
#include <zlib.h>

#include <array>

namespace netprobe {
namespace {

/// The text of one gzip member; empty where it is not whole.
std::string inflated(std::string_view member) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return {};
  stream.next_in = reinterpret_cast<const Bytef*>(member.data());
  stream.avail_in = static_cast<uInt>(member.size());
  std::string out;
  std::array<char, 4'096> buffer{};
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  const bool whole = result == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole ? out : std::string();
}

HistoryBatch batch_of(std::string id, std::initializer_list<Micros> times) {
  HistoryBatch batch;
  batch.id = std::move(id);
  batch.node = "n";
  for (const Micros time : times) {
    batch.flows.emplace_back().time = time;
    batch.flows.back().tuple.src = IpAddress::v4(0x0a000001);
    batch.flows.back().forward.bytes = 0x0102030405060708;
  }
  return batch;
}

TEST(RowBinary, WritesNumbersAndTextsAsTheFormatSays) {
  std::string out;
  row_binary::append_text(out, std::string(300, 'x'));
  EXPECT_EQ(out.substr(0, 2), "\xac\x02");  // 300 as a varint
  EXPECT_EQ(out.size(), 302U);
  out.clear();
  row_binary::append_number<std::uint32_t>(out, 0x01020304);
  EXPECT_EQ(out, "\x04\x03\x02\x01");
}

TEST(RowBinary, AnEmptyRowHasEveryColumn) {
  for (std::size_t kind = 0; kind < kRecordKinds; ++kind) {
    const auto columns = table_columns(static_cast<RecordKind>(kind));
    const auto row = row_binary::empty_row(columns, -1);
    ASSERT_EQ(row.size(), columns.size());
    EXPECT_EQ(row[0], std::string(8, '\xff'));
    for (std::size_t i = 1; i < row.size(); ++i)
      EXPECT_EQ(row[i],
                std::string(std::max<std::size_t>(row_binary::width_of(columns[i].type), 1), '\0'));
  }
}

template <typename Record>
void expect_empty(RecordKind kind) {
  ColumnValues row(table_columns(kind).size());
  RowEncoder(kind).write(row, Record{}, "");
  EXPECT_EQ(row, row_binary::empty_row(table_columns(kind), 0));
}

TEST(RowBinary, ARecordWithNothingIsTheEmptyRowButForItsNode) {
  // The columns and the writer of records are held against each other.
  expect_empty<DropEvent>(RecordKind::kDrop);
  expect_empty<ConnectionEvent>(RecordKind::kConnection);
  expect_empty<AlertEvent>(RecordKind::kAlert);
}

/// Reads Native blocks as the format is documented, apart from what writes them.
struct NativeReader {
  std::string_view rest;
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !rest.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest.front());
      rest.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  std::string_view take(std::size_t size) {
    const auto out = rest.substr(0, size);
    rest.remove_prefix(std::min(size, rest.size()));
    return out;
  }
  std::string_view text() { return take(varint()); }
};

TEST(InsertGroup, IsNativeBlocksBehindTheMark) {
  GroupBuilder builder;
  HistoryBatch batch = batch_of("n/1/7", {});
  constexpr std::uint64_t kRows = 10'000;  // some blocks
  for (std::uint64_t i = 0; i < kRows; ++i) {
    batch.flows.emplace_back().time = static_cast<Micros>(i);
    batch.flows.back().interface = std::string(i % 200, 'x');
  }
  builder.add(batch, 1);
  const auto group = builder.finish();
  const auto& part = group->parts.at(0);
  const std::string mark = mark_block(*group, part, 77);
  const std::string all = inflated(gzip_head(mark) + part.body.bytes + gzip_tail(mark, part.body));
  NativeReader reader{all};
  std::uint64_t rows = 0;
  std::uint64_t next = 0;
  for (bool is_mark = true; !reader.rest.empty(); is_mark = false) {
    const auto columns = table_columns(RecordKind::kFlow);
    ASSERT_EQ(reader.varint(), columns.size() + 3);
    const auto count = reader.varint();
    EXPECT_TRUE(is_mark ? count == 1 : count > 0);
    rows += count;
    for (std::size_t i = 0; i < columns.size() + 3; ++i) {
      const auto name = reader.text();
      const auto type = reader.text();
      if (i < columns.size()) EXPECT_EQ(name, columns[i].name);
      const std::size_t width = type == "String"            ? 0
                                : type == "FixedString(16)" ? 16
                                : type.ends_with("64")      ? 8
                                : type.ends_with("32")      ? 4
                                : type.ends_with("16")      ? 2
                                                            : 1;
      for (std::uint64_t row = 0; row < count; ++row) {
        const auto value = width == 0 ? reader.text() : reader.take(width);
        std::uint64_t number = 0;
        std::memcpy(&number, value.data(), std::min<std::size_t>(value.size(), 8));
        if (name == "time" && !is_mark) EXPECT_EQ(number, next + row);
        if (name == "interface" && !is_mark) EXPECT_EQ(value.size(), (next + row) % 200);
        if (name == "batch") EXPECT_EQ(value, is_mark ? "n/1" : "n/1/7");
        if (name == "mark") EXPECT_EQ(number, is_mark ? 8U : 0U);
        if (name == "send_by") EXPECT_EQ(number, is_mark ? 77U : UINT32_MAX);
      }
    }
    if (!is_mark) next += count;
  }
  EXPECT_EQ(rows, kRows + 1);
}

TEST(Deflate, TextsBehindEachOtherAreOneMember) {
  for (const std::size_t size : {0U, 1U, 1'000U, 3'000'000U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(i * i / 7);
    Deflater deflater;
    for (std::size_t at = 0; at < size; at += 100'000)
      deflater.add(std::string_view(text).substr(at, 100'000));
    const Deflated rest = deflater.finish();
    for (const std::string first : {"", "the first", "another first"}) {
      const std::string member = gzip_head(first) + rest.bytes + gzip_tail(first, rest);
      EXPECT_EQ(inflated(member), first + text);
    }
  }
}

TEST(Deflate, NoPartOfAMemberIsWhole) {
  Deflater deflater;
  deflater.add("some rows");
  const Deflated rest = deflater.finish();
  const std::string member = gzip_head("mark") + rest.bytes + gzip_tail("mark", rest);
  ASSERT_EQ(inflated(member), "marksome rows");
  for (std::size_t size = 0; size < member.size(); ++size)
    EXPECT_EQ(inflated(member.substr(0, size)), "") << size;
}

TEST(InsertGroup, HasOnePartForEachKindAndDay) {
  GroupBuilder builder;
  auto first = batch_of("n/1/7", {0, kDayMicros - 1, kDayMicros, 5});
  first.drops.emplace_back().time = 3;
  builder.add(first, 11);
  builder.add(batch_of("n/1/8", {-1}), 12);
  EXPECT_EQ(builder.rows(), 6U);
  const auto group = builder.finish();
  ASSERT_TRUE(group);
  EXPECT_EQ(group->id, "n/1/7");
  EXPECT_EQ(group->first_batch, 11U);
  EXPECT_EQ(group->batches, 2U);
  EXPECT_EQ(group->rows(), 6U);
  std::vector<std::tuple<RecordKind, std::int64_t, std::uint32_t>> parts;
  for (const auto& part : group->parts) parts.emplace_back(part.kind, part.day, part.rows);
  EXPECT_EQ(parts, (decltype(parts){{RecordKind::kFlow, -1, 1},
                                    {RecordKind::kFlow, 0, 3},
                                    {RecordKind::kFlow, 1, 1},
                                    {RecordKind::kDrop, 0, 1}}));
  EXPECT_EQ(group->parts[1].oldest, 0);
  EXPECT_EQ(group->parts[1].newest, kDayMicros - 1);
  EXPECT_FALSE(builder.finish());
}

TEST(InsertGroup, IsTheSameFromDisk) {
  GroupBuilder builder;
  builder.add(batch_of("n/1/7", {1, 2, kDayMicros}), 1);
  const auto group = builder.finish();
  const std::string bytes = encode_group(*group);
  const auto read = decode_group(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->id, group->id);
  EXPECT_EQ(read->batches, 1U);
  ASSERT_EQ(read->parts.size(), 2U);
  EXPECT_EQ(read->parts[0].body.bytes, group->parts[0].body.bytes);
  EXPECT_EQ(read->parts[0].body.crc, group->parts[0].body.crc);
  EXPECT_EQ(encode_group(*read), bytes);
}

TEST(InsertGroup, ABadBitOrAMissingByteIsSeen) {
  GroupBuilder builder;
  builder.add(batch_of("n/1/7", {1}), 1);
  const std::string bytes = encode_group(*builder.finish());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_group(std::string_view(bytes).substr(0, size)));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_FALSE(decode_group(bad)) << at;
  }
}

TEST(InsertGroup, ALaneIsWhatStandsBeforeTheNumber) {
  InsertGroup group;
  group.id = "node-1/1700000000/41";
  EXPECT_EQ(lane_of(group).name, "node-1/1700000000");
  EXPECT_EQ(lane_of(group).number, 42U);
  group.out_of_order = true;
  EXPECT_EQ(lane_of(group).name, group.id);
  EXPECT_EQ(lane_of(group).number, 1U);
  group.out_of_order = false;
  for (const char* other : {"node", "a/", "a/x", "a/1x", "a/99999999999999999999", ""}) {
    group.id = other;
    EXPECT_EQ(lane_of(group).name, other);
    EXPECT_EQ(lane_of(group).number, 1U);
  }
}

}  // namespace
}  // namespace netprobe
