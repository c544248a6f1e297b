// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "query/completion.h"
#include "query/query.h"
#include "query/query_error.h"

/// Any text is refused with a sentence that has its place in the text, or its
/// canonical form says the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  constexpr Nanos kNow = 1'767'225'600LL * kSecond;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size < 256) (void)completions(text, size / 2);
  const auto filter = parse_filter(text, kNow);
  const auto query = parse_query(text, kNow);
  if (!query) {
    const QueryError& error = query.error();
    if (filter || error.message.empty() || error.column + error.length > size) std::abort();
    if (format_query_error(text, error).empty()) std::abort();
    return 0;
  }
  const auto form = canonical(*query);
  const auto again = parse_query(form, kNow + 1);
  if (!again || canonical(*again) != form || again->kind != query->kind) std::abort();
  return 0;
}
