// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace netprobe {

/// The token that changes of an agent need: of the file that was named, of NETPROBE_TOKEN, or
/// of the data folder of an agent on this machine. Errors say where it was looked for.
[[nodiscard]] Result<std::string> find_token(const std::string& file, const std::string& agent);

/// Does plain HTTP to this URL stay on this machine, or is it HTTPS? Else others could read
/// the token on the way.
[[nodiscard]] bool keeps_token_secret(const std::string& agent);

/// Who asks: the user's name, also behind sudo.
[[nodiscard]] std::string user_name();
/// From where they work over SSH, as an address; empty: they do not.
[[nodiscard]] std::string ssh_address();

}  // namespace netprobe
