// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "abi/block_abi.h"
#include "base/mutex.h"
#include "base/unique_fd.h"
#include "bpf/mapped_array.h"
#include "model/block.h"
#include "probes/xdp/block_filter.h"
#include "probes/xdp/xdp_programs.h"

namespace netprobe {

/// Blocks and limits in the maps of the XDP program: docs/response.md. It has
/// its own references to the maps, so it may outlive the program.
class XdpBlockPlane final : public BlockPlane {
 public:
  /// `programs` were loaded with `room`.
  [[nodiscard]] static Result<std::shared_ptr<XdpBlockPlane>> make(const XdpPrograms& programs,
                                                                   const PlaneRoom& room);

  [[nodiscard]] Status put(const PlaneBlock& block) override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] Status remove(const IpPrefix& what) override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<PlaneBlock> blocks() const override;
  [[nodiscard]] Status allow(std::span<const IpPrefix> networks) override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] Status load_feed(std::span<const IpPrefix> networks, BlockMode mode,
                                 Nanos lasting) override NETPROBE_EXCLUDES(mutex_, feed_mutex_);
  void drop_feed() override NETPROBE_EXCLUDES(mutex_, feed_mutex_);
  [[nodiscard]] bool in_feed(const IpPrefix& what) const override;
  [[nodiscard]] Status put(const PlaneLimit& limit) override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] Status remove_limit(const PlaneLimit& limit) override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<PlaneLimit> limits() const override;
  [[nodiscard]] Status clear() override NETPROBE_EXCLUDES(mutex_, feed_mutex_);
  void tidy() override NETPROBE_EXCLUDES(mutex_, feed_mutex_);
  [[nodiscard]] PlaneCounters counters() const override;
  [[nodiscard]] PlaneRoom room() const override { return room_; }

  /// Makes the filter anew now, as tidy() does when it has seen enough removed.
  void make_filter_anew() NETPROBE_EXCLUDES(mutex_, feed_mutex_);

 private:
  struct Maps {
    UniqueFd allow, blocklist, blocknets, feed, feednets, limits;
  };
  XdpBlockPlane(Maps maps, BlockFilter filter, MappedArray<np_block_stats> stats, PlaneRoom room,
                std::uint32_t cpus)
      : maps_(std::move(maps)),
        filter_(std::move(filter)),
        stats_(std::move(stats)),
        room_(room),
        cpus_(cpus) {}

  [[nodiscard]] Status load_batches(std::span<const IpPrefix> networks, bool addresses,
                                    const np_block_entry& entry) NETPROBE_REQUIRES(feed_mutex_)
      NETPROBE_EXCLUDES(mutex_);
  /// Removes what counts no more from the feed's maps, up to `most` batches.
  /// False: there may be more.
  bool sweep_feed(std::size_t most) NETPROBE_REQUIRES(feed_mutex_);
  void add_limit(const PlaneLimit& limit, BlockFilter::Where where) NETPROBE_REQUIRES(mutex_);
  void make_anew_locked() NETPROBE_REQUIRES(feed_mutex_) NETPROBE_EXCLUDES(mutex_);

  const Maps maps_;
  mutable Mutex feed_mutex_;  ///< held while a feed changes; before mutex_
  mutable Mutex mutex_;
  BlockFilter filter_ NETPROBE_GUARDED_BY(mutex_);
  const MappedArray<np_block_stats> stats_;
  const PlaneRoom room_;
  const std::uint32_t cpus_;
  std::set<IpPrefix> allowed_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t removed_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< since the filter was made
  std::uint32_t generation_ NETPROBE_GUARDED_BY(feed_mutex_) = 0;
  bool feed_to_sweep_ NETPROBE_GUARDED_BY(feed_mutex_) = false;
};

}  // namespace netprobe
