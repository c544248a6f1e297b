// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "abi/flow_abi.h"
#include "base/result.h"
#include "bpf/mapped_array.h"
#include "bpf/ring_reader.h"
#include "model/flow_delta.h"
#include "probes/flow/flow_programs.h"

namespace netprobe {

/// Reads the flow cache out of mapped memory and the records that were pushed
/// out of it from the ring, and hands on what is new since it looked last.
///
/// Each occupant of a slot has its own sequence number; the reader remembers
/// per slot whose counters it read last, and how far they were. An occupant
/// ends with a record in the ring, which the program sends before it gives the
/// slot away: so whoever sees a new occupant finds the old one's last record
/// in the ring, and nothing is counted twice or not at all. One thread.
class CacheReader {
 public:
  [[nodiscard]] static Result<CacheReader> make(const FlowPrograms& programs);
  CacheReader(CacheReader&&) noexcept;
  CacheReader& operator=(CacheReader&&) noexcept;
  ~CacheReader();

  /// Readable when the ring is filling up.
  [[nodiscard]] int fd() const;
  /// The ring, and the slots that the programs marked: cheap, call often.
  void poll(FlowSink& sink);
  /// Every slot.
  void sweep(FlowSink& sink);

  struct Stats {
    std::uint64_t records = 0;        ///< handed on
    std::uint64_t evictions = 0;      ///< of those, from the ring
    std::uint64_t torn_reads = 0;     ///< slots that changed while being read; read again later
    std::uint64_t mark_overruns = 0;  ///< a log ran over; its CPU was swept instead
    std::uint64_t bad_records = 0;    ///< of a type or size that nobody knows
  };
  [[nodiscard]] const Stats& stats() const;

 private:
  class Impl;
  explicit CacheReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
