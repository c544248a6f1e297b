// SPDX-License-Identifier: Apache-2.0
#include "fleet/simulated_agent.h"

#include <fmt/format.h>

#include <utility>

namespace netprobe::test {
namespace {

constexpr std::size_t kPods = 20;
constexpr std::size_t kWorkloads = 5;
// Pairs of workloads that an agent tells sums of.
constexpr std::size_t kPairs = 100;
// Numbers of flows that began elsewhere.
constexpr std::uint64_t kOthersIds = 1ULL << 40U;

std::string node_name(std::size_t number) { return fmt::format("node-{:04}", number); }

IpAddress address_of(std::size_t node, std::size_t host) {
  return *IpAddress::parse(fmt::format("10.{}.{}.{}", node / 256, node % 256, host));
}

}  // namespace

SimulatedTraffic::Pod SimulatedTraffic::make_pod(std::size_t node, std::size_t number) {
  const std::size_t workload = number % kWorkloads;
  auto identity = std::make_shared<Identity>();
  identity->name_space = fmt::format("team-{}", workload);
  identity->workload_kind = "Deployment";
  identity->workload = fmt::format("app-{}", (node + workload) % 40);
  identity->name = fmt::format("{}-{:08x}-{}", identity->workload, node * 2'654'435'761U, number);
  identity->node = node_name(node);
  identity->zone = fmt::format("zone-{}", node % 3);
  return {std::move(identity), address_of(node, number + 2)};
}

SimulatedTraffic::SimulatedTraffic(std::size_t node, std::size_t nodes)
    : node_(node_name(node)), outside_(*IpAddress::parse("192.0.2.1")) {
  for (std::size_t i = 0; i < kPods; ++i) {
    pods_.push_back(make_pod(node, i));
    others_.push_back(make_pod((node + 1) % nodes, i));
  }
}

std::vector<Flow> SimulatedTraffic::next(std::size_t flows, Nanos wall) {
  std::vector<Flow> result(flows);
  for (Flow& flow : result) {
    const std::uint64_t number = ++made_;
    const Pod& src = pods_[number % kPods];
    const bool outside = number % 4 == 0;
    flow.id = number;
    flow.tuple.src = src.address;
    flow.tuple.src_port = static_cast<std::uint16_t>(10'000 + number % 50'000);
    flow.tuple.dst_port = 443;
    flow.tuple.protocol = kProtoTcp;
    flow.src_identity = src.identity;
    flow.tuple.dst = outside_;
    flow.direction = "egress";
    if (!outside) {
      const Pod& dst = others_[number / kPods % kPods];
      flow.tuple.dst = dst.address;
      flow.dst_identity = dst.identity;
      flow.direction = "inter-node";
    }
    flow.first_seen = flow.last_seen = wall;
    flow.forward = {packets(), packets() * 500};
    flow.reverse = {packets(), packets() * 1200};
    flow.rtt = static_cast<Nanos>(200 + number % 1000) * kMicrosecond;
  }
  return result;
}

WorkloadReport SimulatedTraffic::report(std::uint64_t flows) const {
  WorkloadReport report;
  for (std::size_t i = 0; i < kPairs; ++i) {
    const Identity& src = *pods_[i % kPods].identity;
    WorkloadPair pair;
    pair.src = {src.name_space, src.workload_kind, src.workload};
    pair.dst = {fmt::format("team-{}", i % kWorkloads), "Deployment", fmt::format("app-{}", i)};
    pair.direction = "inter-node";
    pair.flows = flows / kPairs;
    pair.forward = {pair.flows * packets(), pair.flows * packets() * 500};
    pair.reverse = {pair.flows * packets(), pair.flows * packets() * 1200};
    report.pairs.push_back(std::move(pair));
  }
  report.kinds.total = flows;
  return report;
}

/// Tells whoever streams, and how much.
class SimulatedAgent::Feed final : public FlowFeed {
 public:
  std::uint64_t subscribe(FlowBatchHandler handler) override {
    const MutexLock lock(mutex_);
    handlers_.emplace(++last_, std::move(handler));
    return last_;
  }
  void unsubscribe(std::uint64_t id) override {
    const MutexLock lock(mutex_);
    handlers_.erase(id);
  }
  void tell(const FlowBatchPtr& batch) {
    const MutexLock lock(mutex_);
    if (handlers_.empty()) return;
    told_ += batch->flows.size();
    for (auto& [id, handler] : handlers_) handler(batch);
  }
  [[nodiscard]] bool has_listener() const {
    const MutexLock lock(mutex_);
    return !handlers_.empty();
  }
  [[nodiscard]] std::uint64_t told() const {
    const MutexLock lock(mutex_);
    return told_;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::uint64_t, FlowBatchHandler> handlers_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t last_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t told_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

class SimulatedAgent::Snapshots final : public SnapshotSource {
 public:
  explicit Snapshots(SimulatedAgent& agent) : agent_(agent) {}
  void request(Nanos /*max_age*/, bool /*with_flows*/,
               std::function<void(SnapshotPtr)> done) override {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->taken_at = agent_.clock_.wall();
    {
      const MutexLock lock(agent_.traffic_mutex_);
      snapshot->node_name = agent_.traffic_.node();
      snapshot->workloads = agent_.traffic_.report(agent_.made_);
    }
    done(std::move(snapshot));
  }

 private:
  SimulatedAgent& agent_;
};

/// The newest records, answered from by the meaning of the language itself.
class SimulatedAgent::Store final : public HistoryStore {
 public:
  Store(const SimulatedAgent& agent, Scheduler& scheduler) : agent_(agent), scheduler_(scheduler) {}

  void write(HistoryBatchPtr batch) override {
    const Micros oldest = to_micros(agent_.clock_.wall() - agent_.options_.keep);
    const MutexLock lock(mutex_);
    kept_.push_back(std::move(batch));
    while (!kept_.empty() && kept_.front()->flows.front().time < oldest) kept_.pop_front();
  }
  void flush(Micros /*patience*/, std::function<void()> done) override { done(); }
  void query(QueryRequest request, QueryDone done) override {
    const Nanos delay = agent_.delay_;
    auto work = [this, request = std::move(request), done = std::move(done)] {
      if (!*request.cancelled) done(answer(request));
    };
    if (delay > 0)
      scheduler_.after(delay, std::move(work));
    else
      scheduler_.post(std::move(work));
  }
  [[nodiscard]] std::uint64_t kept_of(const std::string& node) const {
    std::uint64_t count = 0;
    const MutexLock lock(mutex_);
    for (const HistoryBatchPtr& batch : kept_)
      for (const FlowRecord& flow : batch->flows)
        if (flow.src->node == node) ++count;
    return count;
  }
  [[nodiscard]] HistoryStatus status() const override {
    HistoryStatus status;
    status.engine = "simulated";
    status.writable = true;
    return status;
  }
  void stop() override {}

 private:
  [[nodiscard]] std::expected<QueryAnswer, QueryFailure> answer(const QueryRequest& request) const {
    std::vector<HistoryBatchPtr> held;
    {
      const MutexLock lock(mutex_);
      held.assign(kept_.begin(), kept_.end());
    }
    std::vector<RecordRef> records;
    for (const HistoryBatchPtr& batch : held)
      for (const FlowRecord& flow : batch->flows)
        records.push_back({RecordKind::kFlow, &flow, batch->node});
    return evaluate(request, records);
  }

  const SimulatedAgent& agent_;
  Scheduler& scheduler_;
  mutable Mutex mutex_;
  std::deque<HistoryBatchPtr> kept_ NETPROBE_GUARDED_BY(mutex_);
};

SimulatedAgent::SimulatedAgent(Options options, LinkCredentialsPtr credentials,
                               Scheduler& scheduler)
    : options_(options),
      node_(node_name(options.number)),
      credentials_(std::move(credentials)),
      traffic_(options.number, options.nodes),
      feed_(std::make_unique<Feed>()),
      snapshots_(std::make_unique<Snapshots>(*this)),
      store_(std::make_unique<Store>(*this, scheduler)) {}

SimulatedAgent::~SimulatedAgent() { stop(); }

Status SimulatedAgent::start() {
  if (server_) return {};
  AgentServiceOptions service;
  service.node = node_;
  service.version = "0.1.0";
  service.run_id = fmt::format("{}-{}-{}", service.node, clock_.wall(), ++starts_);
  service.started = clock_.wall();
  auto made = AgentServer::make({"127.0.0.1", port_}, *credentials_, std::move(service),
                                AgentSources{.snapshots = *snapshots_,
                                             .feed = *feed_,
                                             .clock = clock_,
                                             .history = store_.get(),
                                             .live = {},
                                             .flush_history = {},
                                             .page = {}});
  if (!made) return std::unexpected(made.error());
  server_ = std::move(*made);
  return {};
}

void SimulatedAgent::stop() { server_.reset(); }

bool SimulatedAgent::has_listener() const { return feed_->has_listener(); }

std::uint64_t SimulatedAgent::told() const { return feed_->told(); }

std::uint64_t SimulatedAgent::kept_of(const std::string& node) const {
  return store_->kept_of(node);
}

std::vector<Flow> SimulatedAgent::make_flows(std::size_t flows, Nanos wall) {
  const MutexLock lock(traffic_mutex_);
  made_ += flows;
  return traffic_.next(flows, wall);
}

void SimulatedAgent::tell(std::size_t flows) {
  auto batch = std::make_shared<FlowBatch>();
  batch->time = clock_.wall();
  batch->flows = make_flows(flows, batch->time);
  feed_->tell(batch);
}

void SimulatedAgent::keep(std::size_t flows, SimulatedAgent& next) {
  const std::vector<Flow> made = make_flows(flows, clock_.wall());
  store(made);
  std::vector<Flow> halves;
  for (const Flow& flow : made) {
    if (!flow.dst_identity) continue;
    halves.push_back(flow);
    halves.back().id += kOthersIds;
  }
  if (&next != this && !halves.empty()) next.store(halves);
}

void SimulatedAgent::make_marked(std::uint16_t port) {
  std::vector<Flow> made = make_flows(1, clock_.wall());
  made.front().tuple.dst_port = port;
  made.front().dst_identity = nullptr;  // the next node does not see it
  store(made);
}

void SimulatedAgent::store(const std::vector<Flow>& flows) {
  auto batch = std::make_shared<HistoryBatch>();
  batch->node = node_;
  batch->flows.reserve(flows.size());
  for (const Flow& flow : flows) batch->flows.push_back(record_of(flow));
  store_->write(std::move(batch));
}

}  // namespace netprobe::test
