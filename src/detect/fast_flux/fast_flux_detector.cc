// SPDX-License-Identifier: Apache-2.0
#include "detect/fast_flux/fast_flux_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

constexpr Micros kOneSecond = 1'000'000;

std::uint64_t prefix_hash(const IpAddress& address, int v4, int v6) {
  return keyed_hash(IpPrefix::of(address, address.is_v4() ? v4 : v6).network());
}

bool is_outside(const IpAddress& address) {
  return !address.is_private() && !address.is_loopback() && !address.is_link_local() &&
         !address.is_multicast() && !address.is_unspecified();
}

}  // namespace

FastFluxDetector::FastFluxDetector(FastFluxOptions options)
    : options_(std::move(options)),
      window_(Micros{options_.window} * kOneSecond),
      names_(options_.names) {}

bool FastFluxDetector::is_ignored(std::string_view name) const {
  return std::ranges::any_of(options_.ignored, [&](std::string_view zone) {
    return name.ends_with(zone) &&
           (name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.');
  });
}

bool FastFluxDetector::insert(std::vector<std::uint64_t>& set, std::uint64_t value) {
  const auto at = std::ranges::lower_bound(set, value);
  if (at != set.end() && *at == value) return false;
  // What has no room is new all the same: else the fastest would be over before it is told.
  if (set.size() < kMost) set.insert(at, value);
  return true;
}

void FastFluxDetector::on_dns(const DnsMessage& message) {
  if (!message.is_response || message.answers.empty() || message.name.empty()) return;
  const bool flows = std::ranges::any_of(message.answers, [&](const DnsRecord& record) {
    return record.ttl <= options_.longest_ttl && is_outside(record.address);
  });
  if (!flows || is_ignored(message.name)) return;
  Name& name = names_.touch(mix_hash(hash_key(), message.name));
  if (name.text.empty() || message.time - name.began >= window_ ||
      message.time < name.began - window_) {
    const Micros told = name.told;
    name = Name();
    name.text = message.name;
    name.began = message.time;
    name.told = told;
  }
  bool changed = false;
  for (const DnsRecord& record : message.answers) {
    if (record.ttl > options_.longest_ttl || !is_outside(record.address)) continue;
    name.shortest_ttl = std::min(name.shortest_ttl, record.ttl);
    changed = insert(name.addresses, keyed_hash(record.address)) || changed;
    insert(name.networks, prefix_hash(record.address, 16, 32));
    insert(name.regions, prefix_hash(record.address, 8, 24));
  }
  insert(name.clients, keyed_hash(message.client));
  name.client = {.address = message.client,
                 .identity = message.client_identity,
                 .process = message.client_process,
                 .port = 0,
                 .text = {}};
  name.server = message.server;
  if (!changed) return;
  ++name.changes;
  name.newest = message.time;
  name.has_news = true;
}

bool FastFluxDetector::is_flux(const Name& name) const {
  return name.addresses.size() >= options_.addresses && name.networks.size() >= options_.networks &&
         name.regions.size() >= options_.regions && name.changes >= options_.changes &&
         name.newest - name.began >= Micros{options_.least_time} * kOneSecond &&
         name.clients.size() < options_.popular;
}

Finding FastFluxDetector::finding_of(const Name& name) const {
  Finding finding;
  finding.kind = "fast_flux";
  finding.severity = Severity::kMedium;
  finding.technique = "T1568.001";
  finding.source = name.client;
  finding.target.text = name.text;
  finding.key = name.text;
  finding.value = static_cast<double>(name.addresses.size());
  finding.threshold = static_cast<double>(options_.addresses);
  finding.unit = "addresses";
  finding.window = window_;
  finding.summary = fmt::format(
      "{} asks for {}, whose addresses change all the time: {}{} in {} networks, {} answers with "
      "new ones, good for {} s",
      name_of(finding.source), name.text, name.addresses.size(),
      name.addresses.size() == kMost ? " or more" : "", name.networks.size(), name.changes,
      name.shortest_ttl);
  finding.first_seen = name.began;
  finding.last_seen = name.newest;
  finding.confidence = 0.5;
  finding.count = name.changes;
  return finding;
}

void FastFluxDetector::tick(Micros now, const FindingSink& found) {
  names_.for_each([&](std::uint64_t, Name& name) {
    if (!name.has_news) return;
    const bool is_due = name.told == 0 || now < name.told ||
                        now - name.told >= Micros{options_.repeat} * kOneSecond;
    if (!is_due) return;
    name.has_news = false;
    if (!is_flux(name)) return;
    name.told = now;
    found(finding_of(name));
  });
}

std::size_t FastFluxDetector::bytes() const {
  // Four sets, a text.
  return names_.bytes() + names_.size() * (3 * kMost * sizeof(std::uint64_t) / 2 + 64);
}

}  // namespace netprobe
