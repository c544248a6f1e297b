// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe::test {

/// DLT values of the pcap format.
enum class LinkType : std::uint32_t { kEthernet = 1, kRawIp = 101 };

/// Writes a capture file with nanosecond times.
class PcapWriter {
 public:
  [[nodiscard]] static Result<PcapWriter> create(const std::string& path,
                                                 LinkType link = LinkType::kEthernet,
                                                 std::uint32_t snaplen = 262'144);
  /// `wire_length` 0 means that all was captured.
  [[nodiscard]] Status add(std::span<const std::uint8_t> captured, Nanos time,
                           std::uint32_t wire_length = 0);
  /// Flushes and closes; further calls fail.
  [[nodiscard]] Status finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit PcapWriter(std::FILE* file) : file_(file) {}
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace netprobe::test
