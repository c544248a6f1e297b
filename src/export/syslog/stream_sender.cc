// SPDX-License-Identifier: Apache-2.0
#include "export/syslog/stream_sender.h"

#include <numeric>
#include <utility>
#include <vector>

namespace netprobe {
namespace {

// As long as a record of TLS.
constexpr std::size_t kPiece = 16U << 10U;
// Between looks at what is acknowledged: on a good network it is a matter of less.
constexpr Nanos kLeastPause = 100 * kMicrosecond;
constexpr Nanos kMostPause = 10 * kMillisecond;

struct Mark {
  std::uint64_t wire = 0;    ///< when the peer has so many bytes
  std::size_t messages = 0;  ///< it has so many messages
};

}  // namespace

SendOutcome syslog_outcome(const SyslogBatch& batch, std::size_t settled, std::string problem) {
  SendOutcome outcome;
  outcome.again.resize(batch.size() - settled);
  std::iota(outcome.again.begin(), outcome.again.end(), static_cast<std::uint32_t>(settled));
  if (settled > 0)
    outcome.bytes =
        static_cast<std::uint64_t>(batch.message(settled - 1).data() +
                                   batch.message(settled - 1).size() - batch.text().data());
  outcome.problem = std::move(problem);
  return outcome;
}

std::size_t SyslogStreamSender::push(const Patience& patience, std::string& problem) {
  const std::string_view text = batch_.text();
  std::vector<Mark> marks;
  std::size_t done = 0;
  while (done < text.size() && problem.empty()) {
    const auto count = channel_->write(text.substr(done, kPiece), patience);
    if (!count) {
      problem = count.error().message;
      break;
    }
    done += *count;
    marks.push_back({channel_->wire_bytes(), batch_.messages_in(done)});
  }
  const auto taken = [&] {
    const std::uint64_t acknowledged = channel_->acknowledged();
    std::size_t messages = 0;
    for (const Mark& mark : marks)
      if (mark.wire <= acknowledged) messages = mark.messages;
    return messages;
  };
  Nanos pause = kLeastPause;
  std::size_t settled = taken();
  while (settled < batch_.size() && problem.empty()) {
    if (patience.is_over()) {
      problem = "it does not acknowledge what it was sent";
    } else if (!channel_->is_open()) {
      problem = "it closed the connection";
    } else {
      patience.pause(pause);
      pause = std::min(2 * pause, kMostPause);
    }
    settled = taken();
  }
  return settled;
}

SendOutcome SyslogStreamSender::send(std::span<const RecordRef> records) {
  const Patience patience(clock_, clock_.monotonic() + target_.timeout, stopping_);
  // Who closed a connection meanwhile gets nothing through it any more.
  if (channel_ && !channel_->is_open()) channel_.reset();
  if (!channel_) {
    auto connected = connect_(target_, lookup_, patience);
    if (!connected) return SendOutcome::retry_all(records.size(), connected.error().message);
    channel_ = std::move(*connected);
  }
  batch_.render(records);
  std::string problem;
  const std::size_t settled = push(patience, problem);
  if (settled == batch_.size()) return syslog_outcome(batch_, settled, "");
  // There is half a message on its way: the next one begins on a new connection.
  channel_.reset();
  return syslog_outcome(batch_, settled,
                        target_.host + " port " + std::to_string(target_.port) + ": " + problem);
}

}  // namespace netprobe
