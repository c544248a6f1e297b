// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace netprobe::test {

/// A client of /api/stream: counts records, and how long each took from its time to here.
class StreamReader {
 public:
  explicit StreamReader(std::string url);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  /// Waits for the first word of the stream; false: it ended, or none came for long.
  [[nodiscard]] bool wait_until_open() const;
  [[nodiscard]] std::uint64_t records() const { return records_; }
  /// As the stream says it.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// Ends the stream; milliseconds, of each tenth record.
  [[nodiscard]] std::vector<double> end();

 private:
  void read();
  void take(std::string_view line);

  const std::string url_;
  std::atomic<std::uint64_t> records_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> open_{false};
  std::atomic<bool> ended_{false};
  std::vector<double> latencies_;
  std::thread thread_;
};

/// What a GET brings; zeros where it fails.
struct HttpSize {
  double bytes = 0;
  std::size_t lines = 0;
};
[[nodiscard]] HttpSize size_of(const std::string& url);

}  // namespace netprobe::test
