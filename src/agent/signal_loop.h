// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/options.h"
#include "agent/probes.h"
#include "base/clock.h"
#include "base/glob.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "bpf/kernel.h"
#include "io/link_watcher.h"
#include "model/probe.h"

namespace netprobe {

/// The thread of all probes beside the flow probe: what they fetch from the
/// kernel may take longer than the data thread can wait.
class SignalLoop {
 public:
  /// Has no probe yet: open() makes them.
  [[nodiscard]] static Result<std::unique_ptr<SignalLoop>> make(const AgentOptions& options,
                                                                const KernelFeatures& kernel);
  ~SignalLoop();
  SignalLoop(const SignalLoop&) = delete;
  SignalLoop& operator=(const SignalLoop&) = delete;

  /// Who hears of events one by one. Before open().
  void set_event_handlers(EventHandlers handlers) { handlers_ = std::move(handlers); }
  /// Who carries out blocks, where XDP can; before open(). Empty: nobody, and no program
  /// that could drop is loaded.
  void set_block_plane_sink(BlockPlaneSink sink) { block_plane_ = std::move(sink); }
  /// Makes every probe of the registry that is wanted. One that cannot be made
  /// is reported as failed; that is no error here. Once, before start(), and
  /// after the flow probe, whose maps one of them reads.
  void open(Result<TunnelMaps> tunnel_maps,
            Result<NameMaps> name_maps = fail("nobody looks at names here"));
  void start();
  /// Ends the thread and every probe. Idempotent.
  void stop();
  /// From any thread: other interfaces from now on.
  void set_filters(std::vector<std::string> interface_filter,
                   std::vector<std::string> attach_interface);
  /// From any thread: makes a probe of the registry that was off, or ends one.
  /// `done` gets why it could not be made; on the signal thread, or on the
  /// caller's where that has stopped. Tunnels and DNS can be turned off alone: their
  /// maps come with open().
  void switch_probe(std::string_view name, bool on, std::function<void(Status)> done);
  /// Asks for signals no older than `max_age`; `done` is called on the signal
  /// thread (or on the caller's, where it has stopped), never with null.
  void request(Nanos max_age, std::function<void(SignalsPtr)> done);
  [[nodiscard]] NatQueue& nat() { return nat_; }

 private:
  struct Running {
    const ProbeEntry* entry = nullptr;
    std::unique_ptr<Probe> probe;  ///< null: off or failed
    ProbeStatus without;           ///< its status then
  };
  struct Request {
    Nanos max_age;
    std::function<void(SignalsPtr)> done;
  };
  struct Switch {
    std::string name;
    bool on = false;
    std::function<void(Status)> done;
  };

  SignalLoop(const AgentOptions& options, const KernelFeatures& kernel, LinkWatcher links);
  void make_probes(Result<TunnelMaps>& tunnel_maps, Result<NameMaps>& name_maps);
  Status turn(std::string_view name, bool on);
  void run();
  void wait();
  void cycle();
  void collect(Nanos now);
  void on_links();
  void reconsider_all();
  [[nodiscard]] bool wanted(const InterfaceInfo& link) const;
  void take_mail(Nanos now);
  [[nodiscard]] SignalsPtr build();
  void wake();

  AgentOptions options_;
  KernelFeatures kernel_;
  EventHandlers handlers_;
  BlockPlaneSink block_plane_;
  SystemClock clock_;
  NatQueue nat_{65'536};
  LinkWatcher links_;
  NameFilter filter_;
  NameFilter attach_;
  std::vector<Running> probes_;
  Nanos next_collect_ = 0;
  Nanos last_record_ = 0;
  SignalsPtr last_;  ///< newest that was built
  Nanos last_built_ = 0;
  bool outdated_ = false;  ///< other probes than it knows
  std::uint64_t built_ = 0;

  UniqueFd wake_;
  std::thread thread_;

  mutable Mutex mutex_;
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::vector<Request> requests_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<Switch> switches_ NETPROBE_GUARDED_BY(mutex_);
  bool filters_changed_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::vector<std::string> new_filter_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::string> new_attach_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace netprobe
