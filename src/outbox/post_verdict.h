// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "io/http_poster.h"

namespace netprobe {

/// What an answer says, as part of a sentence: one line, at most 300 bytes of it.
[[nodiscard]] std::string words_of(const PostReply& reply);

/// What an answer means for alerts that were posted together. What may be mended on the
/// other side (a wrong token, a proxy without its server) is tried again: alerts are few,
/// and their queue is bounded and counted.
struct PostVerdict {
  enum class Fate : std::uint8_t {
    kTaken,     ///< 2xx
    kAgain,     ///< not there, no answer, or an answer that is none of these
    kTooLarge,  ///< 413: in smaller pieces
    kRefused,   ///< 400, 415, 422: it will never take them like this
  };
  Fate fate = Fate::kTaken;
  bool in_doubt = false;  ///< of kAgain: it may have taken them all the same
  Nanos wait = 0;         ///< it asked for so long
  std::string problem;    ///< one sentence; empty: none
};
[[nodiscard]] PostVerdict verdict_of(const PostReply& reply);

}  // namespace netprobe
