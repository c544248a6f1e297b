// SPDX-License-Identifier: Apache-2.0
#include "library/collector.h"

#include <netprobe/kubernetes.h>
#include <netprobe/version.h>

#include <chrono>
#include <future>
#include <utility>

#include "library/convert.h"

namespace netprobe::v0 {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr const char* kNothing = "the collector was given nothing to collect from, or it has ended";

}  // namespace

void Collector::Impl::use(std::shared_ptr<Manager::Impl> manager) {
  const MutexLock lock(mutex_);
  manager_ = std::move(manager);
}

void Collector::Impl::use(std::weak_ptr<NetworkIntegrator::Impl> integrator) {
  const MutexLock lock(mutex_);
  integrator_ = std::move(integrator);
}

netprobe::SnapshotPtr Collector::Impl::complete(netprobe::SnapshotPtr snapshot) const {
  std::shared_ptr<NetworkIntegrator::Impl> integrator;
  {
    const MutexLock lock(mutex_);
    integrator = integrator_.lock();
  }
  if (!integrator) return snapshot;
  auto both = snapshot ? std::make_shared<netprobe::Snapshot>(*snapshot)
                       : std::make_shared<netprobe::Snapshot>();
  if (!snapshot) {
    both->version = version();
    both->taken_at = netprobe::SystemClock().wall();
  }
  integrator->fill(*both);
  return both;
}

void Collector::Impl::request(std::function<void(netprobe::SnapshotPtr)> done) const {
  std::shared_ptr<Manager::Impl> manager;
  {
    const MutexLock lock(mutex_);
    manager = manager_;
  }
  if (!manager) return done(nullptr);
  manager->request(false, std::move(done));
}

std::string Collector::Impl::render(const netprobe::Snapshot& snapshot,
                                    netprobe::TextFormat format) {
  const MutexLock lock(rendering_);
  return exporter_.render(snapshot, format);
}

std::string Collector::Impl::obstacle() const {
  const MutexLock lock(mutex_);
  return manager_ || !integrator_.expired() ? "" : kNothing;
}

Collector::Collector() : impl_(std::make_shared<Impl>()) {}

void Collector::add(const Manager& manager) { impl_->use(manager.impl_); }
void Collector::add(const NetworkIntegrator& integrator) {
  impl_->use(std::weak_ptr(integrator.impl_));
}

Result<std::string> Collector::render(MetricsFormat format) const {
  const auto done = std::make_shared<std::promise<netprobe::SnapshotPtr>>();
  auto result = done->get_future();
  impl_->request([done](netprobe::SnapshotPtr s) { done->set_value(std::move(s)); });
  if (result.wait_for(kPatience) != std::future_status::ready)
    return refuse("the Manager does not answer");
  const auto snapshot = impl_->complete(result.get());
  if (!snapshot) return refuse(kNothing);
  return impl_->render(*snapshot, format == MetricsFormat::kOpenMetrics
                                      ? netprobe::TextFormat::kOpenMetrics
                                      : netprobe::TextFormat::kPrometheus);
}

}  // namespace netprobe::v0
