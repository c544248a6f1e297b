// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "io/http_core.h"

namespace netprobe {

/// The answer to request number `number` of a connection, for its handler. Inside
/// src/io only.
[[nodiscard]] HttpReply make_reply(std::shared_ptr<HttpCore> core,
                                   std::weak_ptr<HttpConnection> connection, std::uint64_t number);

/// What a user of the server does wrong when a stream ends must not keep other
/// connections from closing, or the server from stopping.
void run_guarded(const std::function<void()>& on_close);

}  // namespace netprobe
