// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "abi/block_abi.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "bpf/mapped_array.h"
#include "bpf/object.h"

namespace netprobe {

/// The first test of the block stage, written in place: bpf/abi/block_abi.h. A
/// bit that was set is not taken out again; what was removed leaves packets
/// that are looked up in vain, until the filter is made anew. One thread.
class BlockFilter {
 public:
  /// `half_words`: of one half of block_filter, a power of two.
  [[nodiscard]] static Result<BlockFilter> make(const BpfObject& object, std::uint32_t half_words,
                                                std::uint64_t seed);

  /// Which of the two halves; both is for what comes while one is made anew.
  enum class Where { kBoth, kSpare };
  /// Sources: addresses and prefixes. To be called before the entry is there.
  void add_source(const IpPrefix& what, Where where);
  /// A limit's address: NP_TAG_TARGET or NP_TAG_SERVICE.
  void add_target(const IpAddress& address, np_block_tag tag, Where where);

  /// Empties the half that is not asked.
  void begin_anew();
  /// From now on that one is asked.
  void end_anew();
  /// What the program asks for at all: enum np_block_present. Grows by add_…,
  /// and starts from here where the filter was made anew.
  void pass_everything();

  [[nodiscard]] np_block_control& control() const { return control_[0]; }

 private:
  BlockFilter(MappedArray<std::uint64_t> filter, MappedArray<std::uint64_t> nets4,
              MappedArray<np_block_control> control, std::uint32_t half_words, std::uint64_t seed)
      : filter_(std::move(filter)),
        nets4_(std::move(nets4)),
        control_(std::move(control)),
        half_words_(half_words),
        seed_(seed) {}
  void set(std::uint64_t high, std::uint64_t low, np_block_tag tag, Where where);
  void set_nets4(std::uint32_t word, std::uint64_t bits, Where where);
  void set_net4(const IpPrefix& net, Where where);
  void set_net6(const IpPrefix& net, Where where);
  void present(np_block_present what, Where where);
  [[nodiscard]] std::uint32_t spare() const { return 1 - (control().half & 1); }

  MappedArray<std::uint64_t> filter_;
  MappedArray<std::uint64_t> nets4_;
  MappedArray<np_block_control> control_;
  std::uint32_t half_words_;
  std::uint64_t seed_;
  std::uint32_t spare_present_ = 0;
};

}  // namespace netprobe
