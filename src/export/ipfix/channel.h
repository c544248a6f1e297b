// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "io/host_lookup.h"

namespace netprobe::ipfix {

struct ChannelOptions {
  std::string host;
  std::uint16_t port = 0;
  bool datagrams = false;
  bool tls = false;
  bool insecure = false;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

/// A connection to a collector: UDP, TCP or TLS over TCP. Waits are bounded by the
/// deadline of each call (monotonic) and ended by stop(). One thread, save for stop().
class Channel {
 public:
  explicit Channel(ChannelOptions options);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] bool connected() const { return static_cast<bool>(fd_); }
  [[nodiscard]] Status connect(Nanos deadline);
  void close();

  /// Whole, or an error: EMSGSIZE of a datagram that is too large; any other error
  /// of a stream has closed it.
  [[nodiscard]] Status write(std::span<const std::uint8_t> message, Nanos deadline);
  /// Of a stream: bytes that went into it since it was connected.
  [[nodiscard]] std::uint64_t written() const { return written_; }
  /// Of those, what the collector's system has acknowledged. Also after an error.
  [[nodiscard]] std::uint64_t acknowledged() const { return written_ - unacknowledged_; }
  /// Waits until everything is. False: time is up, or the stream broke; it is closed.
  [[nodiscard]] bool await_acknowledged(Nanos deadline);
  /// Of datagrams: the largest that the way takes, as far as is known.
  [[nodiscard]] std::size_t path_mtu() const;
  /// Any thread.
  void stop();

 private:
  struct Tls;
  [[nodiscard]] Status handshake(Nanos deadline);
  [[nodiscard]] Status write_stream(std::span<const std::uint8_t> bytes, Nanos deadline);
  [[nodiscard]] Status flush_tls(Nanos deadline);
  /// What the collector says: nothing but its end, and what TLS has to say.
  [[nodiscard]] Status read_some();
  [[nodiscard]] Status wait(short events, Nanos deadline);
  void look_at_queue();
  [[nodiscard]] std::unexpected<Error> broken(const std::string& what);

  ChannelOptions options_;
  std::string where_;
  HostLookup lookup_;
  UniqueFd fd_;
  UniqueFd wake_;
  bool is_v6_ = false;
  std::atomic<bool> stopped_ = false;
  std::uint64_t written_ = 0;
  std::uint64_t unacknowledged_ = 0;
  std::unique_ptr<Tls> tls_;
};

}  // namespace netprobe::ipfix
