// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/ask.h"
#include "api/kept_flows.h"
#include "api/live_records.h"
#include "api/query_help.h"
#include "api/testing/clusters.h"

/// Any query string is either refused with a sentence, or answered from what is
/// live, in every format, within the limits that it may set.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const auto params = parse_query({reinterpret_cast<const char*>(data), size});
  if (!params) return 0;
  static const auto kSnapshot = testing::make_cluster_snapshot();
  const Nanos now = kSnapshot->taken_at;
  if (const auto help = parse_complete_query(*params); help) (void)complete_page(*help);
  if (const auto help = parse_validate_query(*params); help) (void)validate_page(*help, now);
  if (const auto stream = parse_stream_query(*params, now);
      !stream && stream.error().detail.empty())
    std::abort();
  if (const auto flows = parse_flows_query(*params, now); flows)
    if (kept_flows_ask(*flows).query.limit > kMaxAskRows) std::abort();

  auto ask = parse_ask(*params, now);
  if (!ask) {
    if (ask.error().detail.empty()) std::abort();
    return 0;
  }
  if (ask->limits.rows > kMaxAskRows || ask->limits.time > kMaxAskTime) std::abort();
  const LiveRecords records(*kSnapshot, ask->query.kind);
  QueryRequest request{.query = ask->query, .limits = ask->limits, .cursor = ask->cursor};
  const auto answer = evaluate(request, records.refs());
  if (!answer) {
    if (answer.error().message.empty()) std::abort();
    return 0;
  }
  if (answer->rows.size() > ask->limits.rows) std::abort();
  const AnswerPage page{
      .query = ask->query, .answer = *answer, .snapshot = *kSnapshot, .objects = ask->objects};
  if (!answer_text(AnswerFormat::kJson, page).ends_with('}')) std::abort();
  if (!answer_text(AnswerFormat::kCsv, page).ends_with("\r\n")) std::abort();
  (void)answer_text(AnswerFormat::kJsonLines, page);
  (void)answer_table(*answer);
  return 0;
}
