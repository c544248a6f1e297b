// SPDX-License-Identifier: Apache-2.0
// Settings of feeds: what is taken names a file of the cache and is no URL of another kind. The
// same text is looked at as a feed of unknown format.
#include <cstdlib>
#include <string_view>

#include "intel/feed_settings.h"
#include "intel/testing/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace netprobe::intel;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(testing::hold_feed(text, {}));
  const auto settings = parse_feed_settings(text);
  if (!settings) {
    if (settings.error().message.empty()) std::abort();
    return 0;
  }
  if (settings->name.empty() || settings->name.front() == '.' ||
      settings->name.find('/') != std::string::npos)
    std::abort();
  if (!settings->is_url() && !settings->location.starts_with('/')) std::abort();
  if (settings->location.find_first_of(std::string_view("\0", 1)) != std::string::npos)
    std::abort();
  if (settings->confidence < 0 || settings->confidence > 1) std::abort();
  return 0;
}
