// SPDX-License-Identifier: Apache-2.0
#include "detect/exhaustion/slow_connection.h"

#include <algorithm>
#include <limits>

namespace netprobe {
namespace {

constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kHeadersV4 = 20 + 32;
constexpr std::uint64_t kHeadersV6 = 40 + 32;
// SYN and SYN-ACK have options that others have not.
constexpr std::uint64_t kSynOptions = 12;
// Reading is looked at over so many seconds; a window that was closed before so many is
// open.
constexpr std::uint32_t kReadSeconds = 5;
constexpr std::uint32_t kWindowSeconds = 30;
// More than any option asks for.
constexpr std::uint8_t kMostDrips = 255;
// What the client says in its first seconds is its request.
constexpr std::uint32_t kBeginning = 2;
// Who stopped dripping is cut off by itself, or waits.
constexpr std::uint32_t kDripping = 120;

std::uint64_t payload_of(const Counters& gained, std::uint64_t headers, bool began) {
  const std::uint64_t without = began ? kSynOptions : 0;
  if (gained.packets > gained.bytes / headers) return 0;
  const std::uint64_t payload = gained.bytes - gained.packets * headers;
  return payload > without ? payload - without : 0;
}

std::uint32_t since(std::uint32_t now, std::uint32_t then) { return now > then ? now - then : 0; }

std::uint32_t sum(std::uint32_t a, std::uint64_t b) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(kMost, a + std::min<std::uint64_t>(b, kMost)));
}

}  // namespace

std::uint32_t to_seconds(Micros time) {
  return static_cast<std::uint32_t>(std::clamp<Micros>(time / 1'000'000, 0, kMost));
}

SlowConnection::SlowConnection(const FlowRecord& record)
    : client_(record.tuple.src),
      server_(record.tuple.dst),
      client_port_(record.tuple.src_port),
      server_port_(record.tuple.dst_port),
      opened_(to_seconds(record.last_seen)),
      last_answer_(opened_),
      newest_(opened_),
      read_from_(opened_),
      client_identity_(record.src),
      server_identity_(record.service ? record.service : record.dst) {}

void SlowConnection::on_client(std::uint64_t payload, std::uint32_t at,
                               const ExhaustionOptions& options) {
  if (payload == 0) return;
  asked_ = true;
  if (since(at, opened_) < kBeginning) return;
  if (payload > options.drip_bytes) {
    drips_ = 0;  // that is a request, or an upload
    return;
  }
  if (drips_ < kMostDrips) ++drips_;
  last_drip_ = at;
}

void SlowConnection::on_server(std::uint64_t payload, std::uint32_t at) {
  if (payload == 0) return;
  answered_ = true;
  read_ = sum(read_, payload);
  last_answer_ = at;
  drips_ = 0;
}

void SlowConnection::add(const FlowRecord& record, const ExhaustionOptions& options) {
  const std::uint32_t at = to_seconds(record.last_seen);
  newest_ = std::max(newest_, at);
  packets_ = sum(packets_, record.forward.packets);
  packets_ = sum(packets_, record.reverse.packets);
  bytes_ += record.forward.bytes + record.reverse.bytes;
  if (record.client_trouble.zero_windows > 0) closed_window_ = at;
  const std::uint64_t headers = record.tuple.src.is_v4() ? kHeadersV4 : kHeadersV6;
  on_client(payload_of(record.forward, headers, record.began), at, options);
  on_server(payload_of(record.reverse, headers, record.began), at);
}

SlowKind SlowConnection::look(std::uint32_t now, const ExhaustionOptions& options) {
  if (const std::uint32_t seconds = since(now, read_from_); seconds >= kReadSeconds) {
    const bool closed = closed_window_ != 0 && since(now, closed_window_) <= kWindowSeconds;
    slow_read_ = closed && read_ / seconds < options.slow_read_bytes_per_second;
    read_ = 0;
    read_from_ = now;
  } else if (now < read_from_) {
    read_from_ = now;  // the clock was set
  }
  if (slow_read_) return SlowKind::kSlowRead;
  if (since(now, last_answer_) < options.silent_seconds) return SlowKind::kNone;
  if (drips_ >= (answered_ ? options.drips : 1) && since(now, last_drip_) <= kDripping)
    return SlowKind::kSlowRequest;
  if (answered_ && asked_) return SlowKind::kNone;
  const std::uint32_t most = asked_ ? options.waiting_seconds : options.silent_seconds;
  return since(now, opened_) >= most ? SlowKind::kUnused : SlowKind::kNone;
}

}  // namespace netprobe
