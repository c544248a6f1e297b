// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "support/netns.h"
#include "support/temp_dir.h"

namespace netprobe::bench {

/// A UDP socket whose packets are read and forgotten, on a thread of its own:
/// a queue that overflowed would be a load of dropped packets besides.
class Sink {
 public:
  /// Bound to `port` of all addresses; null where that fails.
  [[nodiscard]] static std::unique_ptr<Sink> make(const test::NetNamespace& ns, std::uint16_t port);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

 private:
  explicit Sink(UniqueFd socket);
  void read_all();
  UniqueFd socket_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// Two namespaces and a veth pair; whatever is sent to kFirstDestination and
/// after arrives at the sink. All goes with the object.
struct AgentLab {
  test::NetNamespace sender;
  test::NetNamespace watched;  ///< where the agent runs, at v1
  std::unique_ptr<Sink> sink;
};
inline constexpr std::uint32_t kFirstDestination = 0x0ac80000;  // 10.200.0.0/14
[[nodiscard]] std::optional<AgentLab> build_agent_lab();

/// How a load is sent: packets to `flows` destinations in turn.
struct Load {
  std::uint32_t flows = 1;
  std::uint64_t packets = 1;
  double packets_per_second = 1000;
};
struct Sent {
  std::uint64_t packets = 0;
  double seconds = 0;
  /// Of the sending thread, with all that the kernel did on its behalf: the
  /// way over the wire and the hooks on it.
  double cpu_seconds = 0;
};
/// Paced: behind its schedule it sends as fast as it can, never more at once
/// than a hundredth of a second's worth.
[[nodiscard]] Sent send(const AgentLab& lab, const Load& load);

/// Numbers of the agent's metrics page, summed over labels.
class Page {
 public:
  explicit Page(std::string text) : text_(std::move(text)) {}
  /// Of all samples whose name and labels contain both.
  [[nodiscard]] double sum(std::string_view name, std::string_view label = "") const;
  /// The same of absolute values.
  [[nodiscard]] double sum_of_absolutes(std::string_view name) const;
  /// Everything in netprobe_events_lost_total, as "stage/cause=n …".
  [[nodiscard]] std::string losses(double& total) const;

 private:
  std::string text_;
};

/// The agent in the watched namespace; stopped with the object.
class RunningAgent {
 public:
  /// From NETPROBE_BIN, or build/release. Waits until it serves.
  [[nodiscard]] static std::optional<RunningAgent> start(const AgentLab& lab,
                                                         std::vector<std::string> flags = {});
  [[nodiscard]] std::optional<Page> metrics() const;
  /// User and system time so far, by the kernel's clock of the process.
  [[nodiscard]] double cpu_seconds() const;
  [[nodiscard]] double resident_mib() const;

 private:
  RunningAgent(const AgentLab& lab, std::unique_ptr<test::TempDir> data, test::Process process)
      : lab_(&lab), data_(std::move(data)), process_(std::move(process)) {}
  const AgentLab* lab_;
  std::unique_ptr<test::TempDir> data_;  ///< its history; goes after it
  test::Process process_;
};

}  // namespace netprobe::bench
