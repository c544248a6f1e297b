// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace netprobe::testing {

/// An HTTP server on loopback that gives prepared answers, one connection after
/// the other, and remembers what it was asked.
class FakeAgent {
 public:
  FakeAgent();
  ~FakeAgent();
  /// Answers requests for that path. `body` is sent as it stands and then the
  /// connection is closed, as at the end of a stream.
  void answer(const std::string& path, std::string body, int status = 200,
              const std::string& type = "application/json");
  /// The same for one target with its query, instead of the path's answer.
  void answer_target(const std::string& target, std::string body);
  [[nodiscard]] std::string url() const;
  /// What the newest request had for a body.
  [[nodiscard]] std::string last_body() const;
  /// What the newest request had before its body, from its method on.
  [[nodiscard]] std::string last_head() const;
  /// Targets in the order they came.
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  void serve();
  void serve_one(int connection);
  UniqueFd listener_;
  UniqueFd stop_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> answers_;  ///< whole responses by path or target
  std::vector<std::string> requests_;
  std::string body_;  ///< of the newest
  std::string head_;  ///< as well
  std::thread thread_;
};

}  // namespace netprobe::testing
