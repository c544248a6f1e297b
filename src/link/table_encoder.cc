// SPDX-License-Identifier: Apache-2.0
#include "link/table_encoder.h"

#include <cstring>

#include "link/proto/netprobe.pb.h"
#include "model/flow.h"
#include "query/record.h"

namespace netprobe {

void WordList::clear() {
  if (++round_ == 0) recent_.fill({});
  positions_.clear();
  texts_.assign(1, std::string_view());
}

std::uint32_t WordList::find(std::string_view text) {
  const auto [at, added] = positions_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
  if (added) texts_.push_back(text);
  return at->second;
}

TableEncoder::TableEncoder(std::span<const TableColumn> columns, std::string_view skipped) {
  for (const TableColumn& column : columns) {
    Filled& filled = columns_.emplace_back();
    filled.column = column;
    filled.skipped = column.name == skipped;
    if (column.name == "vlan") filled.none = kNoVlan;
  }
}

void TableEncoder::begin(std::size_t rows) {
  rows_ = rows;
  row_ = static_cast<std::size_t>(-1);
  labels_.clear();
  label_texts_.clear();
  for (Filled& to : columns_) {
    to.differs = 0;
    to.words.clear();
    if (to.column.type == ColumnType::kAddress)
      to.bytes.resize(rows * 16);
    else
      to.cells.resize(rows);
  }
}

void TableEncoder::address(const IpAddress& value) {
  Filled& to = columns_[column_++];
  std::memcpy(to.bytes.data() + row_ * 16, value.bytes().data(), 16);
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), value.bytes().data(), 16);
  to.differs |= halves[0] | halves[1];
}

void TableEncoder::labels(const Identity* identity) {
  if (identity == nullptr || identity->labels.empty()) return text({});
  const auto [at, added] = labels_.try_emplace(identity, nullptr);
  if (added) at->second = &label_texts_.emplace_back(labels_text(identity));
  text(*at->second);
}

void TableEncoder::finish(v1::Table& table) {
  table.set_rows(static_cast<std::uint32_t>(rows_));
  for (Filled& from : columns_) {
    if (from.skipped || from.differs == 0) continue;
    v1::Column& to = *table.add_columns();
    to.set_name(from.column.name.data(), from.column.name.size());
    const auto begin = from.cells.begin();
    const auto end = from.cells.end();
    switch (from.column.type) {
      case ColumnType::kU8:
      case ColumnType::kU16:
      case ColumnType::kU32:
      case ColumnType::kU64:
        to.mutable_numbers()->Add(begin, end);
        break;
      case ColumnType::kI64:
        to.mutable_integers()->Reserve(static_cast<int>(rows_));
        for (auto at = begin; at != end; ++at)
          to.mutable_integers()->AddAlreadyReserved(static_cast<std::int64_t>(*at));
        break;
      case ColumnType::kAddress:
        to.set_addresses(from.bytes.data(), from.bytes.size());
        break;
      case ColumnType::kText:
      case ColumnType::kWord:
        to.mutable_words()->Reserve(static_cast<int>(rows_));
        for (auto at = begin; at != end; ++at)
          to.mutable_words()->AddAlreadyReserved(static_cast<std::uint32_t>(*at));
        for (const std::string_view text : from.words.texts())
          to.add_texts(text.data(), text.size());
        break;
    }
  }
}

}  // namespace netprobe
