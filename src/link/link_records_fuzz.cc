// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "link/proto/netprobe.pb.h"
#include "link/records_codec.h"
#include "query/evaluate.h"

/// Whatever a message says, it is refused with a sentence, or its records can be read
/// and written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  v1::Records message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto batch = decode_records(message);
  if (!batch) {
    if (batch.error().message.empty()) std::abort();
    return 0;
  }
  for (const FlowRecord& flow : batch->flows)
    for (const Field& field : fields())
      (void)value_of({field.id, "app"}, {RecordKind::kFlow, &flow, batch->node});
  static RecordsEncoder encoder;
  v1::Records again;
  encoder.encode(*batch, again);
  const auto same = decode_records(again);
  if (same && same->size() != batch->size()) std::abort();
  return 0;
}
