// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "link/credentials.h"

namespace grpc {
class Channel;
}

namespace netprobe {

/// A connection, made when it is used, with the bounds that all of ours have.
/// `address`: "10.0.0.1:8082", "[fd00::1]:8082", "name:8082".
[[nodiscard]] std::shared_ptr<grpc::Channel> make_channel(const std::string& address,
                                                          const LinkCredentials& credentials);
/// Tries again at once, however long it failed. For who waits by himself.
void retry_now(grpc::Channel& channel);

/// What is wrong with a connection, of gRPC's words for it: one sentence that says
/// whose certificate is meant, where it is one. `who`: "the agent at 10.0.0.1:8082".
[[nodiscard]] std::string connection_problem(std::string_view message,
                                             const LinkCredentials& credentials,
                                             std::string_view who);

}  // namespace netprobe
