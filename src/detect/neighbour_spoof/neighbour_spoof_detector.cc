// SPDX-License-Identifier: Apache-2.0
#include "detect/neighbour_spoof/neighbour_spoof_detector.h"

#include <fmt/format.h>

#include <algorithm>

namespace netprobe {
namespace {

constexpr Micros kOneSecond = 1'000'000;
/// Whoever claimed an address this long ago has left it.
constexpr Micros kGone = 1'800 * kOneSecond;

/// Stations of a load balancing protocol (GLBP) share an address by design.
bool is_shared(const MacAddress& mac) { return mac[0] == 0 && mac[1] == 0x07 && mac[2] == 0xb4; }

bool is_same(const MacAddress& a, const MacAddress& b) {
  return a == b || (is_shared(a) && is_shared(b));
}

std::uint64_t number(const MacAddress& mac) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : mac) value = value << 8U | byte;
  return value;
}

}  // namespace

std::size_t NeighbourSpoofDetector::KeyHash::operator()(const Key& key) const {
  const std::uint64_t more = number(key.mac) << 16U ^ key.vlan ^ std::uint64_t{key.link} << 32U;
  return mix_hash(keyed_hash(key.address, more), key.other);
}

NeighbourSpoofDetector::Key NeighbourSpoofDetector::station_key(std::uint32_t link,
                                                                std::uint16_t vlan,
                                                                const MacAddress& mac,
                                                                const IpAddress& like) {
  return {.link = link,
          .vlan = vlan,
          .address = like.is_v4() ? IpAddress::v4(0) : IpAddress(),
          .mac = mac};
}

NeighbourSpoofDetector::NeighbourSpoofDetector(NeighbourSpoofOptions options)
    : options_(options),
      window_(Micros{options.window} * kOneSecond),
      addresses_(options.addresses),
      stations_(options.stations),
      questions_(options.questions) {}

bool NeighbourSpoofDetector::is_asked(const NeighbourClaim& claim) {
  const Key key{
      .link = claim.link, .vlan = claim.vlan, .address = claim.address, .other = claim.other};
  const Micros* asked = questions_.find(key);
  return asked != nullptr && claim.time - *asked <= Micros{options_.answer} * kOneSecond;
}

NeighbourSpoofDetector::Claimant& NeighbourSpoofDetector::claimant(
    Address& address, const NeighbourClaim& claim) const {
  Claimant* oldest = &address.claimants[0];
  for (Claimant& one : address.claimants) {
    if (one.last != 0 && is_same(one.mac, claim.mac)) return one;
    if (one.last < oldest->last) oldest = &one;
  }
  *oldest = {.mac = claim.mac, .first = claim.time};
  return *oldest;
}

void NeighbourSpoofDetector::on_neighbour(const NeighbourClaim& claim) {
  if (claim.kind == ClaimKind::kQuestion && !claim.other.is_unspecified()) {
    questions_.touch(
        {.link = claim.link, .vlan = claim.vlan, .address = claim.other, .other = claim.address}) =
        claim.time;
  }
  if (claim.address.is_unspecified()) return;
  const bool unasked = claim.kind == ClaimKind::kAnswer && !is_asked(claim);

  Station& station = stations_.touch(station_key(claim.link, claim.vlan, claim.mac, claim.address));
  // Who asks says who it is; what is said to one alone may be said of anybody.
  const bool is_own = claim.kind == ClaimKind::kQuestion && !claim.address.is_link_local();
  if (is_own || (station.address.is_unspecified() && !unasked)) {
    station.address = claim.address;
    station.identity = claim.holder;
  }

  Address& address =
      addresses_.touch({.link = claim.link, .vlan = claim.vlan, .address = claim.address});
  if (claim.time - address.began >= window_ || claim.time < address.began - window_) {
    address.began = claim.time;
    address.flips = 0;
    for (Claimant& one : address.claimants) {
      one.claims = one.unasked = 0;
      if (claim.time - one.last > kGone) one = {};
    }
  }
  Claimant& by = claimant(address, claim);
  // One that takes over for the first time may have been given the address; taking it back
  // from another is what contradicts.
  const bool comes_back = by.claims > 0;
  by.last = claim.time;
  ++by.claims;
  if (unasked) {
    ++by.unasked;
    by.told = claim.other;
  }
  if (comes_back && !is_same(address.newest, claim.mac)) ++address.flips;
  address.newest = claim.mac;
  address.interface = claim.interface;
  if (claim.holder) address.holder = claim.holder;
  address.has_news = true;
}

