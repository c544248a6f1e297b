// SPDX-License-Identifier: Apache-2.0
// What the data loop gives to its readers: snapshots, and batches of changed
// flows to those who stream.
#include <memory>
#include <utility>

#include "agent/data_loop.h"
#include "agent/history.h"
#include "base/own_process.h"
#include "base/version.h"

namespace netprobe {

bool DataLoop::publish_changes() {
  std::vector<FlowBatchHandler> handlers;
  SignalsPtr signals;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, handler] : subscribers_) handlers.push_back(handler);
    signals = std::exchange(fresh_signals_, nullptr);
  }
  if (signals) {
    judge_.use(std::move(signals));
    name_stage_->on_processes();
  }
  table_->track_changes(!handlers.empty());
  if (handlers.empty()) return false;
  auto batch = std::make_shared<FlowBatch>();
  batch->flows = table_->take_changes();
  if (batch->flows.empty()) return true;
  if (loss_stage_) loss_stage_->annotate(batch->flows);
  batch->time = clock_.wall();
  judge_.judge(batch->flows, batch->time);
  name_stage_->name(batch->flows);  // after the processes, by which host pods are told apart
  for (const auto& handler : handlers) handler(batch);
  return true;
}

void DataLoop::ask_for_signals(bool names) {
  if (!names) {
    const MutexLock lock(mutex_);
    if (subscribers_.empty()) return;
  }
  // Names want the processes behind the newest flows, too.
  signals_.request(names ? 0 : options_.collect_interval, [this](SignalsPtr signals) {
    const MutexLock lock(mutex_);
    fresh_signals_ = std::move(signals);
  });
}

std::uint64_t DataLoop::subscribe(FlowBatchHandler handler) {
  std::uint64_t id = 0;
  {
    const MutexLock lock(mutex_);
    id = next_subscriber_++;
    subscribers_.emplace(id, std::move(handler));
  }
  wake();  // it may be in a long pause
  return id;
}

void DataLoop::unsubscribe(std::uint64_t id) {
  const MutexLock lock(mutex_);
  subscribers_.erase(id);
}

void DataLoop::request(Nanos max_age, bool with_flows, std::function<void(SnapshotPtr)> done) {
  // The signals first, on their thread; the rest when they are here.
  signals_.request(max_age,
                   [this, max_age, with_flows, done = std::move(done)](SignalsPtr signals) {
                     bool closed = false;
                     {
                       const MutexLock lock(mutex_);
                       closed = closed_;
                       if (!closed)
                         requests_.push_back({max_age, with_flows, std::move(signals), done});
                     }
                     if (closed) return done(last_);  // its thread has ended
                     wake();
                   });
}

void DataLoop::answer_requests() {
  std::vector<Request> requests;
  {
    const MutexLock lock(mutex_);
    requests.swap(requests_);
  }
  if (requests.empty()) return;
  const Nanos now = clock_.monotonic();
  SnapshotPtr light;
  for (const Request& request : requests) {
    if (loss_stage_) loss_stage_->on_signals(request.signals);
    name_stage_->on_signals(request.signals);
    const bool fresh = last_ && now - last_built_ <= request.max_age;
    if (request.with_flows && !fresh) {
      // Counters of running flows are in the kernel: fetch them first.
      if (probe_) sweep(now);
      last_ = build(true, request.signals);
      last_built_ = now;
    }
    if (request.with_flows || fresh) {
      request.done(last_);
      continue;
    }
    // One for all that ask at once; but not the last one for who wants a newer one.
    if (!light || light->signals->sequence < request.signals->sequence)
      light = build(false, request.signals);
    request.done(light);
  }
}

DeviceCounters DataLoop::counters(std::uint32_t ifindex, Direction direction) const {
  DeviceCounters result = probe_->counters(ifindex, direction);
  result.flow_packets = table_->attributed(ifindex, direction);
  return result;
}

