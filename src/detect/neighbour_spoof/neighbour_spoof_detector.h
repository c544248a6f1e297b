// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/detector.h"
#include "sketch/idle_map.h"
#include "sketch/keyed_hash.h"

namespace netprobe {

/// Times in seconds.
struct NeighbourSpoofOptions {
  std::size_t addresses = 8192;  ///< of all links
  std::size_t stations = 4096;   ///< MAC addresses of all links
  std::size_t questions = 4096;  ///< that wait for an answer
  std::uint32_t window = 120;    ///< within which claims contradict each other
  std::uint32_t flips = 2;       ///< times that one took it back within that: A, B, A, B
  std::uint32_t unasked = 3;     ///< answers that nobody asked for, within that
  std::uint32_t answer = 3;      ///< an answer belongs to a question that is no older
  std::uint32_t repeat = 10;
};

/// Finds addresses of a link that another station claims while their holder is still there
/// ("neighbour_spoof", key "address>MAC"), by ARP and IPv6 neighbour discovery.
/// docs/detectors.md has the definition.
class NeighbourSpoofDetector final : public Detector {
 public:
  explicit NeighbourSpoofDetector(NeighbourSpoofOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "neighbour_spoof"; }
  void on_neighbour(const NeighbourClaim& claim) override;
  void tick(Micros now, const FindingSink& found) override;
  /// At most 4 MiB with default options.
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override {
    return addresses_.evicted() + stations_.evicted();
  }

 private:
  /// An address or a station, on one link.
  struct Key {
    std::uint32_t link = 0;
    std::uint16_t vlan = 0;
    IpAddress
        address;       ///< of an address; of a question: who is asked for; of a station: the family
    IpAddress other;   ///< of a question: who asks
    MacAddress mac{};  ///< of a station
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  /// One that claims an address.
  struct Claimant {
    MacAddress mac{};
    Micros first = 0;
    Micros last = 0;
    std::uint32_t claims = 0;   ///< in this window
    std::uint32_t unasked = 0;  ///< of those, answers to who did not ask
    IpAddress told;             ///< whom, newest
  };
  struct Address {
    std::array<Claimant, 3> claimants{};  ///< the one that was there first is the holder
    std::uint32_t flips = 0;              ///< in this window, to one that had it before
    MacAddress newest{};
    Micros began = 0;  ///< this window
    Micros told = 0;
    IdentityPtr holder;
    std::string interface;
    bool has_news = false;
  };
  struct Station {
    IpAddress address;  ///< that it claimed first
    IdentityPtr identity;
  };

  /// Of a station's address of the family that `like` is of.
  [[nodiscard]] static Key station_key(std::uint32_t link, std::uint16_t vlan,
                                       const MacAddress& mac, const IpAddress& like);
  [[nodiscard]] bool is_asked(const NeighbourClaim& claim);
  Claimant& claimant(Address& address, const NeighbourClaim& claim) const;
  [[nodiscard]] const Claimant* spoofer(const Address& address) const;
  [[nodiscard]] Finding finding_of(const Key& key, const Address& address, const Claimant& by);

  const NeighbourSpoofOptions options_;
  const Micros window_;
  IdleMap<Key, Address, KeyHash> addresses_;
  IdleMap<Key, Station, KeyHash> stations_;
  IdleMap<Key, Micros, KeyHash> questions_;
};

}  // namespace netprobe
