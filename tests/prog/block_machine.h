// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <memory>
#include <optional>

#include "bpf/kernel.h"
#include "probes/xdp/block_plane.h"
#include "probes/xdp/xdp_counters.h"
#include "probes/xdp/xdp_programs.h"
#include "support/packet_builder.h"

namespace netprobe::test {

/// The XDP program with its block stage, and what tells it what to block.
class BlockMachine {
 public:
  explicit BlockMachine(const PlaneRoom& room = {}) {
    lift_memlock_limit();
    const auto kernel = probe_kernel();
    if (!kernel) return;
    auto programs = load_xdp_programs({.block = room}, *kernel);
    EXPECT_TRUE(programs) << (programs ? "" : programs.error().message);
    if (!programs) return;
    auto counters = XdpCounterTable::make(*programs);
    auto plane = XdpBlockPlane::make(*programs, room);
    EXPECT_TRUE(counters && plane);
    if (!counters || !plane) return;
    programs_.emplace(std::move(*programs));
    counters_.emplace(std::move(*counters));
    plane_ = std::move(*plane);
    EXPECT_TRUE(counters_->claim(1));  // loopback, which test runs see
  }
  [[nodiscard]] bool ready() const { return plane_ != nullptr; }
  XdpBlockPlane& plane() { return *plane_; }
  std::shared_ptr<XdpBlockPlane> shared_plane() { return plane_; }
  /// Is it dropped?
  bool drops(const Bytes& frame) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<__u32>(frame.size()));
    EXPECT_EQ(bpf_prog_test_run_opts(programs_->object.program_fd("netprobe_xdp"), &options), 0);
    return options.retval == XDP_DROP;
  }
  bool drops(const Packet& packet) { return drops(packet.bytes()); }
  [[nodiscard]] std::uint64_t dropped() const { return counters_->read(1).dropped; }
  /// To be attached to an interface, whose frames are counted from now on.
  [[nodiscard]] bpf_program* program_for(std::uint32_t ifindex) {
    EXPECT_TRUE(counters_->claim(ifindex));
    return programs_->object.program("netprobe_xdp");
  }

 private:
  std::optional<XdpPrograms> programs_;
  std::optional<XdpCounterTable> counters_;
  std::shared_ptr<XdpBlockPlane> plane_;
};

inline IpPrefix net(std::string_view text) {
  auto parsed = IpPrefix::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : IpPrefix{};
}

}  // namespace netprobe::test
