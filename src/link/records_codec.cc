// SPDX-License-Identifier: Apache-2.0
#include "link/records_codec.h"

#include <algorithm>

#include "link/proto/netprobe.pb.h"
#include "link/record_reader.h"
#include "query/record.h"
#include "query/schema.h"

namespace netprobe {
namespace {

template <typename Record>
void encode_table(TableEncoder& encoder, const std::vector<Record>& records, v1::Table& to) {
  encoder.begin(records.size());
  for (const Record& record : records) {
    encoder.next_row();
    write_record(encoder, record, {});
  }
  encoder.finish(to);
}

template <typename Record>
Status decode_table(RecordKind kind, const v1::Table& from, TextBudget& budget, KnownNames& names,
                    LeftOut& left_out, std::vector<Record>& to) {
  auto table = TableReader::make(from, table_columns(kind), table_name(kind, Tier::kRaw), left_out);
  if (!table) return std::unexpected(table.error());
  RecordReader reader(std::move(*table), budget, names, left_out);
  to.resize(reader.rows());
  for (std::size_t i = 0; i < to.size(); ++i) reader.read(i, to[i]);
  if (reader.over_budget()) return fail("its texts are too long for its size");
  return {};
}

}  // namespace

RecordsEncoder::RecordsEncoder() {
  // Of one batch all records have the same node, which is told once.
  for (std::size_t i = 0; i < kRecordKinds; ++i)
    tables_.at(i) =
        std::make_unique<TableEncoder>(table_columns(static_cast<RecordKind>(i)), "node");
}

RecordsEncoder::~RecordsEncoder() = default;

void RecordsEncoder::encode(const HistoryBatch& batch, v1::Records& to) {
  to.set_node(batch.node);
  if (!batch.flows.empty()) encode_table(*tables_[0], batch.flows, *to.mutable_flows());
  if (!batch.drops.empty()) encode_table(*tables_[1], batch.drops, *to.mutable_drops());
  if (!batch.connections.empty())
    encode_table(*tables_[2], batch.connections, *to.mutable_connections());
  if (!batch.alerts.empty()) encode_table(*tables_[3], batch.alerts, *to.mutable_alerts());
}

RecordsDecoder::RecordsDecoder() : names_(std::make_unique<KnownNames>()) {}
RecordsDecoder::~RecordsDecoder() = default;

Result<HistoryBatch> RecordsDecoder::decode(const v1::Records& from) {
  HistoryBatch batch;
  batch.node = from.node();
  TextBudget budget;
  const auto take = [&](RecordKind kind, const v1::Table& table, auto& to) {
    return decode_table(kind, table, budget, *names_, left_out_, to);
  };
  Status done;
  if (from.has_flows()) done = take(RecordKind::kFlow, from.flows(), batch.flows);
  if (done && from.has_drops()) done = take(RecordKind::kDrop, from.drops(), batch.drops);
  if (done && from.has_connections())
    done = take(RecordKind::kConnection, from.connections(), batch.connections);
  if (done && from.has_alerts()) done = take(RecordKind::kAlert, from.alerts(), batch.alerts);
  if (done) return batch;
  // What was made when there was no room left is not kept for others.
  names_->clear();
  return std::unexpected(done.error());
}

Result<HistoryBatch> decode_records(const v1::Records& from) {
  return RecordsDecoder().decode(from);
}

}  // namespace netprobe
