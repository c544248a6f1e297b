// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/dial.h"
#include "outbox/export_target.h"

namespace netprobe {

/// A TCP connection, plain or inside TLS, that knows what its peer has acknowledged.
/// Nothing in here waits longer than it is given patience for.
class Channel {
 public:
  virtual ~Channel() = default;
  /// How many bytes of it went out: at least one, or an error.
  [[nodiscard]] virtual Result<std::size_t> write(std::string_view text,
                                                  const Patience& patience) = 0;
  /// What the peer says is thrown away. False: it has closed the connection.
  [[nodiscard]] virtual bool is_open() = 0;
  /// Bytes on the wire so far: what acknowledged() comes to.
  [[nodiscard]] virtual std::uint64_t wire_bytes() const = 0;
  /// Bytes that the peer's kernel has; also when the connection is broken.
  [[nodiscard]] virtual std::uint64_t acknowledged() const = 0;
  /// For poll(2).
  [[nodiscard]] virtual int fd() const = 0;
};

[[nodiscard]] Result<std::unique_ptr<Channel>> connect_plain(const ExportTarget& target,
                                                             HostLookup& lookup,
                                                             const Patience& patience);
/// Certificates are read anew each time, as they may have been rotated.
[[nodiscard]] Result<std::unique_ptr<Channel>> connect_tls(const ExportTarget& target,
                                                           HostLookup& lookup,
                                                           const Patience& patience);
/// Are the files of certificates there, and do they fit each other? A usage error.
[[nodiscard]] Status check_tls(const ExportTarget& target);

/// The TCP part of both.
class TcpSocket {
 public:
  explicit TcpSocket(UniqueFd fd);
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Bytes that were acknowledged since this was made.
  [[nodiscard]] std::uint64_t acknowledged() const;

 private:
  [[nodiscard]] std::uint64_t acknowledged_in_all() const;
  UniqueFd fd_;
  std::uint64_t before_ = 0;  ///< a SYN counts as one
};

}  // namespace netprobe
