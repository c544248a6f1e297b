// SPDX-License-Identifier: Apache-2.0
#include "link/protocol.h"

#include <fmt/format.h>

#include <algorithm>

namespace netprobe {

Result<std::uint32_t> common_protocol(ProtocolRange ours, ProtocolRange theirs,
                                      std::string_view who, std::string_view version) {
  theirs.oldest = std::max(theirs.oldest, 1U);
  theirs.newest = std::max(theirs.newest, theirs.oldest);
  const std::uint32_t common = std::min(ours.newest, theirs.newest);
  if (common >= std::max(ours.oldest, theirs.oldest)) return common;
  const bool they_are_old = theirs.newest < ours.oldest;
  return fail(
      fmt::format(
          "{} speaks protocols {} to {}, and this program (version {}) {} to {}: bring {} up to "
          "date, versions may be one minor release apart",
          who, theirs.oldest, theirs.newest, version, ours.oldest, ours.newest,
          they_are_old ? "the other side" : "this side"),
      ErrorKind::kUnsupported);
}

}  // namespace netprobe
