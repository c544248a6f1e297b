// SPDX-License-Identifier: Apache-2.0
#include "response/block_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "base/utf8.h"

namespace netprobe {
namespace {

/// Frames of 64 KiB are put together before some drivers' XDP sees them; a
/// bucket of fewer bytes would let none of them through, ever.
constexpr std::uint64_t kSmallestByteBurst = 65'536;

bool overlap(const IpPrefix& a, const IpPrefix& b) {
  return a.bits() <= b.bits() ? a.contains(b.network()) : b.contains(a.network());
}

/// The network of so many bits, of 128, that the address is in: also of IPv4 among all of IPv6.
IpPrefix network_around(const IpAddress& address, int bits) {
  auto bytes = address.bytes();
  for (int bit = bits; bit < 128; ++bit)
    bytes.at(static_cast<std::size_t>(bit / 8)) &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  const IpAddress first(bytes);
  return IpPrefix::of(first, first.is_v4() ? bits - 96 : bits);
}

std::unexpected<Error> usage(std::string message) {
  return fail(std::move(message), ErrorKind::kUsage);
}

}  // namespace

AllowList::AllowList(std::vector<AllowedNetwork> networks) : networks_(std::move(networks)) {
  for (std::size_t i = 0; i < networks_.size(); ++i) {
    order_.push_back(i);
    lengths_.push_back(networks_[i].network.bits());
  }
  // Of two reasons for one network the first is told.
  std::ranges::sort(order_, {},
                    [this](std::size_t i) { return std::pair(networks_[i].network, i); });
  std::ranges::sort(lengths_);
  lengths_.erase(std::ranges::unique(lengths_).begin(), lengths_.end());
}

const AllowedNetwork* AllowList::first_from(const IpPrefix& what) const {
  const auto found = std::ranges::lower_bound(
      order_, what, {}, [this](std::size_t i) { return networks_[i].network; });
  return found == order_.end() ? nullptr : &networks_[*found];
}

const AllowedNetwork* AllowList::touched_by(const IpPrefix& what) const {
  // Networks are in one another or apart: one around it begins where it does, cut to the
  // other's length; one in it stands behind it in order, before all that are apart.
  for (const int length : lengths_) {
    if (length > what.bits()) break;
    const IpPrefix around = network_around(what.network(), length);
    const AllowedNetwork* found = first_from(around);
    if (found != nullptr && found->network == around) return found;
  }
  const AllowedNetwork* found = first_from(what);
  return found != nullptr && what.contains(found->network.network()) ? found : nullptr;
}

Status check_block(const IpPrefix& what, const AllowList& allowed, const BlockCaps& caps) {
  const bool v4 = what.network().is_v4();
  // An IPv6 prefix around ::ffff:0:0/96 would be all of IPv4 to whoever keeps
  // addresses of both kinds together.
  static const IpPrefix kMapped = IpPrefix::of(*IpAddress::parse("::ffff:0:0"), 96);
  if (!v4 && what.bits() < 96 && overlap(what, kMapped))
    return usage(what.to_string() + " is not blocked: all IPv4 addresses are in it");
  if (const int widest = v4 ? caps.widest_v4 : caps.widest_v6; what.length() < widest) {
    return usage(
        fmt::format("{} is not blocked: it is wider than /{}, the widest {} network that "
                    "one may block at once",
                    what.to_string(), widest, v4 ? "IPv4" : "IPv6"));
  }
  const IpAddress& first = what.network();
  const char* special = first.is_unspecified() || first == IpAddress::v4(0) ? "no address of a host"
                        : first.is_loopback()                               ? "loopback"
                        : first.is_multicast()                              ? "multicast"
                        : first.is_link_local()                             ? "link-local"
                                                                            : nullptr;
  if (special != nullptr)
    return usage(fmt::format("{} is not blocked: it is {}", what.to_string(), special));
  if (const AllowedNetwork* touched = allowed.touched_by(what); touched != nullptr) {
    return usage(fmt::format("{} is not blocked: {} is on the allow list ({})", what.to_string(),
                             touched->network.to_string(), touched->reason));
  }
  return {};
}

Status check_words(const std::string& reason, const std::string& who, Nanos lasting,
                   const BlockCaps& caps) {
  if (reason.empty()) return usage("a block needs a reason, for whoever finds it later");
  if (who.empty()) return usage("a block needs a name of who asked for it");
  for (const std::string* text : {&reason, &who})
    if (text->size() > caps.text || !is_utf8(*text))
      return usage(fmt::format("reason and name are UTF-8 of at most {} bytes each", caps.text));
  if (lasting <= 0) return usage("a block needs a time after which it ends by itself");
  if (lasting > caps.longest) {
    return usage(fmt::format("a block lasts at most {}, not {}; ask again before it ends",
                             format_duration(caps.longest), format_duration(lasting)));
  }
  return {};
}

Status check_limit(const PlaneLimit& limit, const AllowList& allowed) {
  if (limit.rate == 0 || limit.burst == 0)
    return usage("a limit needs a rate and a burst of at least 1; to let nothing through, block");
  if (limit.bytes && limit.burst < kSmallestByteBurst) {
    return usage(
        fmt::format("a limit of bytes needs a burst of at least {}: the longest frame has "
                    "to fit in",
                    kSmallestByteBurst));
  }
  if (limit.side == LimitSide::kSyn && (limit.bytes || limit.port == 0))
    return usage("a limit of SYNs is one of packets, and needs a port");
  if (limit.side != LimitSide::kSyn && limit.port != 0)
    return usage("a port belongs to limits of SYNs alone");
  if (limit.side != LimitSide::kSource) return {};
  // What targets get is limited for their own good; sources are like blocks.
  const IpPrefix what = IpPrefix::of(limit.address, 128);
  if (const AllowedNetwork* touched = allowed.touched_by(what); touched != nullptr) {
    return usage(fmt::format("{} is not limited: {} is on the allow list ({})",
                             limit.address.to_string(), touched->network.to_string(),
                             touched->reason));
  }
  return {};
}

bool MinuteCap::take(Nanos now) {
  tokens_ = std::min(most_, tokens_ + static_cast<double>(std::max<Nanos>(now - last_, 0)) * most_ /
                                          static_cast<double>(60 * kSecond));
  last_ = std::max(last_, now);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace netprobe
