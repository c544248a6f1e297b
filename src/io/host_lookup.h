// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "io/patience.h"

namespace netprobe {

/// For connect(2); family, address and port.
struct HostAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
using HostAddresses = std::vector<HostAddress>;

/// Finds the addresses of hosts. The system's resolver cannot be told how long it may
/// take, so it is asked on a thread, of which there is one at most: where the patience of
/// whoever asked is over, it goes on, and the next find() waits for it again. Used by one
/// thread.
class HostLookup {
 public:
  /// Blocks as long as it likes. `datagram`: for UDP, else TCP.
  using Resolve = std::function<Result<HostAddresses>(const std::string& host, std::uint16_t port,
                                                      bool datagram)>;
  HostLookup();  ///< by getaddrinfo(3)
  explicit HostLookup(Resolve resolve) : resolve_(std::move(resolve)) {}
  /// Waits for the thread for a second. One that the resolver holds up longer is left
  /// behind; it has nothing of this object.
  ~HostLookup();
  HostLookup(const HostLookup&) = delete;
  HostLookup& operator=(const HostLookup&) = delete;

  /// At least one, or an error that names the host. Addresses that are written as such
  /// need no thread.
  [[nodiscard]] Result<HostAddresses> find(const std::string& host, std::uint16_t port,
                                           bool datagram, const Patience& patience);

 private:
  struct Search;
  /// Done with it; false: it goes on.
  bool join_if_done();

  const Resolve resolve_;
  std::shared_ptr<Search> search_;  ///< the thread's; null: there is none
  std::thread thread_;
};

}  // namespace netprobe
