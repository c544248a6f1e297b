// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/cache_reader.h"

#include <bpf/bpf.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "base/zeroed_array.h"
#include "probes/flow/decode.h"

namespace netprobe {
namespace {

/// What was read of a slot's occupant so far; all zero: nothing.
struct Seen {
  std::uint32_t seq = 0;
  bool ended = false;  ///< its last record came through the ring
  FlowHandle handle = 0;
  std::uint64_t bytes = 0;
  std::uint32_t packets = 0;
  std::uint32_t syns = 0;
  std::uint32_t fins = 0;
  std::uint32_t rsts = 0;
  std::uint32_t retransmits = 0;
  std::uint32_t out_of_order = 0;
  std::uint32_t zero_windows = 0;
  std::uint32_t fragments = 0;
};

template <typename T>
T load(const T& from) {
  return __atomic_load_n(&from, __ATOMIC_RELAXED);
}

template <typename T>
T load_acquire(const T& from) {
  return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
}

/// a was written after b: sequence numbers wrap.
bool newer(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) > 0; }

}  // namespace

class CacheReader::Impl {
 public:
  Impl(const FlowPrograms& programs, MappedArray<np_flow_set> sets,
       MappedArray<np_flow_details> details, MappedArray<np_flow_marks> marks,
       MappedArray<np_clock> clock)
      : cpus_(programs.cpus),
        sets_per_cpu_(programs.sets_per_cpu),
        sets_(std::move(sets)),
        details_(std::move(details)),
        marks_(std::move(marks)),
        seen_(sets_.size() * NP_FLOW_WAYS),
        mark_tail_(cpus_, 0),
        clock_(std::move(clock)),
        clock_program_(programs.object.program_fd("netprobe_tc_clock")) {
    anchor_.tick = programs.tick_ns;
    // Before the first packet: programs make times of jiffies by it.
    read_clock();
  }

  Status open_ring(int map_fd) {
    auto ring =
        RingReader::make(map_fd, [this](std::span<const std::byte> record) { on_record(record); });
    if (!ring) return std::unexpected(ring.error());
    ring_ = std::move(*ring);
    return {};
  }

  [[nodiscard]] int fd() const { return ring_->fd(); }
  [[nodiscard]] const Stats& stats() const { return stats_; }

