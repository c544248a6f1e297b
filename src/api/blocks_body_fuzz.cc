// SPDX-License-Identifier: Apache-2.0
// The body of a POST to /api/blocks, and the parameters of a DELETE.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/blocks_query.h"
#include "io/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto order = parse_block_order(text, 1'700'000'000 * kSecond);
  if (!order) {
    if (order.error().detail.empty()) std::abort();
  } else if (const auto* limit = std::get_if<LimitRequest>(&order->request)) {
    // Nothing that the plane could not have: no empty bucket, a port where there is to be one.
    if (limit->limit.rate == 0 || limit->limit.burst == 0) std::abort();
    if ((limit->limit.side == LimitSide::kSyn) != (limit->limit.port != 0)) std::abort();
    if (order->protect.size() > kMostProtected) std::abort();
  } else if (std::get<BlockRequest>(order->request).what.empty()) {
    std::abort();
  }
  if (const auto params = parse_query(text)) {
    const auto removal = parse_unblock_order(*params);
    if (removal ? removal->all != removal->what.empty() : removal.error().detail.empty())
      std::abort();
    if (const auto list = parse_blocks_query(*params, 1'700'000'000 * kSecond);
        !list && list.error().detail.empty())
      std::abort();
  }
  return 0;
}
