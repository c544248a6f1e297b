// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/detector.h"
#include "sketch/idle_map.h"
#include "sketch/keyed_hash.h"

namespace netprobe {

struct FastFluxOptions {
  std::size_t names = 1000;
  std::uint32_t window = 3600;      ///< seconds
  std::uint32_t longest_ttl = 300;  ///< seconds: longer ones do not flow
  std::size_t addresses = 20;       ///< different ones, within a window
  std::size_t networks = 12;        ///< /16 (IPv6: /32) that they are of
  std::size_t regions = 8;          ///< /8 (IPv6: /24)
  std::uint32_t changes = 4;        ///< answers that had a new address
  std::uint32_t least_time = 300;   ///< seconds from the first to the newest of them
  std::size_t popular = 4;          ///< clients: a name that so many use is a service's
  std::uint32_t repeat = 60;
  /// With all below them: volunteers' servers of time, and large services behind balancers
  /// whose addresses are all over their provider's networks.
  std::vector<std::string> ignored{"amazonaws.com", "docker.com", "docker.io", "pool.ntp.org",
                                   "quay.io"};
};

/// Finds names whose addresses are many, all over the Internet, and change all the time
/// ("fast_flux", key: the name). docs/detectors.md has the definition.
class FastFluxDetector final : public Detector {
 public:
  explicit FastFluxDetector(FastFluxOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "fast_flux"; }
  void on_dns(const DnsMessage& message) override;
  void tick(Micros now, const FindingSink& found) override;
  /// At most 2 MiB with default options.
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override { return names_.evicted(); }

 private:
  /// Different numbers, at most so many; more are not needed.
  static constexpr std::size_t kMost = 64;
  struct Name {
    std::string text;
    std::vector<std::uint64_t> addresses;  ///< hashes, sorted
    std::vector<std::uint64_t> networks;
    std::vector<std::uint64_t> regions;
    std::vector<std::uint64_t> clients;
    FindingEnd client;  ///< newest
    IpAddress server;
    std::uint32_t changes = 0;
    std::uint32_t shortest_ttl = UINT32_MAX;
    Micros began = 0;
    Micros newest = 0;  ///< answer that had a new address
    Micros told = 0;
    bool has_news = false;
  };
  struct Hash {
    std::size_t operator()(std::uint64_t hash) const { return keyed_hash(hash); }
  };

  [[nodiscard]] bool is_ignored(std::string_view name) const;
  /// False: it was there. What has no room any more is new each time.
  static bool insert(std::vector<std::uint64_t>& set, std::uint64_t value);
  [[nodiscard]] bool is_flux(const Name& name) const;
  [[nodiscard]] Finding finding_of(const Name& name) const;

  const FastFluxOptions options_;
  const Micros window_;
  IdleMap<std::uint64_t, Name, Hash> names_;
};

}  // namespace netprobe
