// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>

#include "base/result.h"
#include "link/left_out.h"
#include "link/table_encoder.h"
#include "model/history.h"

namespace netprobe::v1 {
class Records;
}

namespace netprobe {

class KnownNames;

/// Writes batches of records as messages. Keeps its memory between them: one for
/// each thread that does it often.
class RecordsEncoder {
 public:
  RecordsEncoder();
  ~RecordsEncoder();
  /// Fills an empty message.
  void encode(const HistoryBatch& batch, v1::Records& to);

 private:
  std::array<std::unique_ptr<TableEncoder>, kRecordKinds> tables_;
};

/// Reads the messages of one stream: what records name again they share with those
/// before. One thread.
class RecordsDecoder {
 public:
  RecordsDecoder();
  ~RecordsDecoder();
  /// The records of a message, which may be anything: an error says what is wrong with
  /// it. What this version has no word for (a direction, a verdict) is not known. The
  /// batch has no id.
  [[nodiscard]] Result<HistoryBatch> decode(const v1::Records& from);
  /// Of all messages so far.
  [[nodiscard]] const LeftOut& left_out() const { return left_out_; }

 private:
  LeftOut left_out_;
  std::unique_ptr<KnownNames> names_;
};

/// The same of a single message.
[[nodiscard]] Result<HistoryBatch> decode_records(const v1::Records& from);

}  // namespace netprobe
