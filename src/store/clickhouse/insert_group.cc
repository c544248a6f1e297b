// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/insert_group.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "store/clickhouse/newer.h"

namespace netprobe {
namespace {

/// Of a Native block: more is more memory, less is more names of columns.
constexpr std::uint32_t kBlockRows = 4'096;
constexpr std::string_view kMagic = "NPCHB002";  // the format's version is in it
constexpr std::uint64_t kMostParts = 100'000;

/// Reads what encode_group() wrote; after an error everything is 0.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  T number() {
    T value{};
    if (rest_.size() < sizeof(T)) {
      rest_ = {};
      bad_ = true;
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string text() {
    const auto size = number<std::uint64_t>();
    if (size > rest_.size()) {
      rest_ = {};
      bad_ = true;
      return {};
    }
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  [[nodiscard]] bool good() const { return !bad_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

using row_binary::append_number;

constexpr std::array kMarkColumns{TableColumn{"batch", ColumnType::kText},
                                  TableColumn{"mark", ColumnType::kU64},
                                  TableColumn{"send_by", ColumnType::kU32}};

/// A Native block begins with how many columns and rows it has; each column with its
/// name and type. Source: clickhouse.com/docs/interfaces/formats/Native.
std::string block_head(std::span<const TableColumn> columns, std::uint64_t rows) {
  std::string out;
  row_binary::append_varint(out, columns.size() + kMarkColumns.size());
  row_binary::append_varint(out, rows);
  return out;
}
std::string column_head(std::string_view name, ColumnType type) {
  std::string out;
  row_binary::append_text(out, name);
  row_binary::append_text(out, column_type({name, type}, ClickHouseVersion{}));
  return out;
}

void append_sized(std::string& out, std::string_view text) {
  append_number<std::uint64_t>(out, text.size());
  out += text;
}

}  // namespace

std::uint64_t InsertGroup::rows() const {
  std::uint64_t sum = 0;
  for (const auto& part : parts) sum += part.rows;
  return sum;
}

std::size_t InsertGroup::bytes() const {
  std::size_t sum = sizeof(*this) + id.size();
  for (const auto& part : parts) sum += sizeof(part) + part.body.bytes.size();
  return sum;
}

Lane lane_of(const InsertGroup& group) {
  const auto slash = group.id.rfind('/');
  if (slash != std::string::npos && !group.out_of_order) {
    std::uint64_t number = 0;
    const char* begin = group.id.data() + slash + 1;
    const char* end = group.id.data() + group.id.size();
    const auto read = std::from_chars(begin, end, number);
    if (read.ec == std::errc() && read.ptr == end && number < UINT64_MAX && begin != end)
      return {group.id.substr(0, slash), number + 1};
  }
  return {group.id, 1};
}

std::array<std::string, 3> mark_columns(std::string_view batch, std::uint64_t mark,
                                        std::uint32_t send_by) {
  std::array<std::string, 3> out;
  row_binary::append_text(out[0], batch);
  append_number(out[1], mark);
  append_number(out[2], send_by);
  return out;
}

std::string mark_block(const InsertGroup& group, const InsertPart& part, std::uint32_t send_by) {
  const Lane lane = lane_of(group);
  const auto columns = table_columns(part.kind);
  std::string out = block_head(columns, 1);
  const auto values = row_binary::empty_row(columns, part.day * kDayMicros);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out += column_head(columns[i].name, columns[i].type);
    out += values[i];
  }
  const auto mark = mark_columns(lane.name, lane.number, send_by);
  for (std::size_t i = 0; i < mark.size(); ++i) {
    out += column_head(kMarkColumns[i].name, kMarkColumns[i].type);
    out += mark[i];
  }
  return out;
}

template <typename Record>
void GroupBuilder::add_all(const std::vector<Record>& records, RecordKind kind,
                           std::string_view node) {
  Open* open = nullptr;
  RowEncoder& encoder = encoders_[static_cast<std::size_t>(kind)];
  for (const auto& record : records) {
    const std::int64_t day = day_of(record.time);
    if (open == nullptr || open->part.day != day) {
      auto& slot = open_[{kind, day}];
      if (!slot) {
        slot = std::make_unique<Open>();
        slot->pending.resize(table_columns(kind).size());
        slot->part.kind = kind;
        slot->part.day = day;
        slot->part.oldest = slot->part.newest = record.time;
      }
      open = slot.get();
    }
    encoder.write(open->pending, record, node);
    ++open->part.rows;
    open->part.oldest = std::min(open->part.oldest, record.time);
    open->part.newest = std::max(open->part.newest, record.time);
    if (++open->pending_rows == kBlockRows) close_block(*open);
  }
  rows_ += records.size();
}

void GroupBuilder::close_block(Open& open) const {
  if (open.pending_rows == 0) return;
  const auto columns = table_columns(open.part.kind);
  open.deflater.add(block_head(columns, open.pending_rows));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    open.deflater.add(column_head(columns[i].name, columns[i].type));
    open.deflater.add(open.pending[i]);
    open.pending[i].clear();
  }
  const auto mark = mark_columns(id_, 0, UINT32_MAX);
  for (std::size_t i = 0; i < mark.size(); ++i) {
    std::string values = column_head(kMarkColumns[i].name, kMarkColumns[i].type);
    for (std::uint32_t row = 0; row < open.pending_rows; ++row) values += mark[i];
    open.deflater.add(values);
  }
  open.pending_rows = 0;
}

void GroupBuilder::add(const HistoryBatch& batch, std::uint64_t number) {
  if (batches_++ == 0) {
    id_ = batch.id;
    first_batch_ = number;
  }
  add_all(batch.flows, RecordKind::kFlow, batch.node);
  add_all(batch.drops, RecordKind::kDrop, batch.node);
  add_all(batch.connections, RecordKind::kConnection, batch.node);
  add_all(batch.alerts, RecordKind::kAlert, batch.node);
  for (auto& encoder : encoders_) encoder.forget();
}

std::unique_ptr<InsertGroup> GroupBuilder::finish() {
  if (batches_ == 0) return nullptr;
  auto group = std::make_unique<InsertGroup>();
  group->first_batch = first_batch_;
  group->batches = batches_;
  for (auto& [key, open] : open_) {
    close_block(*open);
    open->part.body = open->deflater.finish();
    group->parts.push_back(std::move(open->part));
  }
  open_.clear();
  group->id = std::exchange(id_, {});
  rows_ = 0;
  batches_ = 0;
  return group;
}

std::string encode_group(const InsertGroup& group) {
  std::string out(kMagic);
  append_sized(out, group.id);
  append_number<std::uint64_t>(out, group.batches);
  append_number<std::uint64_t>(out, group.parts.size());
  for (const auto& part : group.parts) {
    append_number(out, static_cast<std::uint8_t>(part.kind));
    append_number(out, part.day);
    append_number(out, part.rows);
    append_number(out, part.oldest);
    append_number(out, part.newest);
    append_number(out, part.body.crc);
    append_number(out, part.body.length);
    append_sized(out, part.body.bytes);
  }
  append_number(out, crc_of(out));
  return out;
}

Result<InsertGroup> decode_group(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + sizeof(std::uint32_t) || !bytes.starts_with(kMagic))
    return fail("it is no spilled batch of this version");
  const auto body = bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
  if (Reader(bytes.substr(body.size())).number<std::uint32_t>() != crc_of(body))
    return fail("its checksum does not fit");
  Reader reader(body.substr(kMagic.size()));
  InsertGroup group;
  group.id = reader.text();
  group.batches = reader.number<std::uint64_t>();
  const auto parts = reader.number<std::uint64_t>();
  if (parts > kMostParts) return fail("it has too many parts");
  for (std::uint64_t i = 0; i < parts && reader.good(); ++i) {
    InsertPart part;
    const auto kind = reader.number<std::uint8_t>();
    if (kind >= kRecordKinds) return fail("it has records of an unknown kind");
    part.kind = static_cast<RecordKind>(kind);
    part.day = reader.number<std::int64_t>();
    part.rows = reader.number<std::uint32_t>();
    part.oldest = reader.number<Micros>();
    part.newest = reader.number<Micros>();
    part.body.crc = reader.number<std::uint32_t>();
    part.body.length = reader.number<std::uint64_t>();
    part.body.bytes = reader.text();
    group.parts.push_back(std::move(part));
  }
  if (!reader.good() || !reader.at_end()) return fail("it is cut off");
  return group;
}

}  // namespace netprobe
