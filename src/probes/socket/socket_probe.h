// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "abi/socket_abi.h"
#include "bpf/kernel.h"
#include "bpf/mapped_array.h"
#include "bpf/ring_reader.h"
#include "model/events.h"
#include "model/probe.h"
#include "probes/socket/ended_list.h"
#include "probes/socket/last_seen.h"
#include "probes/socket/process_cache.h"
#include "probes/socket/socket_programs.h"
#include "probes/socket/sweeper.h"
#include "probes/socket/udp_budget.h"

namespace netprobe {

struct SocketProbeOptions {
  SocketProgramOptions programs;
  Nanos collect_interval = kSecond;
  std::uint32_t udp_calls_per_second = 50'000;  ///< above it UDP pauses; 0: never
  std::size_t max_ended = 16'384;
  Nanos keep_ended = 60 * kSecond;
  /// Hears of every event of the ring; empty: nobody does.
  std::function<void(const SocketEvent&)> on_event;
  /// Hears of every connection that ended or failed, once; empty: nobody does.
  std::function<void(const Connection&)> on_ended;
};

/// Connections of every network namespace, their processes and their quality:
/// docs/connections.md. Events come through a ring; what is alive is swept.
class SocketProbe final : public Probe {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Probe>> make(const SocketProbeOptions& options,
                                                           const KernelFeatures& kernel,
                                                           const Clock& clock);

  [[nodiscard]] int fd() const override { return ring_->fd(); }
  std::size_t poll(Nanos now) override;
  void collect(Nanos now) override;
  void refresh(Nanos now) override;
  void report(Signals& out) override;
  [[nodiscard]] ProbeStatus status() const override;

 private:
  SocketProbe(const SocketProbeOptions& options, const Clock& clock, SocketPrograms programs,
              Sweeper sweeper, MappedArray<np_socket_totals> per_cpu);

  void on_record(const socket_event& event);
  void on_event(const socket_event& event);
  void hand_on(const socket_event& event);
  void end(const np_connection& ended, Nanos now);
  void sweep();
  void guard_udp(Nanos now);
  void drop_gone_tcp(Nanos now);
  /// A missed end that the sweep noticed.
  void miss_end(np_connection gone, Nanos now);
  /// Takes the entry out of the map, if it is still the one that was swept.
  [[nodiscard]] bool take_entry(const np_swept& swept, np_connection& entry);
  void drop_gone_udp(Nanos now);
  [[nodiscard]] bool wants_names() const;
  void look_for_names(Nanos now);
  void add_up();
  void report_lists(SocketReport& report);
  void report_sums(SocketReport& report) const;

  const SocketProbeOptions options_;
  const Clock& clock_;
  SocketPrograms programs_;
  Sweeper sweeper_;
  MappedArray<np_socket_totals> per_cpu_;
  std::unique_ptr<RingReader> ring_;
  ProcessCache processes_;
  EndedList ended_;

  std::vector<np_swept> tcp_;  ///< as of the last sweep, by id
  std::vector<np_swept_udp> udp_;
  np_socket_totals totals_{};  ///< read before that sweep
  /// What is shown: never backwards, though a connection may end between the
  /// reading of the totals and the sweep.
  std::array<std::uint64_t, 2> sent_{};
  std::array<std::uint64_t, 2> received_{};
  std::uint64_t retransmits_ = 0;

  LastSeen last_seen_;
  /// Of connections whose end was missed: what the kernel's sums lack.
  np_socket_totals known_later_{};
  Nanos next_sweep_ = 0;
  UdpBudget udp_budget_;

  Nanos next_walk_ = 0;
  Nanos poll_time_ = 0;
  std::uint64_t walks_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t bad_records_ = 0;
  std::uint64_t udp_evicted_ = 0;
  std::string sweep_error_;
};

}  // namespace netprobe
