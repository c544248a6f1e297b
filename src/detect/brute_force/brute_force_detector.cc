// SPDX-License-Identifier: Apache-2.0
#include "detect/brute_force/brute_force_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

constexpr Micros kSecondMicros = 1'000'000;
constexpr std::uint8_t kPsh = 0x08;
constexpr std::uint32_t kForget = 3'600;
constexpr double kWide = 10;

std::uint32_t seconds_of(Micros time) {
  return static_cast<std::uint32_t>(std::max<Micros>(time, 0) / kSecondMicros);
}

bool is_outside(const IdentityPtr& identity, const IpAddress& address) {
  if (identity) return identity->kind == IdentityKind::kExternal;
  return !address.is_private() && !address.is_loopback() && !address.is_link_local();
}

std::uint32_t add(std::uint32_t to, std::uint64_t more) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(UINT32_MAX, to + more));
}

std::string process_text(const ProcessPtr& process) {
  return process ? fmt::format(", process {} ({})", process->comm, process->pid) : std::string();
}

}  // namespace

BruteForceDetector::BruteForceDetector(const BruteForceOptions& options)
    : options_(options),
      flows_(options.flows),
      pairs_(options.pairs),
      sources_(options.sources),
      servers_(options.servers) {}

void BruteForceDetector::on_flow(const FlowRecord& record) {
  if (record.tuple.protocol != kProtoTcp || record.folded.records != 0) return;
  const LoginService* service = login_service(record.tuple.dst_port);
  if (service == nullptr) return;
  if (service->only_outside && !is_outside(record.src, record.tuple.src)) return;
  // A handshake: both sides acknowledged, and the beginning was seen.
  const std::uint8_t both = record.tcp_flags & record.reverse_tcp_flags;
  if (!(both & kTcpAck) || !(both & kTcpSyn)) return;
  Open& flow = flows_.touch(record.flow_id);
  flow.client_bytes = add(flow.client_bytes, record.forward.bytes);
  flow.server_bytes = add(flow.server_bytes, record.reverse.bytes);
  flow.packets = add(flow.packets, record.forward.packets + record.reverse.packets);
  if (!flow.counted) {
    const bool larger = flow.client_bytes > service->client_bytes ||
                        flow.server_bytes > service->server_bytes ||
                        record.last_seen - record.first_seen > service->longest * kSecondMicros;
    const bool closing = (record.tcp_flags | record.reverse_tcp_flags) & (kTcpFin | kTcpRst);
    // Who said nothing tried nothing: a health check.
    const bool said = (both & kPsh) != 0;
    if (larger || (closing && said)) count(record, *service, flow, !larger);
    flow.counted = larger || closing;
  }
  if (record.ended) flows_.drop(record.flow_id);
}

void BruteForceDetector::count(const FlowRecord& record, const LoginService& service,
                               const Open& flow, bool alike) {
  const std::uint32_t now = seconds_of(record.last_seen);
  const FlowTuple& tuple = record.tuple;
  const auto add_to = [&](Groups& groups, const AddressPair& key, const IpAddress* other) {
    Group* group = groups.touch_if_known(key);
    // Who has no attempts so far need not be known for the rest.
    if (group == nullptr && !alike) return;
    if (group == nullptr) group = &groups.touch(key);
    group->rate.add(now, service.window, alike);
    group->last = std::max(group->last, now);
    if (record.src) group->source = record.src;
    if (record.dst) group->server = record.dst;
    if (record.src_process) group->process = record.src_process;
    if (!alike) return;
    if (group->first == 0) group->first = record.first_seen;
    group->sizes.add(flow.client_bytes);
    if (other != nullptr) group->others.add(*other, now);
    group->evidence.add(record, flow.packets, add(flow.client_bytes, flow.server_bytes));
    ++group->count;
    group->dirty = true;
  };
  add_to(pairs_, {tuple.src, tuple.dst, tuple.dst_port}, nullptr);
  add_to(sources_, {tuple.src, {}, tuple.dst_port}, &tuple.dst);
  add_to(servers_, {{}, tuple.dst, tuple.dst_port}, &tuple.src);
}

void BruteForceDetector::tick(Micros now, const FindingSink& found) {
  const std::uint32_t seconds = seconds_of(now);
  told_ = 0;
  // Whoever tries many servers is told of once, not for each of them.
  look_at(Way::kSpray, sources_, seconds, found);
  look_at(Way::kPair, pairs_, seconds, found);
  look_at(Way::kMany, servers_, seconds, found);
  for (Groups* groups : {&pairs_, &sources_, &servers_})
    groups->drop_idle(
        [&](const AddressPair&, const Group& group) { return group.last + kForget < seconds; });
}

