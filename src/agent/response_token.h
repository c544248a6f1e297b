// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace netprobe {

/// The token that changes through the API need: what the file has, blanks at its ends aside.
/// Where there is none it is made, of 32 random bytes, for its owner alone. Errors: it cannot
/// be read or made, others may read it, or it is too short to be a secret.
[[nodiscard]] Result<std::string> read_or_make_token(const std::string& path);

}  // namespace netprobe
