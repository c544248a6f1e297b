// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/detection_stage.h"
#include "agent/history_stage.h"
#include "agent/interface_names.h"
#include "agent/link_bandwidth.h"
#include "agent/loss_stage.h"
#include "agent/name_stage.h"
#include "agent/options.h"
#include "agent/signal_loop.h"
#include "alerts/detection_engine.h"
#include "analysis/quality/flow_judge.h"
#include "analysis/quality/quality_totals.h"
#include "base/clock.h"
#include "base/glob.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "bpf/kernel.h"
#include "flow/flow_table.h"
#include "io/link_watcher.h"
#include "model/readers.h"
#include "probes/flow/flow_probe.h"

namespace netprobe {

/// The path of data: one thread that hears of interfaces, reads the kernel's
/// records, merges them into flows, and builds snapshots when readers want
/// them. Everything in it belongs to that thread but the small mailbox at the
/// end.
class DataLoop final : public SnapshotSource, public FlowFeed {
 public:
  /// Loads the programs and attaches them; nothing runs before start().
  [[nodiscard]] static Result<std::unique_ptr<DataLoop>> make(const AgentOptions& options,
                                                              const KernelFeatures& kernel,
                                                              SignalLoop& signals,
                                                              const NamesMaker& names = nullptr);
  ~DataLoop() override;
  DataLoop(const DataLoop&) = delete;
  DataLoop& operator=(const DataLoop&) = delete;

  /// The maps in which the flow programs count tunnels, for the probe that
  /// reads them; before start(). An error: why there are none.
  [[nodiscard]] Result<TunnelMaps> tunnel_maps() const;
  /// The same of DNS messages and neighbours.
  [[nodiscard]] Result<NameMaps> name_maps() const;
  /// What is seen is recorded there; it outlives this. Before start(). With
  /// `on` false it is only told of.
  void keep_history(HistoryStore& store, bool on);
  /// Detectors look at what is seen: `engine` gets it, and says what it found. It outlives
  /// this. Before start().
  void detect(DetectionEngine& engine);
  /// A connection ended: for history and detection. Signal thread.
  void on_connection(const Connection& connection) {
    if (history_) history_->on_connection(connection);
    if (detection_) detection_->on_connection(connection);
  }
  /// What was said of names: for detection. Signal thread.
  void on_names(NameBatchPtr batch) {
    if (detection_) detection_->on_names(std::move(batch));
  }
  /// Any thread: calls `done` when history has what was seen up to now, or up to
  /// 5 s ago unless `at_once`; or after 2 s.
  void flush_history(bool at_once, std::function<void()> done);
  void start();
  /// Ends the thread and detaches everything. Idempotent.
  void stop();
  /// From any thread: other interfaces from now on.
  void set_filters(std::vector<std::string> interface_filter,
                   std::vector<std::string> attach_interface);

  void request(Nanos max_age, bool with_flows, std::function<void(SnapshotPtr)> done) override;
  std::uint64_t subscribe(FlowBatchHandler handler) override;
  void unsubscribe(std::uint64_t id) override;
  [[nodiscard]] Readiness readiness() const;
  /// What stages beside this one lost: asked on the data thread for every
  /// snapshot. Before start().
  void add_losses(std::function<std::vector<LossCounter>()> source) {
    more_losses_ = std::move(source);
  }
  /// The same of entries beside those of the probes.
  void add_probes(std::function<std::vector<ProbeStatus>()> source) {
    more_probes_ = std::move(source);
  }
  /// "eth0 (uplink), cni0 (bridge), …": for the line at the start.
  [[nodiscard]] std::string attached_summary() const;

 private:
  struct Request {
    Nanos max_age;
    bool with_flows;
    SignalsPtr signals;
    std::function<void(SnapshotPtr)> done;
  };
  struct Rates {
    DeviceCounters rx;
    DeviceCounters tx;
    double rx_packets = 0;
    double rx_bytes = 0;
    double tx_packets = 0;
    double tx_bytes = 0;
  };

  DataLoop(const AgentOptions& options, KernelFeatures kernel, LinkWatcher links,
           SignalLoop& signals);
  Status open(const AgentOptions& options, const NamesMaker& names);
  void run();
  void wait();
  void cycle();
  void take_mail();
  void on_links();
  void consider(const InterfaceInfo& link);
  void reconsider_all();
  [[nodiscard]] bool wanted(const InterfaceInfo& link) const;
  void sweep(Nanos now);
  void collect(Nanos now);
  void retire(Nanos now);
  /// Is anybody subscribed?
  bool publish_changes();
  /// Has signals fetched for those who stream, and for `names`; all others ask
  /// themselves.
  void ask_for_signals(bool names);
  void answer_requests();
  [[nodiscard]] SnapshotPtr build(bool with_flows, const SignalsPtr& signals);
  [[nodiscard]] DeviceCounters counters(std::uint32_t ifindex, Direction direction) const;
  [[nodiscard]] InterfaceState state_of(const InterfaceInfo& link) const;
  [[nodiscard]] std::vector<LossCounter> losses() const;
  void wake();
  /// What completes a record, on this thread.
  [[nodiscard]] HistoryNaming naming();

  AgentOptions options_;
  KernelFeatures kernel_;
  SignalLoop& signals_;  ///< outlives this
  SystemClock clock_;
  LinkWatcher links_;
  NameFilter filter_;
  NameFilter attach_;
  std::unique_ptr<InterfaceNames> names_;
  std::unique_ptr<FlowProbe> probe_;  ///< null where --enable-tc=false
  std::unique_ptr<FlowTable> table_;
  std::unique_ptr<LossStage> loss_stage_;  ///< null where --enable-tc=false
  std::unique_ptr<NameStage> name_stage_;
  HistoryStore* store_ = nullptr;                  ///< of history; null: nothing is told of it
  std::unique_ptr<HistoryStage> history_;          ///< null where it is off
  DetectionEngine* engine_ = nullptr;              ///< null: nothing is detected
  std::unique_ptr<DetectionStage> detection_;      ///< with it
  std::map<std::uint32_t, std::string> problems_;  ///< why not attached
  std::map<std::uint32_t, Rates> rates_;
  LinkBandwidth bandwidth_;
  QualityTotals quality_;
  FlowJudge judge_;
  DeviceCounters retired_rx_;
  DeviceCounters retired_tx_;
  std::function<std::vector<LossCounter>()> more_losses_;
  std::function<std::vector<ProbeStatus>()> more_probes_;
  SnapshotPtr last_;  ///< newest with flows
  Nanos last_built_ = 0;
  Nanos started_at_ = 0;
  Nanos next_sweep_ = 0;
  Nanos next_collect_ = 0;
  Nanos last_collect_ = 0;
  Nanos last_record_ = 0;
  std::uint64_t records_ = 0;  ///< of the table, as of the last cycle
  bool quiet_ = false;         ///< nothing comes and nobody streams: turn slowly

  UniqueFd wake_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> attached_{0};
  std::atomic<bool> running_{false};

  mutable Mutex mutex_;
  std::vector<Request> requests_ NETPROBE_GUARDED_BY(mutex_);
  std::map<std::uint64_t, FlowBatchHandler> subscribers_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t next_subscriber_ NETPROBE_GUARDED_BY(mutex_) = 1;
  SignalsPtr fresh_signals_ NETPROBE_GUARDED_BY(mutex_);  ///< null: none since the last
  bool closed_ NETPROBE_GUARDED_BY(mutex_) = false;       ///< nobody answers any more
  bool filters_changed_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::vector<std::string> new_filter_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::string> new_attach_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace netprobe
