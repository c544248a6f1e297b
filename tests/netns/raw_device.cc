// SPDX-License-Identifier: Apache-2.0
#include "raw_device.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <functional>
#include <thread>

namespace netprobe::test {
namespace {

/// What `make` opens belongs to the namespace for ever; only a thread that is
/// thrown away afterwards has been there.
Result<UniqueFd> inside(const NetNamespace& ns, const std::function<Result<UniqueFd>()>& make) {
  Result<UniqueFd> made = fail("not made");
  std::thread([&] {
    const UniqueFd there(::open(ns.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!there || ::setns(there.get(), CLONE_NEWNET) != 0)
      made = fail_errno("cannot enter " + ns.path());
    else
      made = make();
  }).join();
  return made;
}

}  // namespace

Result<UniqueFd> packet_socket(const NetNamespace& ns, const std::string& device) {
  return inside(ns, [&]() -> Result<UniqueFd> {
    UniqueFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (!socket) return fail_errno("cannot make a packet socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      return fail_errno("cannot bind a packet socket to " + device);
    return socket;
  });
}

Result<UniqueFd> tun_device(const NetNamespace& ns, const std::string& name) {
  return inside(ns, [&]() -> Result<UniqueFd> {
    UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!tun) return fail_errno("cannot open /dev/net/tun");
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (::ioctl(tun.get(), TUNSETIFF, &request) != 0) return fail_errno("cannot make a TUN device");
    return tun;
  });
}

}  // namespace netprobe::test
