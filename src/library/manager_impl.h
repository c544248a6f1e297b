// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/manager.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/data_loop.h"
#include "agent/signal_loop.h"
#include "base/mutex.h"
#include "library/dispatcher.h"
#include "model/snapshot.h"

namespace netprobe::v0 {

/// The agent's two threads without its servers, and one for the program's event
/// handlers. Shared with collectors, which may outlive the Manager: stop() is what
/// ends it.
class NETPROBE_HIDDEN Manager::Impl {
 public:
  [[nodiscard]] static Result<std::shared_ptr<Impl>> make(const ManagerOptions& options);
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  void stop();

  [[nodiscard]] Result<void> attach(std::string_view interface);
  [[nodiscard]] Result<void> detach(std::string_view interface);
  [[nodiscard]] std::vector<std::string> attached() const;
  [[nodiscard]] Result<void> switch_sockets(bool on, SocketEventHandler handler);
  void use(VxlanEventHandler handler) { dispatcher_.use(std::move(handler)); }

  /// Reads routes and neighbours from now on, for who compares them.
  void want_forwarding() const;

  /// As of now; waits for the threads.
  [[nodiscard]] Result<netprobe::SnapshotPtr> snapshot(bool with_flows) const;
  /// Does not wait: `done` is called on one of the threads, with null where the
  /// Manager has gone.
  void request(bool with_flows, std::function<void(netprobe::SnapshotPtr)> done) const;
  [[nodiscard]] netprobe::DataLoop& data() const { return *data_; }

 private:
  explicit Impl(std::size_t queued_events) : dispatcher_(queued_events) {}
  [[nodiscard]] Result<void> open(const ManagerOptions& options);
  [[nodiscard]] Result<netprobe::InterfaceState> find(const std::string& interface) const;
  void apply_filters() NETPROBE_REQUIRES(mutex_);

  Dispatcher dispatcher_;
  std::unique_ptr<netprobe::SignalLoop> signals_;
  std::unique_ptr<netprobe::DataLoop> data_;
  std::atomic<bool> stopped_{false};

  mutable Mutex mutex_;  ///< one change at a time
  std::vector<std::string> attached_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace netprobe::v0