  void poll(FlowSink& sink) {
    sink_ = &sink;
    if (anchor_.jiffies == 0) read_clock();
    ring_->drain();
    const std::size_t errors = icmp_errors_.size();
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) poll_marks(cpu);
    finish_deferred();
    hand_on_errors(errors);
    sink_ = nullptr;
  }

  void sweep(FlowSink& sink) {
    sink_ = &sink;
    read_clock();
    ring_->drain();
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      mark_tail_[cpu] = load_acquire(marks_[cpu].head);
      sweep_cpu(cpu);
    }
    finish_deferred();
    hand_on_errors(icmp_errors_.size());
    sink_ = nullptr;
  }

 private:
  /// Jiffies have no meaning outside the kernel: a program that is run here
  /// and now says what they are.
  void read_clock() {
    if (clock_program_ < 0) return;
    std::array<std::uint8_t, 14> frame{};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_size_in = frame.size());
    if (bpf_prog_test_run_opts(clock_program_, &options) != 0) return;
    anchor_.jiffies = clock_[0].jiffies;
    anchor_.monotonic = static_cast<Nanos>(clock_[0].ktime_ns);
  }

  void sweep_cpu(std::uint32_t cpu) {
    const std::size_t first = static_cast<std::size_t>(cpu) * sets_per_cpu_;
    for (std::size_t set = first; set < first + sets_per_cpu_; ++set) {
      for (std::size_t way = 0; way < NP_FLOW_WAYS; ++way)
        if (load(sets_[set].way[way].id[1]) != 0) look_at(set * NP_FLOW_WAYS + way);
    }
  }

  void poll_marks(std::uint32_t cpu) {
    const np_flow_marks& log = marks_[cpu];
    const std::uint32_t head = load_acquire(log.head);
    std::uint32_t& tail = mark_tail_[cpu];
    if (head == tail) return;
    // Half the log is the margin for a writer that goes on meanwhile.
    if (head - tail > NP_MARK_LOG_SIZE / 2) {
      ++stats_.mark_overruns;
      tail = head;
      sweep_cpu(cpu);
      return;
    }
    for (; tail != head; ++tail) {
      const std::uint32_t slot = load(log.slot[tail % NP_MARK_LOG_SIZE]);
      if (slot < seen_.size()) look_at(slot);
    }
  }

  void look_at(std::size_t slot) {
    const std::size_t way = slot % NP_FLOW_WAYS;
    const np_flow_details& details = details_[slot / NP_FLOW_WAYS];
    const np_flow_hot& hot = sets_[slot / NP_FLOW_WAYS].way[way];
    Seen& seen = seen_[slot];
    const std::uint32_t seq = load_acquire(details.seq[way]);
    if (seq == seen.seq && (seen.ended || load(hot.packets) == seen.packets)) return;
    np_flow_record copy;
    if (!read(hot, details, way, seq, copy)) {
      ++stats_.torn_reads;  // its mark, or the next sweep, brings us back
      return;
    }
    if (seq != seen.seq && seen.seq != 0 && !seen.ended) {
      deferred_.push_back({slot, copy});
      return;
    }
    hand_on(copy, seen);
  }

  /// A consistent copy, or false where the slot changes hands right now.
  static bool read(const np_flow_hot& hot, const np_flow_details& details, std::size_t way,
                   std::uint32_t seq, np_flow_record& copy) {
    if (seq == 0 || (seq & 1) != 0) return false;
    std::memcpy(&copy.hot, &hot, sizeof(copy.hot));
    std::memcpy(&copy.cold, &details.way[way], sizeof(copy.cold));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return load(details.seq[way]) == seq && copy.cold.seq == seq;
  }

  /// Slots with a new occupant whose predecessor's last record is still in the
  /// ring: read that first, then them.
  void finish_deferred() {
    if (deferred_.empty()) return;
    ring_->drain();
    for (const auto& [slot, copy] : deferred_) {
      Seen& seen = seen_[slot];
      // It may have ended as well by now: then its last record covered it.
      if (newer(copy.cold.seq, seen.seq) || (copy.cold.seq == seen.seq && !seen.ended))
        hand_on(copy, seen);
    }
    deferred_.clear();
  }

  /// An error is in the ring before the flow that it is about, which may be a
  /// newcomer, was looked at: first the flows, then the `count` errors that
  /// were read before them.
  void hand_on_errors(std::size_t count) {
    const auto end = icmp_errors_.begin() + static_cast<std::ptrdiff_t>(count);
    for (auto error = icmp_errors_.begin(); error != end; ++error) sink_->on_icmp_error(*error);
    icmp_errors_.erase(icmp_errors_.begin(), end);
  }

  void on_record(std::span<const std::byte> bytes) {
    std::uint32_t type = 0;
    if (bytes.size() >= sizeof(type)) std::memcpy(&type, bytes.data(), sizeof(type));
    if (type == NP_EVENT_FLOW && bytes.size() >= sizeof(np_flow_event)) {
      np_flow_record record;
      std::memcpy(&record, bytes.data() + offsetof(np_flow_event, record), sizeof(record));
      if (record.cold.slot < seen_.size()) {
        ++stats_.evictions;
        Seen& seen = seen_[record.cold.slot];
        if (newer(seen.seq, record.cold.seq)) {
          // It came and went between two looks, and its successor was seen
          // before its record: nothing of it was counted yet.
          Seen unseen;
          hand_on(record, unseen);
          return;
        }
        hand_on(record, seen);
        seen.ended = true;
        return;
      }
    } else if (type == NP_EVENT_ICMP_ERROR && bytes.size() >= sizeof(np_icmp_error)) {
      np_icmp_error event;
      std::memcpy(&event, bytes.data(), sizeof(event));
      icmp_errors_.push_back(decode_icmp_error(event));
      return;
    }
    ++stats_.bad_records;
  }

  /// Hands on what the record has beyond what was seen of this occupant.
  void hand_on(const np_flow_record& r, Seen& seen) {
    const np_flow_cold& cold = r.cold;
    if (cold.seq != seen.seq) seen = Seen{.seq = cold.seq};
    if (r.hot.packets == seen.packets) return;
    FlowDelta delta;
    decode_record(r, anchor_, delta);
    // Counters wrap: the difference is taken in their 32 and 48 bits.
    delta.counters = {static_cast<std::uint32_t>(r.hot.packets - seen.packets),
                      (r.hot.bytes_ttl_dscp - seen.bytes) & NP_HOT_BYTES_MASK};
    seen.packets = r.hot.packets;
    seen.bytes = r.hot.bytes_ttl_dscp & NP_HOT_BYTES_MASK;
    const auto advance = [](std::uint32_t& last, std::uint32_t now) {
      return now - std::exchange(last, now);
    };
    delta.syns = advance(seen.syns, cold.syns);
    delta.fins = advance(seen.fins, cold.fins);
    delta.rsts = advance(seen.rsts, cold.rsts);
    delta.retransmits = advance(seen.retransmits, cold.retransmits);
    delta.out_of_order = advance(seen.out_of_order, cold.out_of_order);
    delta.zero_windows = advance(seen.zero_windows, cold.zero_windows);
    delta.fragments = advance(seen.fragments, cold.fragments);
    ++stats_.records;
    sink_->on_flow(delta, seen.handle);
  }

  struct Deferred {
    std::size_t slot;
    np_flow_record copy;
  };

  std::uint32_t cpus_;
  std::size_t sets_per_cpu_;
  MappedArray<np_flow_set> sets_;
  MappedArray<np_flow_details> details_;
  MappedArray<np_flow_marks> marks_;
  ZeroedArray<Seen> seen_;
  std::vector<std::uint32_t> mark_tail_;
  std::vector<Deferred> deferred_;
  std::vector<IcmpErrorEvent> icmp_errors_;
  std::optional<RingReader> ring_;
  FlowSink* sink_ = nullptr;
  MappedArray<np_clock> clock_;
  int clock_program_;
  ClockAnchor anchor_;
  Stats stats_;
};

