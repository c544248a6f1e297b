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
Status decode_table(RecordKind kind, const v1::Table& from, TextBudget& budget,
                    std::vector<Record>& to) {
  auto table = TableReader::make(from, table_columns(kind));
  if (!table) return std::unexpected(table.error());
  RecordReader reader(std::move(*table), budget);
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

Result<HistoryBatch> decode_records(const v1::Records& from) {
  HistoryBatch batch;
  batch.node = from.node();
  TextBudget budget;
  Status done;
  if (from.has_flows()) done = decode_table(RecordKind::kFlow, from.flows(), budget, batch.flows);
  if (done && from.has_drops())
    done = decode_table(RecordKind::kDrop, from.drops(), budget, batch.drops);
  if (done && from.has_connections())
    done = decode_table(RecordKind::kConnection, from.connections(), budget, batch.connections);
  if (done && from.has_alerts())
    done = decode_table(RecordKind::kAlert, from.alerts(), budget, batch.alerts);
  if (!done) return std::unexpected(done.error());
  return batch;
}

}  // namespace netprobe
