// SPDX-License-Identifier: Apache-2.0
#include "detect/dns_tunnel/dns_tunnel_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "detect/dns_tunnel/registered_domain.h"

namespace netprobe {
namespace {

constexpr Micros kOneSecond = 1'000'000;
/// Asked by whomever within this, a name is the same ask: other types, forwarders.
constexpr Micros kJustAsked = 5 * kOneSecond;
/// Questions below a domain in a window before it is looked at closely.
constexpr std::uint32_t kFew = 8;

/// Below a domain of a list of bad senders: its own labels, behind the address. Longer ones
/// have a customer's key, which stays.
constexpr std::size_t kListLabels = 16;
constexpr std::size_t kKeyedListLabels = 48;

struct AddressInName {
  std::uint32_t bytes = 0;  ///< 0: there is none
  std::string_view tail;    ///< what stands behind it
};

/// The address that `below` begins with as lists of bad senders are asked for it: 4 numbers,
/// or 32 half bytes. It carries no more than the address.
AddressInName address_in(std::string_view below) {
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  std::size_t labels = 0;
  std::size_t at = 0;
  bool all_nibbles = true;
  while (at < below.size() && labels < 32) {
    const std::size_t dot = std::min(below.find('.', at), below.size());
    const std::string_view label = below.substr(at, dot - at);
    const bool is_nibble =
        label.size() == 1 && std::isxdigit(static_cast<unsigned char>(label[0])) != 0;
    const bool is_number =
        !label.empty() && label.size() <= 3 && std::ranges::all_of(label, is_digit);
    if (!is_nibble && (!is_number || labels >= 4)) break;
    all_nibbles = all_nibbles && is_nibble;
    at = dot + 1;
    ++labels;
  }
  if (below.size() > at + kKeyedListLabels) return {};
  const std::string_view tail = below.substr(std::min(at, below.size()));
  if (labels == 32 && all_nibbles) return {16, tail};
  return labels == 4 ? AddressInName{4, tail} : AddressInName{};
}

std::uint64_t text_hash(std::string_view text) { return mix_hash(hash_key(), text); }

}  // namespace

DnsTunnelDetector::DnsTunnelDetector(DnsTunnelOptions options)
    : options_(std::move(options)),
      window_(Micros{options_.window} * kOneSecond),
      domains_(options_.domains),
      asked_(std::make_unique<std::array<Asked, 4096>>()) {}

bool DnsTunnelDetector::was_just_asked(std::uint64_t name, Micros time) {
  Asked& place = (*asked_)[name % asked_->size()];
  const bool known =
      place.hash == name && time - place.time < kJustAsked && time > place.time - kJustAsked;
  if (!known) place = {name, time};
  return known;
}

std::uint32_t DnsTunnelDetector::bytes_below(Domain& domain, std::string_view below,
                                             std::uint32_t whole) {
  const AddressInName address = address_in(below);
  if (address.bytes == 0) return whole;
  if (address.tail.size() <= kListLabels) return address.bytes;
  // A key is the same each time; what is another each time is data behind an address.
  const std::uint64_t hash = text_hash(address.tail);
  if (std::ranges::find(domain.tails, hash) != domain.tails.end()) return address.bytes;
  domain.tails[domain.next_tail++ % domain.tails.size()] = hash;
  return whole;
}

void DnsTunnelDetector::on_dns(const DnsMessage& message) {
  const std::string_view registered = registered_domain(message.name);
  if (registered.empty() || registered.size() >= message.name.size()) return;
  if (std::ranges::find(options_.ignored, registered) != options_.ignored.end()) return;
  const std::string_view below(message.name.data(), message.name.size() - registered.size() - 1);
  const std::uint64_t id = text_hash(registered);

  if (message.is_response) {
    Domain* domain = domains_.find(id);
    if (domain == nullptr || !domain->followed) return;
    // A resolver tried out a search domain behind a name that is whole without it.
    const bool is_expansion = message.rcode == kDnsNoSuchName && is_whole_name(std::string(below));
    domain->followed->answer(message, is_expansion);
    domain->has_news = true;
    return;
  }
  const std::uint64_t name = text_hash(message.name);
  if (was_just_asked(name, message.time)) return;
  Domain& domain = domains_.touch(id, [this](std::uint64_t, Domain& gone) {
    if (gone.followed) --followed_;
  });
  if (domain.name.empty()) {
    domain.name = registered;
    domain.began = message.time;
  }
  if (message.time - domain.began >= window_ || message.time < domain.began - window_)
    turn(domain, message.time);
  domain.has_news = true;
  if (++domain.asks < kFew) return;
  if (!domain.followed) {
    domain.followed = std::make_unique<TunnelDomain>();
    ++followed_;
  }
  const std::uint32_t whole = message.name_bytes;
  const auto outside = static_cast<std::uint32_t>(registered.size() + 2);
  const std::uint32_t bytes = bytes_below(domain, below, whole > outside ? whole - outside : 0);
  domain.followed->ask(message, name, bytes);
}

void DnsTunnelDetector::turn(Domain& domain, Micros now) {
  domain.began = now;
  domain.asks = 0;
  if (domain.followed) domain.followed->turn();
}

bool DnsTunnelDetector::is_tunnel(const Domain& domain,
                                  const TunnelDomain::Measured& measured) const {
  if (measured.names < options_.least_names) return false;
  if (measured.bytes < options_.least_bytes &&
      static_cast<double>(measured.data) < options_.least_data)
    return false;
  if (measured.new_share <= options_.least_new || measured.once_share <= options_.least_once)
    return false;
  if (measured.expansions * 2 >= measured.asks) return false;
  const auto clients = domain.followed->clients();
  const bool is_popular =
      clients.size() >= options_.popular && clients.front().asks * 2 <= measured.asks;
  return !is_popular;
}

Finding DnsTunnelDetector::finding_of(const Domain& domain, const TunnelDomain::Measured& measured,
                                      Micros now) const {
  const auto clients = domain.followed->clients();
  const TunnelDomain::Client& client = clients.front();
  Finding finding;
  finding.kind = "dns_tunnel";
  finding.severity = Severity::kHigh;
  finding.technique = "T1071.004";
  finding.source = {.address = client.address,
                    .identity = client.identity,
                    .process = client.process,
                    .port = 0,
                    .text = {}};
  finding.target.text = domain.name;
  finding.target.port = 53;
  finding.key = client.address.to_string() + '>' + domain.name;
  finding.value =
      measured.bytes >= options_.least_bytes ? measured.bytes : static_cast<double>(measured.data);
  finding.threshold =
      measured.bytes >= options_.least_bytes ? options_.least_bytes : options_.least_data;
  finding.unit = "bytes";
  finding.window = window_;
  finding.summary = fmt::format(
      "{} asks for names below {} that look like data: {:.0f} different names with {:.0f} bytes, "
      "{:.0f} % new and {:.0f} % asked once; {} bytes of answers are no addresses",
      name_of(finding.source), domain.name, measured.names, measured.bytes,
      measured.new_share * 100, measured.once_share * 100, measured.data);
  finding.first_seen = domain.first;
  finding.last_seen = now;
  finding.confidence = 0.8;
  finding.spoofable = measured.answers == 0;
  finding.count = measured.asks;
  finding.evidence = domain.followed->evidence();
  return finding;
}

void DnsTunnelDetector::tick(Micros now, const FindingSink& found) {
  domains_.for_each([&](std::uint64_t, Domain& domain) {
    const bool is_over = now - domain.began >= window_;
    // Whether a name is asked again takes time to be seen.
    const bool is_ripe = is_over || now - domain.began >= Micros{options_.least_time} * kOneSecond;
    if (domain.followed && domain.has_news && is_ripe) {
      domain.has_news = false;
      const TunnelDomain::Measured measured = domain.followed->measure();
      const bool is_due = domain.told == 0 || now < domain.told ||
                          now - domain.told >= Micros{options_.repeat} * kOneSecond;
      if (is_due && !domain.followed->is_quiet() && is_tunnel(domain, measured)) {
        if (domain.first == 0) domain.first = domain.began;
        domain.told = now;
        found(finding_of(domain, measured, now));
      }
    }
    if (is_over) {
      if (domain.asks == 0 && domain.followed && now - domain.began >= 10 * window_) {
        domain.followed.reset();  // what it knew is old
        --followed_;
      } else if (domain.asks > 0) {
        turn(domain, now);
      }
    }
  });
}

std::size_t DnsTunnelDetector::bytes() const {
  constexpr std::size_t kTexts = 64;  // a name, some evidence
  return domains_.bytes() + sizeof(*asked_) + domains_.size() * kTexts +
         followed_ * (sizeof(TunnelDomain) + 5 * sizeof(EvidenceFlow));
}

}  // namespace netprobe
