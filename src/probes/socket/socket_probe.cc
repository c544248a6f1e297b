// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/socket_probe.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

#include "model/verdict.h"
#include "probes/socket/connection_view.h"
#include "probes/socket/totals.h"

namespace netprobe {
namespace {

/// A walk over every open file may take at most this share of a core.
constexpr Nanos kWalkShare = 200;
constexpr Nanos kWalkPause = 500 * kMillisecond;
/// A sweep of the maps that nobody asked for, likewise.
constexpr Nanos kSweepShare = 2000;
/// A UDP flow is given up after this time, where space is short.
constexpr Nanos kUdpIdle = 60 * kSecond;

static_assert(static_cast<int>(SocketEventKind::kConnect) == NP_SOCKET_CONNECT);
static_assert(static_cast<int>(SocketEventKind::kAccept) == NP_SOCKET_ACCEPT);
static_assert(static_cast<int>(SocketEventKind::kClose) == NP_SOCKET_CLOSE);

constexpr std::array<const char*, NP_ROLES> kRoles{"unknown", "client", "server"};
constexpr std::array<const char*, 2> kProtocols{"tcp", "udp"};
constexpr std::array<const char*, NP_SOCKET_EVENT_TYPES> kEvents{"connect", "accept", "close",
                                                                 "send", "recv"};

/// A connection whose end was missed and noticed later: tcp.h, np_finish_missed().
bool is_missed_end(const np_connection& c) {
  return (c.flags & NP_CONN_ENDED) != 0 && c.protocol == kProtoTcp &&
         c.verdict == NP_VERDICT_UNKNOWN;
}

void add(Histogram& to, const np_latency& from) {
  to.counts.resize(NP_LATENCY_BUCKETS);
  for (std::size_t i = 0; i < NP_LATENCY_BUCKETS; ++i) to.counts[i] += from.count[i];
  to.sum += static_cast<Nanos>(from.sum_ns);
}

}  // namespace

SocketProbe::SocketProbe(const SocketProbeOptions& options, const Clock& clock,
                         SocketPrograms programs, Sweeper sweeper,
                         MappedArray<np_socket_totals> per_cpu)
    : options_(options),
      clock_(clock),
      programs_(std::move(programs)),
      sweeper_(std::move(sweeper)),
      per_cpu_(std::move(per_cpu)),
      ended_(options.max_ended, options.keep_ended),
      last_seen_(options.collect_interval),
      udp_budget_(options.udp_calls_per_second) {
  processes_.open();
}

Result<std::unique_ptr<Probe>> SocketProbe::make(const SocketProbeOptions& options,
                                                 const KernelFeatures& kernel, const Clock& clock) {
  auto programs = load_socket_programs(options.programs, kernel);
  if (!programs) return std::unexpected(programs.error());
  auto sweeper = Sweeper::make(*programs);
  if (!sweeper) return std::unexpected(sweeper.error());
  auto per_cpu = MappedArray<np_socket_totals>::make(
      programs->object.map_fd("socket_totals"), static_cast<std::size_t>(kernel.possible_cpus));
  if (!per_cpu) return std::unexpected(per_cpu.error());
  std::unique_ptr<SocketProbe> probe(new SocketProbe(options, clock, std::move(*programs),
                                                     std::move(*sweeper), std::move(*per_cpu)));
  auto ring =
      RingReader::make(probe->programs_.object.map_fd("socket_events"),
                       [raw = probe.get()](std::span<const std::byte> record) {
                         if (record.size() != sizeof(socket_event)) {
                           ++raw->bad_records_;
                           return;
                         }
                         raw->on_record(*reinterpret_cast<const socket_event*>(record.data()));
                       });
  if (!ring) return std::unexpected(ring.error());
  probe->ring_ = std::make_unique<RingReader>(std::move(*ring));
  // The handler is attached: what it does not see from now on was there before.
  if (auto walked = probe->sweeper_.walk_files(); !walked)
    spdlog::warn("sockets from before the agent are not found: {}", walked.error().message);
  ++probe->walks_;
  return probe;
}

void SocketProbe::on_record(const socket_event& event) {
  ++records_;
  if (!is_missed_end(event.c)) return on_event(event);
  socket_event known = event;
  if (!last_seen_.complete(known.c)) return on_event(event);
  // Its entry had little, and that is in the kernel's sums already.
  known_later_.sent[0] += known.c.bytes_sent - event.c.bytes_sent;
  known_later_.recv[0] += known.c.bytes_recv - event.c.bytes_recv;
  known_later_.retransmits += known.c.retransmits - event.c.retransmits;
  on_event(known);
}

void SocketProbe::on_event(const socket_event& event) {
  processes_.notice(event.c.owner);
  if ((event.c.flags & NP_CONN_ENDED) != 0) end(event.c, poll_time_);
  if (options_.on_event) hand_on(event);
}

void SocketProbe::end(const np_connection& ended, Nanos now) {
  ended_.add(ended, now);
  if (!options_.on_ended) return;
  options_.on_ended(connection_of(ended, clock_.wall() - clock_.monotonic(), processes_));
}

void SocketProbe::hand_on(const socket_event& event) {
  if (event.event_type > NP_SOCKET_CLOSE) return;
  const Nanos offset = clock_.wall() - clock_.monotonic();
  const Connection connection = connection_of(event.c, offset, processes_);
  options_.on_event({static_cast<SocketEventKind>(event.event_type),
                     static_cast<Nanos>(event.timestamp) + offset, event.tid, connection});
}

std::size_t SocketProbe::poll(Nanos now) {
  poll_time_ = now;
  guard_udp(now);
  return ring_->drain();
}

void SocketProbe::guard_udp(Nanos now) {
  if (programs_.udp_programs.empty()) return;
  std::uint64_t calls = 0;
  for (std::size_t cpu = 0; cpu < per_cpu_.size(); ++cpu)
    calls += per_cpu_[cpu].events[NP_SOCKET_SEND] + per_cpu_[cpu].events[NP_SOCKET_RECV];
  switch (udp_budget_.step(now, calls)) {
    case UdpBudget::Step::kNone:
      return;
    case UdpBudget::Step::kPause:
      programs_.udp_links.clear();
      spdlog::info("UDP bytes by process pause: {} calls a second are more than {}",
                   udp_budget_.rate(), options_.udp_calls_per_second);
      return;
    case UdpBudget::Step::kResume:
      if (auto s = attach_udp(programs_); !s) {
        spdlog::warn("UDP bytes by process stay off: {}", s.error().message);
        udp_budget_.pause_again(now);
      }
      return;
  }
}

void SocketProbe::sweep() {
  // Totals first: an entry leaves the map before it joins them.
  totals_ = sum_of(per_cpu_);
  sweep_error_.clear();
  if (auto s = sweeper_.sweep_tcp(tcp_); !s) sweep_error_ = s.error().message;
  if (auto s = sweeper_.sweep_udp(udp_); !s) sweep_error_ = s.error().message;
}

bool SocketProbe::wants_names() const {
  return std::ranges::any_of(tcp_, [](const np_swept& each) {
    return !np_owner_is_certain(&each.c.owner) &&
           (each.c.flags & (NP_CONN_ENDED | NP_CONN_STALE)) == 0;
  });
}

void SocketProbe::look_for_names(Nanos now) {
  // Once more soon after the start: what waited for accept() had no file then.
  const bool again = walks_ < 2;
  if (now < next_walk_ || (!again && !wants_names())) return;
  const Nanos before = clock_.monotonic();
  if (auto s = sweeper_.walk_files(); !s) sweep_error_ = s.error().message;
  ++walks_;
  next_walk_ = now + std::max(kWalkPause, (clock_.monotonic() - before) * kWalkShare);
  sweep();
}

void SocketProbe::miss_end(np_connection gone, Nanos now) {
  // Found by a walk and never seen alive: it ended before the walk noted it, and
  // that end was counted.
  if (!last_seen_.complete(gone) && (gone.flags & NP_CONN_FOUND_LATER) != 0) return;
  np_mark_missed(&gone, static_cast<__u64>(now));
  const __u32 type = (gone.flags & NP_CONN_FAILED) != 0 ? NP_SOCKET_CONNECT : NP_SOCKET_CLOSE;
  ++known_later_.end_missed;
  ++known_later_.events[type];
  ++known_later_.verdicts[NP_VERDICT_UNKNOWN];
  known_later_.sent[0] += gone.bytes_sent - gone.base_sent;
  known_later_.recv[0] += gone.bytes_recv - gone.base_recv;
  known_later_.retransmits += gone.retransmits;
  on_event({.timestamp = gone.closed_ns,
            .event_type = type,
            .pid = gone.owner.pid,
            .tid = gone.owner.tid,
            .reserved0 = 0,
            .c = gone});
}

bool SocketProbe::take_entry(const np_swept& swept, np_connection& entry) {
  const int map = programs_.object.map_fd("connection_map");
  const auto is_it = [&] { return entry.id == swept.c.id && (entry.flags & NP_CONN_ENDED) == 0; };
  if (bpf_map_lookup_elem(map, &swept.key, &entry) != 0 || !is_it()) return false;
  // Whoever has its memory now may have put an entry of its own there meanwhile.
  if (bpf_map_lookup_and_delete_elem(map, &swept.key, &entry) == 0) {
    if (is_it()) return true;
    bpf_map_update_elem(map, &swept.key, &entry, BPF_NOEXIST);
    return false;
  }
  if (errno == ENOENT) return false;
  return bpf_map_delete_elem(map, &swept.key) == 0;  // before 5.14
}

void SocketProbe::drop_gone_tcp(Nanos now) {
  std::erase_if(tcp_, [&](const np_swept& each) {
    if ((each.c.flags & NP_CONN_STALE) == 0) return false;
    // An end takes the entry with it, or marks it, before the socket looks gone.
    np_connection entry{};
    if (take_entry(each, entry) && entry.state != kTcpStateListen)
      miss_end((each.c.flags & NP_CONN_REUSED) == 0 ? each.c : entry, now);
    return true;
  });
}

void SocketProbe::drop_gone_udp(Nanos now) {
  const int map = programs_.object.map_fd("socket_udp");
  const bool short_of_space = udp_.size() > std::size_t{options_.programs.max_udp_flows} / 4 * 3;
  std::erase_if(udp_, [&](np_swept_udp& each) {
    const bool gone = (each.c.flags & NP_CONN_STALE) != 0;
    const bool idle = short_of_space && now - static_cast<Nanos>(each.c.closed_ns) > kUdpIdle;
    if (!gone && !idle) return false;
    bpf_map_delete_elem(map, &each.key);
    if (!gone) ++udp_evicted_;
    each.c.flags |= NP_CONN_ENDED;
    each.c.state = kTcpStateClose;
    each.c.verdict = gone ? NP_VERDICT_CLOSED : NP_VERDICT_IDLE;
    // Sockets that never moved anything are of no interest once they are gone.
    if (each.c.bytes_sent + each.c.bytes_recv > 0) end(each.c, now);
    return true;
  });
}

void SocketProbe::add_up() {
  std::array<std::uint64_t, 2> sent{totals_.sent[0] + known_later_.sent[0], totals_.sent[1]};
  std::array<std::uint64_t, 2> received{totals_.recv[0] + known_later_.recv[0], totals_.recv[1]};
  std::uint64_t retransmits = totals_.retransmits + known_later_.retransmits;
  for (const np_swept& each : tcp_) {
    sent[0] += each.c.bytes_sent - each.c.base_sent;
    received[0] += each.c.bytes_recv - each.c.base_recv;
    retransmits += each.c.retransmits;
  }
  for (std::size_t i = 0; i < sent.size(); ++i) {
    sent_[i] = std::max(sent_[i], sent[i]);
    received_[i] = std::max(received_[i], received[i]);
  }
  retransmits_ = std::max(retransmits_, retransmits);
}

void SocketProbe::collect(Nanos now) {
  poll(now);
  if (now >= next_sweep_) refresh(now);
}

void SocketProbe::refresh(Nanos now) {
  const Nanos before = clock_.monotonic();
  poll(now);
  sweep();
  drop_gone_tcp(now);
  look_for_names(now);
  drop_gone_tcp(now);
  drop_gone_udp(now);
  processes_.begin_round();
  for (const np_swept& each : tcp_) processes_.notice(each.c.owner);
  last_seen_.look(tcp_, now);
  add_up();
  // Walking a map takes its size, however little is in it: what nobody asked for
  // may cost a two-thousandth of a core.
  next_sweep_ =
      now + std::clamp((clock_.monotonic() - before) * kSweepShare, kSecond, 10 * kSecond);
}

void SocketProbe::report_lists(SocketReport& report) {
  const Nanos now = clock_.monotonic();
  const Nanos offset = clock_.wall() - now;
  report.connections.reserve(tcp_.size() + udp_.size());
  for (const np_swept& each : tcp_) {
    if (each.c.state == kTcpStateListen) {
      report.listening.push_back(listening_of(each.c, processes_));
    } else {
      report.connections.push_back(connection_of(each.c, offset, processes_));
      if ((each.c.flags & NP_CONN_ENDED) == 0) ++report.live;
    }
  }
  for (const np_swept_udp& each : udp_) {
    if (each.c.dst_port == 0) report.listening.push_back(listening_of(each.c, processes_));
    if (each.c.dst_port == 0 && each.c.bytes_sent + each.c.bytes_recv == 0) continue;
    report.connections.push_back(connection_of(each.c, offset, processes_));
    ++report.live;
  }
  ended_.for_each(now, [&](const np_connection& ended) {
    report.connections.push_back(connection_of(ended, offset, processes_));
  });
  // One that ended after the sweep is in both: the end is what holds, and of two
  // ends the later one, which has read no less.
  std::ranges::sort(report.connections, [](const Connection& a, const Connection& b) {
    if (a.id != b.id) return a.id < b.id;
    if (a.closed != b.closed) return a.closed > b.closed;
    return a.bytes_sent + a.bytes_received > b.bytes_sent + b.bytes_received;
  });
  const auto [first, last] =
      std::ranges::unique(report.connections, {}, [](const Connection& one) { return one.id; });
  report.connections.erase(first, last);
  report.ended_not_kept = ended_.not_kept();
}

void SocketProbe::report_sums(SocketReport& report) const {
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    for (std::size_t role = 0; role < NP_ROLES; ++role)
      if (role != NP_ROLE_UNKNOWN)
        report.connections_total.push_back(
            {{kProtocols[p], kRoles[role]}, totals_.connections[p][role]});
    report.bytes.push_back({kProtocols[p], {sent_[p], received_[p]}});
  }
  for (std::size_t i = 0; i < kEvents.size(); ++i)
    report.events.emplace_back(kEvents[i], totals_.events[i] + known_later_.events[i]);
  for (std::size_t i = 0; i < NP_ERRNO_SLOTS; ++i)
    if (totals_.failures[i] > 0)
      report.failures.emplace_back(error_name(static_cast<int>(i)), totals_.failures[i]);
  for (std::size_t i = 0; i < NP_VERDICTS; ++i)
    if (const auto count = totals_.verdicts[i] + known_later_.verdicts[i]; count > 0)
      report.verdicts.emplace_back(to_string(static_cast<Verdict>(i)), count);
  report.retransmits_out = retransmits_;
  report.ended_from_before = totals_.from_before;
  for (std::size_t role = NP_ROLE_CLIENT; role < NP_ROLES; ++role) {
    Histogram rtt;
    Histogram handshake;
    add(rtt, totals_.rtt[role]);
    add(rtt, last_seen_.round_trips()[role]);
    add(handshake, totals_.handshake[role]);
    add(report.rtt, totals_.rtt[role]);
    add(report.rtt, last_seen_.round_trips()[role]);
    add(report.handshake, totals_.handshake[role]);
    report.rtt_by_role.emplace_back(kRoles[role], std::move(rtt));
    report.handshake_by_role.emplace_back(kRoles[role], std::move(handshake));
  }
}

