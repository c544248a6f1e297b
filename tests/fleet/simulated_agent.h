// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "cluster/scheduler.h"
#include "link/agent_server.h"
#include "link/credentials.h"
#include "query/evaluate.h"

namespace netprobe::test {

/// The flows of one made-up node: pods of its own talk to pods of the next node and to
/// outside. The same in every run but for the times.
class SimulatedTraffic {
 public:
  SimulatedTraffic(std::size_t node, std::size_t nodes);
  /// New flows that began and were last seen at `wall`; each has `packets()` packets. Three
  /// of four go to the next node.
  [[nodiscard]] std::vector<Flow> next(std::size_t flows, Nanos wall);
  [[nodiscard]] static constexpr std::uint64_t packets() { return 3; }
  [[nodiscard]] const std::string& node() const { return node_; }
  /// Sums by pairs of workloads, as an agent would have after so many flows.
  [[nodiscard]] WorkloadReport report(std::uint64_t flows) const;

 private:
  struct Pod {
    IdentityPtr identity;
    IpAddress address;
  };
  static Pod make_pod(std::size_t node, std::size_t number);

  std::string node_;
  std::vector<Pod> pods_;
  std::vector<Pod> others_;  ///< of the next node
  IpAddress outside_;
  std::uint64_t made_ = 0;
};

/// An agent as the cluster's server sees it: the real gRPC service over flows that are
/// made up, and the newest of their records in memory to answer queries from. Counts what
/// it made, so that whoever asks can be checked. Any thread.
class SimulatedAgent {
 public:
  struct Options {
    std::size_t number = 0;  ///< from 0; its node is "node-NNNN"
    std::size_t nodes = 1;
    Nanos keep = 5 * kSecond;  ///< records, for queries
  };
  /// Both outlive it. `scheduler`: where queries are worked out.
  SimulatedAgent(Options options, LinkCredentialsPtr credentials, Scheduler& scheduler);
  ~SimulatedAgent();
  SimulatedAgent(const SimulatedAgent&) = delete;
  SimulatedAgent& operator=(const SimulatedAgent&) = delete;

  void set_port(std::uint16_t port) { port_ = port; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Listens; again after stop(). What it kept stays, as history does over a restart.
  [[nodiscard]] Status start();
  /// As a process that was killed: connections end, nobody listens.
  void stop();
  /// Answers to queries are held for so long from now on.
  void delay_answers(Nanos delay) { delay_ = delay; }
  /// Makes flows and tells them to live streams.
  void tell(std::size_t flows);
  /// Makes flows and keeps them for queries; and so does `next`, which sees the other half
  /// of those that go there. No live stream is told.
  void keep(std::size_t flows, SimulatedAgent& next);
  /// Makes one flow to this port, which no other goes to.
  void make_marked(std::uint16_t port);

  /// Somebody has a live stream from it.
  [[nodiscard]] bool has_listener() const;
  /// Flows that began here since the start, and of them those told to a live stream.
  [[nodiscard]] std::uint64_t made() const { return made_; }
  [[nodiscard]] std::uint64_t told() const;
  /// Records that are kept of flows that began at this node.
  [[nodiscard]] std::uint64_t kept_of(const std::string& node) const;
  [[nodiscard]] const std::string& node() const { return node_; }

 private:
  class Feed;
  class Snapshots;
  class Store;
  [[nodiscard]] std::vector<Flow> make_flows(std::size_t flows, Nanos wall);
  void store(const std::vector<Flow>& flows);

  const Options options_;
  const std::string node_;
  const LinkCredentialsPtr credentials_;
  const SystemClock clock_;
  std::atomic<Nanos> delay_{0};
  std::atomic<std::uint64_t> made_{0};
  Mutex traffic_mutex_;
  SimulatedTraffic traffic_ NETPROBE_GUARDED_BY(traffic_mutex_);
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<Snapshots> snapshots_;
  std::unique_ptr<Store> store_;
  std::uint16_t port_ = 0;
  std::size_t starts_ = 0;
  std::unique_ptr<AgentServer> server_;
};

}  // namespace netprobe::test
