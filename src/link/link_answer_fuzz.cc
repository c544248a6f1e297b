// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "link/answer_codec.h"
#include "link/proto/netprobe.pb.h"
#include "link/sums_codec.h"

/// An answer's parts, and sums, from anybody: refused with a sentence, or read and
/// written again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  v1::SumsReply sums;
  if (sums.ParseFromArray(data, static_cast<int>(size))) (void)decode_sums(sums);
  v1::QueryReply message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  QueryAnswer answer;
  if (message.has_end()) decode_end(message.end(), answer);
  if (message.has_failed()) (void)decode_failure(message.failed());
  if (!message.has_rows()) return 0;
  TextBudget budget;
  if (const auto taken = decode_rows(message.rows(), budget, answer); !taken) {
    if (taken.error().message.empty()) std::abort();
    return 0;
  }
  v1::Table again;
  const std::size_t rows = rows_that_fit(answer, 0);
  encode_rows(answer, 0, rows, again);
  QueryAnswer same;
  TextBudget other;
  if (!decode_rows(again, other, same) || same.rows.size() != rows) std::abort();
  return 0;
}
