// SPDX-License-Identifier: Apache-2.0
#include "model/testing/made_traffic.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

namespace netprobe::testing {
namespace {

constexpr Micros kStep = 15 * kMadeSecond;

IpAddress address_of(std::string_view text) { return IpAddress::parse(text).value_or(IpAddress{}); }

MadeEnd outside(std::uint32_t address) { return {IpAddress::v4(address), nullptr, nullptr}; }

}  // namespace

MadeEnd made_pod(std::string_view name_space, std::string_view workload, std::string_view address,
                 int generation) {
  Identity pod;
  pod.kind = IdentityKind::kPod;
  pod.name_space = name_space;
  pod.workload_kind = "Deployment";
  pod.workload = workload;
  pod.name = pod.workload + "-5d9c7b8f" + std::to_string(generation) + "-x" +
             std::string(address.substr(address.rfind('.') + 1));
  return {address_of(address), std::make_shared<const Identity>(std::move(pod)), nullptr};
}

MadeEnd made_node(std::string_view name, std::string_view address, std::string_view comm) {
  Identity node;
  node.kind = IdentityKind::kNode;
  node.name = name;
  ProcessRef process;
  process.comm = comm;
  return {address_of(address), std::make_shared<const Identity>(std::move(node)),
          comm.empty() ? nullptr : std::make_shared<const ProcessRef>(std::move(process))};
}

MadeEnd made_outside(std::string_view address) { return {address_of(address), nullptr, nullptr}; }

IdentityPtr made_service(std::string_view name_space, std::string_view name) {
  Identity service;
  service.kind = IdentityKind::kService;
  service.name_space = name_space;
  service.name = name;
  return std::make_shared<const Identity>(std::move(service));
}

FlowRecord made_flow(const MadeFlow& flow) {
  static std::uint64_t next_id = 1;
  FlowRecord record;
  record.flow_id = ++next_id;
  record.time = record.first_seen = flow.time;
  record.last_seen = flow.time + flow.lasts;
  record.tuple = {.src = flow.src.address,
                  .dst = flow.dst.address,
                  .src_port = static_cast<std::uint16_t>(40'000 + record.flow_id % 20'000),
                  .dst_port = flow.port,
                  .protocol = flow.protocol};
  record.src = flow.src.identity;
  record.dst = flow.dst.identity;
  record.src_process = flow.src.process;
  record.dst_process = flow.dst.process;
  record.service = flow.service;
  const bool tcp = flow.protocol == kProtoTcp;
  const std::uint64_t overhead = tcp ? 200 : 28;
  record.forward = {.packets = (tcp ? 4 : 1) + flow.sent / 1400, .bytes = flow.sent + overhead};
  record.began = record.ended = true;
  if (tcp) record.tcp_flags = kTcpSyn;
  if (!flow.answered) {
    record.forward = {.packets = 1, .bytes = 60};
    return record;
  }
  record.reverse = {.packets = (tcp ? 3 : 1) + flow.received / 1400,
                    .bytes = flow.received + overhead};
  if (tcp) {
    record.tcp_flags = kTcpSyn | kTcpAck | kTcpFin;
    record.reverse_tcp_flags = kTcpSyn | kTcpAck | kTcpFin;
    record.handshake = 300;
  }
  return record;
}

HonestCluster::HonestCluster(unsigned seed, Sink sink, Tick tick)
    : random_(seed),
      sink_(std::move(sink)),
      tick_(std::move(tick)),
      database_(made_pod("shop", "database", "10.244.1.20")),
      cache_(made_pod("shop", "cache", "10.244.1.21")),
      dns_(made_pod("kube-system", "coredns", "10.244.1.2")),
      prometheus_(made_pod("monitoring", "prometheus", "10.244.1.30")),
      backup_(made_pod("ops", "backup", "10.244.1.40")),
      crawler_(made_pod("shop", "crawler", "10.244.1.41")),
      recommend_(made_pod("shop", "recommend", "10.244.1.42")),
      node_(made_node("n1", "192.168.0.11")),
      kubelet_(made_node("n1", "192.168.0.11", "kubelet")),
      chronyd_(made_node("n1", "192.168.0.11", "chronyd")),
      containerd_(made_node("n1", "192.168.0.11", "containerd")),
      dns_service_(made_service("kube-system", "kube-dns")),
      api_service_(made_service("shop", "api")),
      database_service_(made_service("shop", "database")) {
  roll_out(0);
}

void HonestCluster::emit(MadeFlow flow) {
  flow.time += static_cast<Micros>(unit() * double{kStep - kMadeSecond});
  ++records_;
  sink_(made_flow(flow));
}

void HonestCluster::run(Micros from, Micros until) {
  if (began_ == 0) began_ = from;
  for (Micros now = from; now < until; now += kStep) {
    step(now);
    tick_(now + kStep);
  }
}

void HonestCluster::step(Micros now) {
  if (now / kMadeDay != rolled_day_ && now % kMadeDay > 14 * kMadeHour) roll_out(now);
  serve(now);
  resolve(now);
  back_up(now);
  monitor(now);
  call_outside(now);
}

/// Visitors by the time of day, and what their pages need.
void HonestCluster::serve(Micros now) {
  const double day = static_cast<double>(now % kMadeDay) / double{kMadeDay};
  const double rate = 1.5 * (1.1 - std::cos(2 * std::numbers::pi * day));
  for (int n = times(rate); n > 0; --n) {
    const MadeEnd visitor =
        outside(0x5d000000U + static_cast<std::uint32_t>(random_() % 0xffffffU));
    const MadeEnd& page = web_[random_() % web_.size()];
    const MadeEnd& answers = api_[random_() % api_.size()];
    const auto size = static_cast<std::uint64_t>(60'000 * std::exp(unit() * 3));
    emit({.src = visitor, .dst = page, .port = 8080, .time = now, .sent = 2'000, .received = size});
    emit({.src = page, .dst = answers, .port = 8081, .time = now, .service = api_service_});
    emit({.src = answers,
          .dst = database_,
          .port = 5432,
          .time = now,
          .sent = 500,
          .received = 20'000,
          .service = n % 2 == 0 ? database_service_ : nullptr});
    if (unit() < 0.5) emit({.src = answers, .dst = cache_, .port = 6379, .time = now});
    // A feature of the second week.
    if (generation_ > 8 && unit() < 0.2)
      emit({.src = answers, .dst = recommend_, .port = 8090, .time = now});
  }
}

void HonestCluster::resolve(Micros now) {
  for (const MadeEnd* pod : {&web_[0], &api_[0], &crawler_, &backup_, &prometheus_})
    for (int n = times(0.3); n > 0; --n)
      emit({.src = *pod,
            .dst = dns_,
            .port = 53,
            .time = now,
            .sent = 60,
            .received = 200,
            .protocol = kProtoUdp,
            .service = dns_service_});
  const MadeEnd upstream = outside(0x08080808);
  emit({.src = dns_,
        .dst = upstream,
        .port = 53,
        .time = now,
        .sent = 60,
        .received = 200,
        .protocol = kProtoUdp});
}

/// Eight gibibytes, some time around two; the storage has another address each night.
void HonestCluster::back_up(Micros now) {
  const Micros at = now % kMadeDay;
  if (at < kStep || backup_at_ == 0) {
    backup_at_ = 2 * kMadeHour + static_cast<Micros>(unit() * 70 * 60 * double{kMadeSecond});
    storage_ = IpAddress::v4(0x34d80000U + static_cast<std::uint32_t>(random_() % 0xffffU));
  }
  if (at < backup_at_ || at > backup_at_ + kMadeHour / 2) return;
  const auto part = static_cast<std::uint64_t>((0.9 + 0.2 * unit()) * double{8ULL << 30U} / 120);
  emit({.src = backup_, .dst = database_, .port = 5432, .time = now, .received = part});
  emit({.src = backup_,
        .dst = {storage_, nullptr, nullptr},
        .time = now,
        .sent = part,
        .received = part / 100,
        .lasts = 14 * kMadeSecond});
}

void HonestCluster::monitor(Micros now) {
  const auto scrape = [&](const MadeEnd& target, std::uint16_t port) {
    emit({.src = prometheus_,
          .dst = target,
          .port = port,
          .time = now,
          .sent = 300,
          .received = 30'000});
  };
  for (const auto* pods : {&web_, &api_})
    for (const MadeEnd& pod : *pods) scrape(pod, 9102);
  scrape(database_, 9187);
  scrape(cache_, 9121);
  scrape(node_, 9100);
  scrape(node_, 10250);
  for (const MadeEnd* pod : {&web_[0], &api_[0]})
    emit({.src = kubelet_, .dst = *pod, .port = 8080, .time = now, .sent = 100, .received = 200});
  emit({.src = kubelet_, .dst = cache_, .port = 6379, .time = now, .sent = 10, .received = 10});
  // Probes of sites; some that were not there in the first week.
  if (now / kStep % 2 != 0) return;
  const std::uint32_t sites = now - began_ > 8 * kMadeDay ? 14 : 10;
  for (std::uint32_t site = 0; site < sites; ++site)
    emit({.src = prometheus_,
          .dst = outside(0x68100000U + (site << 8U)),
          .time = now,
          .sent = 500,
          .received = 3'000});
}

void HonestCluster::call_outside(Micros now) {
  // A payment service, asked each minute; a peer that is dead, tried as often.
  if (now / kStep % 4 == 0) {
    emit({.src = api_[0], .dst = outside(0xc6336407), .time = now, .sent = 700, .received = 900});
    emit({.src = api_[0], .dst = outside(0xc6336499), .time = now, .answered = false});
    emit({.src = chronyd_,
          .dst = outside(0xa29fc801),
          .port = 123,
          .time = now,
          .sent = 48,
          .received = 48,
          .protocol = kProtoUdp});
  }
  for (int n = times(0.5); n > 0; --n) {
    const auto site = static_cast<std::uint32_t>(std::exp(unit() * 8));
    emit({.src = crawler_,
          .dst = outside(0x68200000U + site * 0x101U),
          .time = now,
          .sent = 800,
          .received = static_cast<std::uint64_t>(20'000 * std::exp(unit() * 4))});
  }
  if (times(0.005) > 0)
    emit({.src = containerd_,
          .dst = outside(0x22c00000U),
          .time = now,
          .sent = 400'000,
          .received = 200'000'000});
}

/// New pods with new addresses, and another number of them.
void HonestCluster::roll_out(Micros now) {
  rolled_day_ = now / kMadeDay;
  ++generation_;
  const auto pods = [&](std::string_view workload, int net, int n) {
    std::vector<MadeEnd> made;
    for (int i = 0; i < n; ++i)
      made.push_back(made_pod(
          "shop", workload,
          "10.244." + std::to_string(net) + '.' + std::to_string((generation_ * 8 + i) % 250 + 1),
          generation_));
    return made;
  };
  web_ = pods("web", 2, 2 + generation_ % 4);
  api_ = pods("api", 3, 3 + generation_ % 3);
}

}  // namespace netprobe::testing
