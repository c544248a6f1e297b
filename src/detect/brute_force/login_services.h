// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace netprobe {

/// A service where one logs in, and what a connection looks like in which that failed.
/// Bytes are those of IP packets, one direction of a whole connection.
struct LoginService {
  std::string_view name;
  std::span<const std::uint16_t> ports;
  std::uint32_t longest = 0;       ///< seconds
  std::uint32_t client_bytes = 0;  ///< at most
  std::uint32_t server_bytes = 0;
  /// So many of them, of one source at one server, within `window` seconds.
  std::uint32_t attempts = 0;
  std::uint32_t window = 0;
  /// Programs make as many honest ones: only sources outside the cluster, low severity.
  bool only_outside = false;
};

[[nodiscard]] std::span<const LoginService> login_services();
/// Null: nobody logs in there. Constant time.
[[nodiscard]] const LoginService* login_service(std::uint16_t port);

}  // namespace netprobe