const NeighbourSpoofDetector::Claimant* NeighbourSpoofDetector::spoofer(
    const Address& address) const {
  const Claimant* most = nullptr;
  const Claimant* youngest = nullptr;
  std::size_t claimants = 0;
  for (const Claimant& one : address.claimants) {
    if (one.last == 0) continue;
    ++claimants;
    if (most == nullptr || one.unasked > most->unasked) most = &one;
    if (one.claims > 0 && (youngest == nullptr || one.first > youngest->first)) youngest = &one;
  }
  if (claimants < 2) return nullptr;
  if (most->unasked >= options_.unasked) return most;
  if (address.flips < options_.flips) return nullptr;
  return most->unasked > 0 ? most : youngest;
}

Finding NeighbourSpoofDetector::finding_of(const Key& key, const Address& address,
                                           const Claimant& by) {
  const Claimant* holder = nullptr;
  for (const Claimant& one : address.claimants)
    if (one.last != 0 && &one != &by && (holder == nullptr || one.last > holder->last))
      holder = &one;
  Finding finding;
  finding.kind = "neighbour_spoof";
  finding.severity = Severity::kHigh;
  finding.technique = "T1557.002";
  finding.source.text = to_string(by.mac);
  const Station* station = stations_.find(station_key(key.link, key.vlan, by.mac, key.address));
  if (station != nullptr && station->address != key.address) {
    finding.source.address = station->address;
    finding.source.identity = station->identity;
  }
  finding.target.address = key.address;
  finding.target.identity = address.holder;
  finding.key = key.address.to_string() + '>' + to_string(by.mac);
  const bool by_answers = by.unasked >= options_.unasked;
  finding.value = by_answers ? by.unasked : address.flips;
  finding.threshold = by_answers ? options_.unasked : options_.flips;
  finding.unit = by_answers ? "answers" : "changes";
  finding.window = window_;
  finding.summary = fmt::format(
      "{} says on {} that it is {}, which {} holds: ", name_of(finding.source),
      address.interface.empty() ? std::string("a link") : address.interface,
      name_of(finding.target), holder == nullptr ? std::string("another") : to_string(holder->mac));
  if (by_answers)
    finding.summary += fmt::format("{} answers to {} that nobody asked for", by.unasked,
                                   by.told.is_unspecified() ? "nobody" : by.told.to_string());
  else
    finding.summary += fmt::format("they took it back from each other {} times within {} s",
                                   address.flips, options_.window);
  finding.first_seen = by.first;
  finding.last_seen = by.last;
  finding.confidence = by_answers ? 0.9 : 0.7;
  finding.spoofable = true;
  finding.count = by.claims;
  return finding;
}

void NeighbourSpoofDetector::tick(Micros now, const FindingSink& found) {
  addresses_.for_each([&](const Key& key, Address& address) {
    if (!address.has_news) return;
    const bool is_due = address.told == 0 || now < address.told ||
                        now - address.told >= Micros{options_.repeat} * kOneSecond;
    if (!is_due) return;
    address.has_news = false;
    const Claimant* by = spoofer(address);
    if (by == nullptr) return;
    address.told = now;
    found(finding_of(key, address, *by));
  });
}

std::size_t NeighbourSpoofDetector::bytes() const {
  return addresses_.bytes() + stations_.bytes() + questions_.bytes();
}

}  // namespace netprobe
