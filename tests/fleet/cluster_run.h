// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe::test {

/// Many simulated agents in a process, a real netprobe-server in another, mutual TLS
/// between them, all on 127.0.0.1. Ends both with itself. One thread.
class ClusterRun {
 public:
  /// The programs are found as NETPROBE_BIN says, else beside this one. An error is one
  /// sentence, with what the program that failed wrote.
  [[nodiscard]] static Result<ClusterRun> start(std::size_t agents,
                                                const std::vector<std::string>& server_flags = {});

  /// An answer of the server's API; an error unless it is 200.
  [[nodiscard]] Result<boost::json::value> ask(const std::string& path) const;
  /// What /api/query says, whatever its status.
  [[nodiscard]] Result<boost::json::value> query(const std::string& text) const;
  /// Tells the fleet something: fleet/main.cc has the list.
  [[nodiscard]] Result<std::string> fleet(const std::string& path) const;

  /// Agents that the server says are ready, waited for until it is `count`.
  [[nodiscard]] Status wait_for_agents(std::size_t count) const;

  struct Counts {
    std::uint64_t made = 0;
    std::uint64_t told = 0;  ///< to live streams
    double cpu = 0;          ///< seconds of the fleet
  };
  [[nodiscard]] Counts counts() const;
  struct Kept {
    std::uint64_t all = 0;
    std::uint64_t between = 0;
  };
  /// By node: fleet/simulated_agent.h.
  [[nodiscard]] std::map<std::string, Kept> kept() const;

  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] double server_cpu() const;  ///< seconds
  [[nodiscard]] double server_mib() const;  ///< resident
  [[nodiscard]] std::string server_log() const { return server_->err(); }

 private:
  ClusterRun() = default;
  int fleet_port_ = 0;
  int server_port_ = 0;
  std::unique_ptr<TempDir> dir_;
  std::optional<Process> fleet_;
  std::optional<Process> server_;
};

}  // namespace netprobe::test
