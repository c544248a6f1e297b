// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/netlink.h"
#include "base/result.h"
#include "model/netfilter.h"
#include "model/probe_status.h"
#include "probes/netfilter/nat_ledger.h"

namespace netprobe {

/// Hears of translated connections of this network namespace: a dump of the
/// table, then events; what events lost, a new dump finds. One thread; nothing
/// here waits for more than a few milliseconds.
class NatWatcher {
 public:
  /// Where the kernel sends no events (nf_conntrack_events=0), dumps alone.
  [[nodiscard]] static Result<NatWatcher> make(BoundedQueue<NatMapping>& out);

  /// Takes what is there; returns how many messages.
  std::size_t poll(Nanos now);

  [[nodiscard]] std::size_t known() const { return ledger_.size(); }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::string rung() const;
  [[nodiscard]] std::vector<LossCounter> lost() const;

  static constexpr std::size_t kMostKnown = 131'072;

 private:
  NatWatcher(BoundedQueue<NatMapping>& out, bool has_events);
  [[nodiscard]] Status listen();
  std::size_t read_events(Nanos now);
  std::size_t read_dump(Nanos now);
  void begin_dump(Nanos now);
  void finish_dump(Nanos now, bool whole);
  void take(const nlmsghdr* message, bool from_dump);
  [[nodiscard]] Nanos wait() const;

  NatLedger ledger_;
  bool has_events_;
  netlink::Socket events_;
  netlink::Socket dump_;
  std::vector<char> buffer_;
  bool dumping_ = false;
  bool dump_wanted_ = true;
  Nanos next_dump_ = 0;
  Nanos dump_spent_ = 0;
  Nanos window_began_ = 0;
  std::size_t window_events_ = 0;
  Nanos deaf_until_ = 0;  ///< too many events: not listening
  std::uint64_t messages_ = 0;
  std::uint64_t overruns_ = 0;
  std::uint64_t pauses_ = 0;
  std::uint64_t dump_failures_ = 0;
};

}  // namespace netprobe
