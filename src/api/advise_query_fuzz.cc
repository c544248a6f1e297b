// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/advise_query.h"

/// Any query string is refused with a sentence, or a question to history about that namespace
/// and no other.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const auto params = parse_query({reinterpret_cast<const char*>(data), size});
  if (!params) return 0;
  for (const bool check : {false, true}) {
    const auto query = parse_advise_query(*params, 1'700'000'000 * kSecond, check);
    if (!query) {
      if (query.error().detail.empty()) std::abort();
      continue;
    }
    const auto& question = query->question;
    if (question.name_space.empty() || question.since.empty()) std::abort();
    if (question.labels && (check || question.workload.empty())) std::abort();
    if (query->ask.query.kind != RecordKind::kFlow || !query->ask.query.is_aggregate())
      std::abort();
  }
  return 0;
}
