// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "model/detector.h"
#include "sketch/saved_state.h"

namespace netprobe::test {

/// What a detector makes of kept state that anybody may have written, and of forty records
/// after it. What it took it can keep and take again.
template <typename Made>
void try_saved_state(std::string_view state, const FlowRecord& like) {
  Made detector({.learning = 0, .seed = 1});
  const bool loaded = detector.load(state).has_value();
  for (Micros i = 0; i < 40; ++i) {
    FlowRecord record = like;
    record.time = record.first_seen = record.last_seen = 1'767'571'200'000'000 + i * 300'000'000;
    detector.on_flow(record);
  }
  detector.tick(0, [](Finding&&) {});
  if (!loaded) return;
  std::string again;
  detector.save(again);
  if (!detector.load(again)) std::abort();
}

/// The bytes as a file, and as a body under a right sum. `like`: the records.
template <typename Made>
void fuzz_saved_state(const unsigned char* data, std::size_t size, std::string_view name,
                      const FlowRecord& like) {
  try_saved_state<Made>({reinterpret_cast<const char*>(data), size}, like);
  std::string sealed;
  StateWriter writer(sealed, name, 1);
  writer.bytes(data, size);
  writer.finish();
  try_saved_state<Made>(sealed, like);
}

/// A TCP connection from 10.0.0.1 that was answered, each way as much.
[[nodiscard]] inline FlowRecord answered_record(const IpAddress& dst, std::uint16_t port,
                                                const Counters& each_way) {
  FlowRecord record;
  record.tuple = {.src = IpAddress::v4(0x0a000001),
                  .dst = dst,
                  .src_port = 40'000,
                  .dst_port = port,
                  .protocol = kProtoTcp};
  record.forward = record.reverse = each_way;
  record.tcp_flags = record.reverse_tcp_flags = kTcpSyn | kTcpAck;
  record.began = true;
  return record;
}

}  // namespace netprobe::test
