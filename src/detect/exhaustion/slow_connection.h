// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "detect/exhaustion/exhaustion_options.h"
#include "model/history.h"

namespace netprobe {

enum class SlowKind : std::uint8_t {
  kNone,
  kSlowRequest,  ///< headers or a body in drips, without an answer
  kSlowRead,     ///< the answer is taken in drips
  kUnused,       ///< made, and nothing is done with it
};

/// A TCP connection that is open, as its records tell. Payload is estimated: bytes of IP
/// packets without headers of 20 (40) and 32 bytes, which those with timestamps have; a
/// keep-alive so has none. Where there are no timestamps, 12 bytes a packet are missed.
class SlowConnection {
 public:
  SlowConnection() = default;
  explicit SlowConnection(const FlowRecord& record);

  /// Its first record, too.
  void add(const FlowRecord& record, const ExhaustionOptions& options);
  /// `now`: seconds since the epoch. Tells what it is; looks at reading every five seconds.
  [[nodiscard]] SlowKind look(std::uint32_t now, const ExhaustionOptions& options);

  [[nodiscard]] const IpAddress& client() const { return client_; }
  [[nodiscard]] const IpAddress& server() const { return server_; }
  [[nodiscard]] std::uint16_t client_port() const { return client_port_; }
  [[nodiscard]] std::uint16_t server_port() const { return server_port_; }
  [[nodiscard]] const IdentityPtr& client_identity() const { return client_identity_; }
  [[nodiscard]] const IdentityPtr& server_identity() const { return server_identity_; }
  [[nodiscard]] std::uint32_t packets() const { return packets_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t opened() const { return opened_; }
  [[nodiscard]] std::uint32_t newest() const { return newest_; }

 private:
  void on_client(std::uint64_t payload, std::uint32_t at, const ExhaustionOptions& options);
  void on_server(std::uint64_t payload, std::uint32_t at);

  IpAddress client_;
  IpAddress server_;
  std::uint16_t client_port_ = 0;
  std::uint16_t server_port_ = 0;
  bool asked_ = false;        ///< the client sent something
  bool answered_ = false;     ///< the server did
  bool slow_read_ = false;    ///< in the last five seconds that were looked at
  std::uint8_t drips_ = 0;    ///< since the last answer, or request that was none
  std::uint32_t opened_ = 0;  ///< seconds since the epoch, as all of these
  std::uint32_t last_drip_ = 0;
  std::uint32_t last_answer_ = 0;  ///< or its opening
  std::uint32_t newest_ = 0;
  std::uint32_t closed_window_ = 0;  ///< the client's; 0: never
  std::uint32_t read_from_ = 0;      ///< since when `read_` counts
  std::uint32_t read_ = 0;           ///< payload that the server sent
  std::uint32_t packets_ = 0;        ///< both ways
  std::uint64_t bytes_ = 0;
  IdentityPtr client_identity_;
  IdentityPtr server_identity_;
};

/// Seconds since the epoch; 0 for what is before.
[[nodiscard]] std::uint32_t to_seconds(Micros time);

}  // namespace netprobe
