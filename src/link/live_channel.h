// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "link/records_codec.h"
#include "model/snapshot.h"
#include "query/evaluate.h"
#include "query/flow_gains.h"
#include "query/live_window.h"

namespace netprobe {

/// The bytes of a LiveReply: those of `head`, then those of `body`, which many share.
struct LiveMessage {
  std::string head;
  std::shared_ptr<const std::string> body;  ///< null: none
};

/// Where a stream stands.
struct LivePlace {
  std::uint64_t sequence = 0;  ///< the last that was sent
  std::uint64_t records = 0;   ///< of the question's, sent or told as lost
  bool unknown = false;        ///< there are more, and nobody knows how many
  bool greeted = false;        ///< was told the run
  Nanos sent = 0;              ///< monotonic: the last message
};

/// One question for live flows or alerts: what is made for it, numbered, and kept for a while.
class LiveChannel {
 public:
  /// `run_id`: of this channel, whose numbers begin at 1.
  LiveChannel(std::string key, Query query, std::string node, std::string run_id, Nanos now);

  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] const std::string& run_id() const { return run_id_; }
  [[nodiscard]] RecordKind kind() const { return query_.kind; }

  // The hub's thread only.
  /// Takes flows; the messages that are ready by then come from finish().
  void add(const FlowBatch& batch);
  /// The same of alerts, where the question is of these.
  void add(const HistoryBatch& batch);
  /// Records that were lost before they came here; nobody knows whether they were asked
  /// for.
  void lose(std::uint64_t records) {
    if (window_)
      window_->miss(records);
    else
      lost_ += records;
  }
  /// Is there something to send, by time (monotonic) or number?
  [[nodiscard]] bool is_due(Nanos now, Nanos batch_time, std::size_t batch_records) const;
  struct Made {
    std::string bytes;  ///< of a LiveReply
    std::uint64_t records = 0;
  };
  /// Messages of what has come, numbered. `wall`: nothing older is missing.
  [[nodiscard]] std::vector<Made> make(Nanos wall);
  /// Windows that end by then.
  [[nodiscard]] std::vector<Made> make_windows(Nanos wall);

  // Under the hub's mutex.
  void keep(std::vector<Made> made, Nanos now);
  /// Forgets what is older than `since` (monotonic), or beyond so many bytes.
  void trim(Nanos since, std::size_t max_bytes);
  [[nodiscard]] LivePlace place_at_end() const;
  [[nodiscard]] LivePlace place_after(std::uint64_t sequence) const;
  [[nodiscard]] std::optional<LiveMessage> next(LivePlace& place, Nanos now, Nanos heartbeat) const;
  [[nodiscard]] std::size_t kept_bytes() const { return bytes_; }
  void set_mark(Nanos wall) { mark_ = wall; }

  std::size_t streams = 0;
  Nanos left = 0;  ///< monotonic: the last stream ended

 private:
  /// Flows whose gains are followed, of one question.
  static constexpr std::size_t kMostFlows = 262'144;
  void add_gain(const Flow& flow, Micros time);
  void close_window(Micros now);
  struct Sent {
    std::uint64_t sequence = 0;
    std::uint64_t records = 0;  ///< with all before it
    Nanos made = 0;             ///< monotonic
    std::shared_ptr<const std::string> bytes;
  };

  const std::string key_;
  const Query query_;
  const std::string run_id_;
  const RecordMatcher matcher_;
  RecordsEncoder encoder_;
  std::optional<LiveWindow> window_;  ///< of an aggregate
  FlowGains gains_{kMostFlows};
  std::vector<Made> windows_;  ///< steps that are over
  HistoryBatch pending_;
  boost::unordered_flat_map<std::uint64_t, std::size_t> positions_;  ///< in pending_, by flow
  std::uint64_t lost_ = 0;
  std::uint64_t made_sequence_ = 0;
  Nanos sent_ = 0;  ///< monotonic

  std::deque<Sent> kept_;
  /// Of those that are not kept any more: number, and records with all before it.
  std::deque<std::pair<std::uint64_t, std::uint64_t>> past_;
  std::uint64_t sequence_ = 0;
  std::uint64_t records_ = 0;
  std::size_t bytes_ = 0;
  Nanos mark_ = 0;  ///< wall: nothing older is missing
};
using LiveChannelPtr = std::shared_ptr<LiveChannel>;

}  // namespace netprobe
