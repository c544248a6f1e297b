// SPDX-License-Identifier: Apache-2.0
// What the kernel says over rtnetlink, as far as forwarding is read from it.
// The kernel is trusted; its versions differ, and a cut or longer message must
// not hurt.
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/netlink.h"
#include "probes/forwarding/rtnetlink_parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  // Aligned as a receive buffer is.
  std::vector<std::uint64_t> buffer(size / 8 + 1);
  std::copy(data, data + size, reinterpret_cast<std::uint8_t*>(buffer.data()));
  const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
  for (int left = static_cast<int>(size); netlink::is_message(message, left);
       message = mnl_nlmsg_next(message, &left)) {
    std::vector<Route> routes;
    parse_route(message, AF_INET, routes);
    parse_route(message, AF_INET6, routes);
    if (routes.size() > 64) std::abort();
    if (const auto one = parse_neighbour(message); one && one->address.is_unspecified())
      std::abort();
    (void)parse_forwarding_entry(message);
    if (const auto one = parse_link_address(message); one && one->second.length() > 128)
      std::abort();
    (void)parse_link_mac(message);
  }
  return 0;
}
