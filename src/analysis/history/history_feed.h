// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/connection.h"
#include "model/drop.h"
#include "model/drop_growth.h"
#include "model/history.h"
#include "model/probe_status.h"
#include "model/workload.h"

namespace netprobe {

struct HistoryFeedOptions {
  std::string node;       ///< whose records they are
  Micros started_at = 0;  ///< of the agent: in the ids of batches
  /// How long a record waits, from its first packet, while more may be learned
  /// of its ends; 0: not at all.
  Nanos hold = 0;
  std::size_t max_waiting = 16'384;  ///< those beyond go with the names that they have
  std::size_t max_batch = 20'000;    ///< records
  Nanos batch_interval = kSecond;    ///< as long as records come
};

/// What completes records; on the thread of the feed.
struct HistoryNaming {
  /// Processes, round trip time, verdict of a flow.
  std::function<void(Flow&)> judge;
  /// Identities, service and direction; empty: there are no names.
  std::function<void(Flow&)> name;
  /// The name of an interface, also of one that just went away.
  std::function<std::string_view(std::uint32_t ifindex)> interface_name;
};

/// Turns what flows gained, connections that ended and packets that were dropped
/// into the records of history, and hands them on in batches. Each gain is in
/// one record, and each record in one batch. docs/history.md. One thread.
class HistoryFeed final : public FlowGrowthSink {
 public:
  using Write = std::function<void(HistoryBatchPtr)>;
  HistoryFeed(HistoryFeedOptions options, HistoryNaming naming, const Clock& clock, Write write);

  /// What flows gained until now is told from now on, until end_cut(): `at`
  /// (wall) is where those records end, and where the next ones begin.
  void begin_cut(Nanos at);
  void end_cut() { in_cut_ = false; }
  bool on_growth(const FlowGrowth& growth) override;
  void on_connection(const Connection& connection);
  /// Takes the newest state of all records of dropped packets.
  void on_drops(const DropReport& drops);

  /// Every cycle: names some of the records that wait, hands on what is due.
  void cycle();
  /// Hands on all records that do not wait; with `waiting`, these as well, with
  /// the names that they have.
  void hand_over(bool waiting);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  /// Records that did not wait for names, as too many others did.
  [[nodiscard]] std::uint64_t not_awaited() const { return not_awaited_; }
  /// What is in no record, for Snapshot::losses.
  [[nodiscard]] std::vector<LossCounter> losses() const;

 private:
  using Record = std::variant<FlowRecord, DropEvent, ConnectionEvent>;
  struct Waiting {
    Record record;
    std::string_view by_path;  ///< direction
    Nanos next = 0;            ///< monotonic: when it is looked at again
    Nanos until = 0;           ///< monotonic
  };
  /// When began what a flow gained that it is told of now?
  [[nodiscard]] Nanos begin_of(const FlowGrowth& growth) const;
  /// Names the record. False: more may be learned.
  bool name(RecordBase& record, Flow& flow) const;
  bool name_again(Waiting& waiting) const;
  /// Keeps it back if it is worth waiting.
  template <typename Kind>
  void keep_or_add(Kind& record, std::string_view by_path, bool named, Nanos first);
  void add(FlowRecord&& record);
  void add(DropEvent&& record);
  void add(ConnectionEvent&& record);
  void add(Waiting&& waiting);
  HistoryBatch& batch();
  void hand_over_if_full();

  const HistoryFeedOptions options_;
  const HistoryNaming naming_;
  const Clock& clock_;
  const Write write_;
  Nanos cut_ = 0;         ///< wall: where the records of the last one end
  Nanos cut_before_ = 0;  ///< of the one before
  bool in_cut_ = false;
  Nanos drops_cut_ = 0;  ///< wall: of the last report of drops
  DropGrowth drops_;
  std::uint64_t dropped_told_ = 0;
  std::uint64_t dropped_lost_ = 0;
  std::deque<Waiting> waiting_;
  std::shared_ptr<HistoryBatch> batch_;
  Nanos batch_began_ = 0;  ///< monotonic
  std::uint64_t batches_ = 0;
  std::size_t flows_before_ = 0;  ///< of the batches before
  std::uint64_t records_ = 0;
  std::uint64_t not_awaited_ = 0;
};

}  // namespace netprobe