void SocketProbe::report(Signals& out) {
  report_lists(out.sockets);
  report_sums(out.sockets);
}

ProbeStatus SocketProbe::status() const {
  ProbeStatus status;
  status.name = "socket";
  status.state = ProbeState::kOn;
  status.rung = programs_.rung;
  status.why = programs_.why;
  status.why += programs_.udp_rung.empty() ? "UDP is not seen" : "UDP by " + programs_.udp_rung;
  if (udp_budget_.paused())
    status.why += fmt::format(", now paused: {} calls a second were over --socket-udp-limit={}",
                              udp_budget_.rate(), options_.udp_calls_per_second);
  if (!sweep_error_.empty()) status.why += "; " + sweep_error_;
  status.kernel_need = "5.9 (UDP by tracepoint: 6.3)";
  status.programs = programs_.object.program_stats();
  for (ProgramStats& each : programs_.sweeps.program_stats())
    status.programs.push_back(std::move(each));
  status.events = records_;
  const auto now = sum_of(per_cpu_);
  status.lost = {{"socket_probe", "ring_full", now.ring_full},
                 {"socket_probe", "connection_map_full", now.map_full},
                 {"socket_probe", "udp_map_full", now.udp_full},
                 {"socket_probe", "udp_sends_missed", now.udp_missed},
                 {"socket_probe", "udp_flow_evicted", udp_evicted_},
                 {"socket_probe", "udp_pauses", udp_budget_.pauses()},
                 {"socket_probe", "end_of_unknown", now.unseen},
                 {"socket_probe", "end_missed", now.end_missed + known_later_.end_missed},
                 {"socket_probe", "recursion", programs_.object.recursion_misses()},
                 {"socket_probe", "cgroup_not_found", processes_.cgroups_not_found()},
                 {"socket_probe", "bad_record", bad_records_}};
  return status;
}

}  // namespace netprobe