void BruteForceDetector::look_at(Way way, Groups& groups, std::uint32_t now,
                                 const FindingSink& found) {
  groups.for_each([&](const AddressPair& key, Group& group) {
    if (!group.dirty) return;
    group.dirty = false;
    const LoginService* service = login_service(key.port);
    Finding finding;
    if (service == nullptr || !is_over(way, key, group, *service, now, finding)) return;
    group.hit = now;
    const bool too_soon =
        group.told != 0 && now >= group.told && now - group.told < options_.repeat;
    if (too_soon || told_ >= options_.max_findings) {
      group.dirty = true;
      if (!too_soon) ++not_told_;
      return;
    }
    group.told = now;
    ++told_;
    describe(way, key, group, *service, finding);
    found(std::move(finding));
  });
}

bool BruteForceDetector::is_over(Way way, const AddressPair& key, const Group& group,
                                 const LoginService& service, std::uint32_t now, Finding& finding) {
  const std::uint32_t attempts = group.rate.attempts(now, service.window);
  const std::uint32_t others = group.rate.others(now, service.window);
  const std::uint32_t factor = way == Way::kPair    ? 1
                               : way == Way::kSpray ? options_.spray_factor
                                                    : options_.many_factor;
  const std::uint32_t threshold = service.attempts * factor;
  if (attempts < threshold) return false;
  if (attempts < options_.least_alike * (attempts + others)) return false;
  if (group.sizes.variation() > options_.most_variation) return false;
  const OtherEnds::Sum ends = group.others.since(now - std::min(now, service.window));
  switch (way) {
    case Way::kPair: {
      const Group* spray = sources_.find({key.src, {}, key.port});
      if (spray != nullptr && spray->hit != 0 && now - spray->hit < service.window) return false;
      break;
    }
    case Way::kSpray:
      if (ends.ends < options_.spray_targets || ends.attempts < options_.spray_each * ends.ends)
        return false;
      break;
    case Way::kMany:
      if (service.only_outside || ends.ends < options_.many_sources ||
          ends.most * 2 > ends.attempts)
        return false;
      break;
  }
  finding.value = attempts;
  finding.threshold = threshold;
  finding.count = ends.ends;  // until it is described
  return true;
}

void BruteForceDetector::describe(Way way, const AddressPair& key, const Group& group,
                                  const LoginService& service, Finding& finding) {
  const std::uint64_t ends = std::exchange(finding.count, group.count);
  const std::string many = fmt::format("{}{}", ends >= OtherEnds::kMost ? "at least " : "", ends);
  finding.source = {key.src,
                    way == Way::kMany ? nullptr : group.source,
                    way == Way::kMany ? nullptr : group.process,
                    0,
                    {}};
  finding.target = {key.dst, way == Way::kSpray ? nullptr : group.server, nullptr, key.port, {}};
  const std::string source = name_of(finding.source) + process_text(finding.source.process);
  const std::string tail =
      fmt::format("made {:.0f} short connections to {} that are alike, within {} s", finding.value,
                  service.name, service.window);
  switch (way) {
    case Way::kPair:
      finding.kind = "brute_force";
      finding.technique = "T1110.001";
      finding.key = fmt::format("{}>{}/{}", key.src.to_string(), key.dst.to_string(), key.port);
      finding.summary = fmt::format("{} {}, at {}", source, tail, name_of(finding.target));
      break;
    case Way::kSpray:
      finding.kind = "password_spray";
      finding.technique = "T1110.003";
      finding.key = fmt::format("{}/{}", key.src.to_string(), service.name);
      finding.target.text = fmt::format("{} servers", many);
      finding.summary = fmt::format("{} {}, at {} servers", source, tail, many);
      break;
    case Way::kMany:
      finding.kind = "distributed_brute_force";
      finding.technique = "T1110";
      finding.key = fmt::format("{}/{}", key.dst.to_string(), key.port);
      finding.source.text = fmt::format("{} sources", many);
      finding.summary = fmt::format("{} sources {}, at {}", many, tail, name_of(finding.target));
      break;
  }
  const bool wide = finding.value >= kWide * finding.threshold;
  const bool inside = way != Way::kMany && !is_outside(group.source, key.src);
  finding.severity = service.only_outside ? Severity::kLow
                     : wide || inside     ? Severity::kHigh
                                          : Severity::kMedium;
  finding.confidence = service.only_outside ? 0.3 : 0.7;
  finding.unit = "attempts";
  finding.window = service.window * kSecondMicros;
  finding.first_seen = group.first;
  finding.last_seen = group.last * kSecondMicros;
  finding.evidence = group.evidence.all();
}

std::size_t BruteForceDetector::bytes() const {
  return flows_.bytes() + pairs_.bytes() + sources_.bytes() + servers_.bytes();
}

std::uint64_t BruteForceDetector::not_followed() const {
  return flows_.evicted() + pairs_.evicted() + sources_.evicted() + servers_.evicted() + not_told_;
}

}  // namespace netprobe
