// SPDX-License-Identifier: Apache-2.0
#include "io/link_speed.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace netprobe {
namespace {

/// ethtool_link_settings with the room for its masks of link modes behind it:
/// three masks of at most 127 words (their number is a signed byte).
struct LinkSettings {
  alignas(ethtool_link_settings)
      std::array<char, sizeof(ethtool_link_settings) + 3 * 127 * sizeof(__u32)> bytes{};
  ethtool_link_settings& head() { return *reinterpret_cast<ethtool_link_settings*>(bytes.data()); }
};

bool ask(int socket, ifreq& request, LinkSettings& settings) {
  settings.head().cmd = ETHTOOL_GLINKSETTINGS;
  request.ifr_data = settings.bytes.data();
  return ::ioctl(socket, SIOCETHTOOL, &request) == 0;
}

}  // namespace

std::uint64_t LinkSpeeds::read(const std::string& interface) {
  if (interface.size() >= IFNAMSIZ) return 0;
  if (!socket_) socket_.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_) return 0;
  ifreq request{};
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  LinkSettings settings;
  // The first answer is how many words a mask has, negative; asked with that
  // number the kernel tells the rest (linux/ethtool.h).
  if (!ask(socket_.get(), request, settings)) return 0;
  const __s8 words = settings.head().link_mode_masks_nwords;
  if (words < 0) {
    settings = LinkSettings{};
    settings.head().link_mode_masks_nwords = static_cast<__s8>(-words);
    if (!ask(socket_.get(), request, settings)) return 0;
  }
  const auto speed = settings.head().speed;  // Mbit/s
  if (speed == static_cast<__u32>(SPEED_UNKNOWN)) return 0;
  return static_cast<std::uint64_t>(speed) * 1'000'000;
}

}  // namespace netprobe
