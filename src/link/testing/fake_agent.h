// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "link/agent_server.h"
#include "link/grpc_peer.h"

namespace netprobe::testing {

/// Readers of a feed, as Feed has them.
template <typename Feed, typename Handler>
class FakeReaders : public Feed {
 public:
  std::uint64_t subscribe(Handler handler) override {
    const std::lock_guard lock(mutex_);
    handlers_.emplace(++last_, std::move(handler));
    return last_;
  }
  void unsubscribe(std::uint64_t id) override {
    const std::lock_guard lock(mutex_);
    handlers_.erase(id);
  }
  [[nodiscard]] std::size_t subscribers() const {
    const std::lock_guard lock(mutex_);
    return handlers_.size();
  }

 protected:
  template <typename Batch>
  void hand_out(const Batch& batch) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, handler] : handlers_) handler(batch);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Handler> handlers_;
  std::uint64_t last_ = 0;
};

/// A feed whose batches a test makes.
class FakeFeed final : public FakeReaders<FlowFeed, FlowBatchHandler> {
 public:
  void send(std::vector<Flow> flows) {
    auto batch = std::make_shared<FlowBatch>();
    batch->time = SystemClock().wall();
    batch->flows = std::move(flows);
    hand_out(batch);
  }
};

/// Alerts that a test tells.
class FakeAlerts final : public FakeReaders<AlertFeed, AlertBatchHandler> {
 public:
  void tell(AlertEvent event) {
    auto batch = std::make_shared<HistoryBatch>();
    batch->alerts.push_back(std::move(event));
    hand_out(batch);
  }
};

/// Hands out one snapshot.
class FakeSnapshots final : public SnapshotSource {
 public:
  void request(Nanos /*max_age*/, bool /*with_flows*/,
               std::function<void(SnapshotPtr)> done) override {
    done(snapshot);
  }
  SnapshotPtr snapshot = std::make_shared<const Snapshot>();
};

/// Answers every query as the test says.
class FakeStore final : public HistoryStore {
 public:
  void write(HistoryBatchPtr /*batch*/) override {}
  void flush(Micros /*patience*/, std::function<void()> done) override { done(); }
  void query(QueryRequest request, QueryDone done) override { answer(std::move(request), done); }
  [[nodiscard]] HistoryStatus status() const override {
    HistoryStatus status;
    status.engine = "fake";
    return status;
  }
  void stop() override {}
  std::function<void(QueryRequest, QueryDone)> answer =
      [](const QueryRequest&, const QueryDone& d) { d(QueryAnswer{}); };
};

inline Flow make_flow(std::uint64_t id, std::uint64_t packets = 1) {
  Flow flow;
  flow.id = id;
  flow.tuple.src = *IpAddress::parse("10.1.0.1");
  flow.tuple.dst = *IpAddress::parse("fd00::2");
  flow.tuple.src_port = static_cast<std::uint16_t>(1024 + id % 60'000);
  flow.tuple.dst_port = 443;
  flow.tuple.protocol = kProtoTcp;
  flow.first_seen = flow.last_seen = SystemClock().wall();
  flow.forward = {packets, packets * 100};
  flow.direction = "intra-node";
  return flow;
}

/// An agent's server with made-up sources.
struct FakeAgent {
  explicit FakeAgent(LinkCredentialsPtr use, AgentServiceOptions options = {},
                     std::uint16_t port = 0, LiveHubOptions live = {})
      : credentials(std::move(use)) {
    if (options.node.empty()) options.node = "node-1";
    if (options.run_id.empty()) options.run_id = "run-1";
    options.version = "0.1.0";
    service = options;
    hub = std::move(live);
    start(port);
  }
  void start(std::uint16_t port) {
    AgentSources sources{.snapshots = snapshots,
                         .feed = feed,
                         .clock = clock,
                         .history = &store,
                         .live = nullptr,
                         .flush_history = nullptr,
                         .page = page,
                         .alerts = has_alerts ? &alerts : nullptr};
    auto made =
        AgentServer::make({"127.0.0.1", port}, *credentials, service, std::move(sources), hub);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
  }
  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(server->port());
  }

  SystemClock clock;
  FakeFeed feed;
  FakeAlerts alerts;
  bool has_alerts = true;
  FakeSnapshots snapshots;
  FakeStore store;
  std::function<void(std::string, std::string, std::function<void(PageAnswer)>)> page;
  LinkCredentialsPtr credentials;
  AgentServiceOptions service;
  LiveHubOptions hub;
  std::unique_ptr<AgentServer> server;
};

/// Waits until something holds, for as long as a slow machine may take.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::seconds patience = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// What a live stream brought. Thread-safe; outlives the test by whoever calls it.
class Received {
 public:
  void take(const LiveBatch& batch) {
    const std::lock_guard lock(mutex_);
    if (batch.now != 0) now_ = batch.now;
    lost_ += batch.lost;
    if (batch.window) windows_.push_back(batch.window);
    if (!batch.records) return;
    for (const FlowRecord& flow : batch.records->flows) ++flows_[flow.flow_id];
    records_ += batch.records->size();
  }
  [[nodiscard]] std::uint64_t records() const { return with(records_); }
  [[nodiscard]] std::uint64_t lost() const { return with(lost_); }
  [[nodiscard]] Micros now() const { return with(now_); }
  [[nodiscard]] std::map<std::uint64_t, int> flows() const { return with(flows_); }
  [[nodiscard]] std::vector<std::shared_ptr<const QueryAnswer>> windows() const {
    return with(windows_);
  }

 private:
  template <typename T>
  T with(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }
  mutable std::mutex mutex_;
  std::map<std::uint64_t, int> flows_;
  std::vector<std::shared_ptr<const QueryAnswer>> windows_;
  std::uint64_t records_ = 0;
  std::uint64_t lost_ = 0;
  Micros now_ = 0;
};

/// Options that make a test quick.
inline GrpcPeerOptions quick(const std::string& address) {
  return {.address = address,
          .name = "test",
          .version = "0.1.0",
          .protocol = {},
          .backoff_min = 20 * kMillisecond,
          .backoff_max = 200 * kMillisecond,
          .hello_every = 300 * kMillisecond,
          .cut_off = 500 * kMillisecond};
}

}  // namespace netprobe::testing
