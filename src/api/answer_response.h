// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/asker.h"

namespace netprobe {

/// An answer in the format that was asked for. What a file has no place for is
/// in headers: Netprobe-Tier, Netprobe-Truncated, Netprobe-Next-Cursor; the latter
/// two are trailers of an answer of several pages. Takes what was found.
[[nodiscard]] HttpResponse answer_response(const ApiSources& sources, Found& found,
                                           AnswerFormat format, bool objects);

}  // namespace netprobe
