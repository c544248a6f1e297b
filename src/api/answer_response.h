// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/asker.h"

namespace netprobe {

/// An answer in the format that was asked for. What a file has no place for is
/// in headers: Netprobe-Next-Cursor, Netprobe-Truncated, Netprobe-Tier.
[[nodiscard]] HttpResponse answer_response(const ApiSources& sources, const Found& found,
                                           AnswerFormat format, bool objects);

}  // namespace netprobe
