// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/metrics_server.h>

#include <functional>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "export/prometheus/prometheus_exporter.h"
#include "library/integrator_impl.h"
#include "library/manager_impl.h"

namespace netprobe::v0 {

class NETPROBE_HIDDEN Collector::Impl {
 public:
  void use(std::shared_ptr<Manager::Impl> manager);
  void use(std::weak_ptr<NetworkIntegrator::Impl> integrator);

  /// Does not wait; `done` is called on any thread, with null where nobody has
  /// anything to tell.
  void request(std::function<void(netprobe::SnapshotPtr)> done) const;
  /// Adds what the integrator knows: may take long in a large cluster, so not on
  /// the thread that calls `done`. Null: nobody has anything to tell.
  [[nodiscard]] netprobe::SnapshotPtr complete(netprobe::SnapshotPtr snapshot) const;
  /// From any thread; they take turns.
  [[nodiscard]] std::string render(const netprobe::Snapshot& snapshot, netprobe::TextFormat format);
  /// Why there is nothing to tell; empty where there is.
  [[nodiscard]] std::string obstacle() const;

 private:
  mutable Mutex mutex_;
  std::shared_ptr<Manager::Impl> manager_ NETPROBE_GUARDED_BY(mutex_);
  std::weak_ptr<NetworkIntegrator::Impl> integrator_ NETPROBE_GUARDED_BY(mutex_);
  Mutex rendering_;
  netprobe::PrometheusExporter exporter_ NETPROBE_GUARDED_BY(rendering_){{}};
};

}  // namespace netprobe::v0