InterfaceState DataLoop::state_of(const InterfaceInfo& link) const {
  InterfaceState state;
  state.info = link;
  if (probe_ && probe_->attached(link.ifindex)) {
    state.attached = true;
    state.mode = probe_->mode_of(link.ifindex);
    state.rx = counters(link.ifindex, Direction::kIngress);
    state.tx = counters(link.ifindex, Direction::kEgress);
  }
  if (const auto found = problems_.find(link.ifindex); found != problems_.end())
    state.reason = found->second;
  if (const auto found = rates_.find(link.ifindex); found != rates_.end()) {
    state.rx_packets_per_second = found->second.rx_packets;
    state.rx_bytes_per_second = found->second.rx_bytes;
    state.tx_packets_per_second = found->second.tx_packets;
    state.tx_bytes_per_second = found->second.tx_bytes;
  }
  bandwidth_.fill(state);
  return state;
}

std::vector<LossCounter> DataLoop::losses() const {
  std::vector<LossCounter> result;
  if (probe_) {
    result = probe_->status().lost;
    std::uint64_t icmp = retired_rx_.icmp_errors_lost + retired_tx_.icmp_errors_lost;
    for (const auto& [ifindex, link] : links_.links())
      for (const auto direction : {Direction::kIngress, Direction::kEgress})
        icmp += probe_->counters(ifindex, direction).icmp_errors_lost;
    result.push_back({"flow_probe", "icmp_error_ring_full", icmp});
  }
  result.push_back({"flow_table", "icmp_error_without_flow", table_->unmatched_icmp_errors()});
  result.push_back({"flow_table", "ended_early_table_full", table_->stats().evicted_flows});
  result.push_back({"nat", "queue_full", signals_.nat().lost()});
  result.push_back({"nat", "table_full", table_->refused_nat_mappings()});
  result.push_back({"nat", "handshakes_counted_twice", table_->stats().handshakes_twice});
  if (history_) {
    for (LossCounter& loss : history_->losses()) result.push_back(std::move(loss));
    for (LossCounter& loss : history_losses(store_->status())) result.push_back(std::move(loss));
  }
  if (detection_) {
    for (LossCounter& loss : detection_->losses()) result.push_back(std::move(loss));
    for (const LossCounter& loss : engine_->report()->lost) result.push_back(loss);
  }
  if (more_losses_) {
    for (LossCounter& loss : more_losses_()) result.push_back(std::move(loss));
  }
  return result;
}

SnapshotPtr DataLoop::build(bool with_flows, const SignalsPtr& signals) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->signals = signals;
  snapshot->taken_at = clock_.wall();
  snapshot->started_at = started_at_;
  snapshot->node_name = options_.node_name;
  snapshot->version = kVersion;
  snapshot->kernel = kernel_.release;
  if (with_flows) {
    snapshot->flows = table_->flows();
    judge_.use(signals);
    judge_.judge(snapshot->flows, snapshot->taken_at);
    name_stage_->name(snapshot->flows);
  }
  name_stage_->fill(*snapshot);
  snapshot->quality = quality_.report();
  for (const auto& [ifindex, link] : links_.links()) snapshot->interfaces.push_back(state_of(link));
  snapshot->retired_rx = retired_rx_;
  snapshot->retired_tx = retired_tx_;
  if (probe_) {
    snapshot->probes.push_back(probe_->status());
    snapshot->packet_classes = probe_->packet_classes();
  } else {
    ProbeStatus off;
    off.name = "flow";
    off.why = "--enable-tc=false";
    snapshot->probes.push_back(off);
  }
  snapshot->probes.insert(snapshot->probes.end(), signals->probes.begin(), signals->probes.end());
  if (store_ != nullptr) snapshot->probes.push_back(history_probe_status(store_->status()));
  if (more_probes_)
    for (ProbeStatus& probe : more_probes_()) snapshot->probes.push_back(std::move(probe));
  if (loss_stage_) {
    loss_stage_->annotate(snapshot->flows);
    snapshot->loss = loss_stage_->report();
  }
  snapshot->losses = losses();
  if (engine_ != nullptr) snapshot->alerts = engine_->report();
  snapshot->table = table_->stats();
  snapshot->resident_bytes = resident_bytes();
  snapshot->cpu_seconds = cpu_seconds();
  return snapshot;
}

}  // namespace netprobe
