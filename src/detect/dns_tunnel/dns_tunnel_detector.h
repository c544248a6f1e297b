// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "detect/dns_tunnel/tunnel_domain.h"
#include "model/detector.h"
#include "sketch/idle_map.h"
#include "sketch/keyed_hash.h"

namespace netprobe {

struct DnsTunnelOptions {
  std::size_t domains = 1000;
  std::uint32_t window = 120;  ///< seconds
  double least_names = 40;     ///< different ones, within a window
  /// And as many bytes of different names below the domain, or of answers' data.
  double least_bytes = 4'000;
  double least_data = 16'000;
  double least_new = 0.8;         ///< share of names that were not asked before
  double least_once = 0.9;        ///< share of names that are not asked again
  std::size_t popular = 5;        ///< clients, none of which asks the most: a service that all use
  std::uint32_t least_time = 30;  ///< of a window before it is judged, or its end
  std::uint32_t repeat = 10;
  /// Services that carry data in names by design: reputation of files, mail and addresses.
  std::vector<std::string> ignored{"barracudacentral.org",
                                   "cymru.com",
                                   "dnswl.org",
                                   "e5.sk",
                                   "mailspike.net",
                                   "mcafee.com",
                                   "msbl.org",
                                   "njabl.org",
                                   "rspamd.com",
                                   "senderbase.org",
                                   "sophosxl.net",
                                   "sorbs.net",
                                   "spamcop.net",
                                   "spamhaus.net",
                                   "spamhaus.org",
                                   "surbl.org",
                                   "uribl.com"};
};

/// Finds data that leaves, or comes, in names that are asked for ("dns_tunnel", key
/// "client>domain"): heavy hitters by information, which is the bytes of different names
/// below one registered domain. docs/detectors.md has the definition.
class DnsTunnelDetector final : public Detector {
 public:
  explicit DnsTunnelDetector(DnsTunnelOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "dns_tunnel"; }
  void on_dns(const DnsMessage& message) override;
  void tick(Micros now, const FindingSink& found) override;
  /// At most 14 MiB with default options, where every domain is busy.
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override { return domains_.evicted(); }

 private:
  struct Domain {
    std::string name;
    std::uint32_t asks = 0;                ///< in this window: few need no sketches
    std::array<std::uint64_t, 4> tails{};  ///< hashes of what stood behind addresses, newest
    std::uint8_t next_tail = 0;
    Micros began = 0;  ///< this window
    Micros told = 0;
    Micros first = 0;  ///< it was told
    bool has_news = false;
    std::unique_ptr<TunnelDomain> followed;
  };
  struct Hash {
    std::size_t operator()(std::uint64_t hash) const { return keyed_hash(hash); }
  };
  struct Asked {
    std::uint64_t hash = 0;
    Micros time = 0;
  };

  [[nodiscard]] bool was_just_asked(std::uint64_t name, Micros time);
  [[nodiscard]] static std::uint32_t bytes_below(Domain& domain, std::string_view below,
                                                 std::uint32_t whole);
  void turn(Domain& domain, Micros now);
  [[nodiscard]] bool is_tunnel(const Domain& domain, const TunnelDomain::Measured& measured) const;
  [[nodiscard]] Finding finding_of(const Domain& domain, const TunnelDomain::Measured& measured,
                                   Micros now) const;

  const DnsTunnelOptions options_;
  const Micros window_;
  IdleMap<std::uint64_t, Domain, Hash> domains_;
  std::unique_ptr<std::array<Asked, 4096>> asked_;
  std::size_t followed_ = 0;
};

}  // namespace netprobe