CacheReader::CacheReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CacheReader::CacheReader(CacheReader&&) noexcept = default;
CacheReader& CacheReader::operator=(CacheReader&&) noexcept = default;
CacheReader::~CacheReader() = default;

Result<CacheReader> CacheReader::make(const FlowPrograms& programs) {
  auto sets = MappedArray<np_flow_set>::make(
      programs.object.map_fd("flow_stats"),
      static_cast<std::size_t>(programs.sets_per_cpu) * programs.cpus);
  if (!sets) return std::unexpected(sets.error());
  auto details = MappedArray<np_flow_details>::make(
      programs.object.map_fd("flow_details"),
      static_cast<std::size_t>(programs.sets_per_cpu) * programs.cpus);
  if (!details) return std::unexpected(details.error());
  auto marks =
      MappedArray<np_flow_marks>::make(programs.object.map_fd("flow_marks"), programs.cpus);
  if (!marks) return std::unexpected(marks.error());
  auto clock = MappedArray<np_clock>::make(programs.object.map_fd(".data.clock"), 1);
  if (!clock) return std::unexpected(clock.error());
  auto impl = std::make_unique<Impl>(programs, std::move(*sets), std::move(*details),
                                     std::move(*marks), std::move(*clock));
  if (auto s = impl->open_ring(programs.object.map_fd("network_events")); !s)
    return std::unexpected(s.error());
  return CacheReader(std::move(impl));
}

int CacheReader::fd() const { return impl_->fd(); }
void CacheReader::poll(FlowSink& sink) { impl_->poll(sink); }
void CacheReader::sweep(FlowSink& sink) { impl_->sweep(sink); }
const CacheReader::Stats& CacheReader::stats() const { return impl_->stats(); }

}  // namespace netprobe
