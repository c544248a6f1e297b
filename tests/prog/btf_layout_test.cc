// SPDX-License-Identifier: Apache-2.0
// A struct that crosses the kernel boundary must lie in memory for the BPF
// compiler as it does for the C++ compiler. The BTF in the object file is what
// the one believed; offsetof is what the other does.
#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <boost/preprocessor/seq/for_each.hpp>
#include <boost/preprocessor/stringize.hpp>
#include <boost/preprocessor/variadic/to_seq.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "abi/block_abi.h"
#include "abi/drop_abi.h"
#include "abi/flow_abi.h"
#include "abi/name_abi.h"
#include "abi/netfilter_abi.h"
#include "abi/socket_abi.h"
#include "abi/tunnel_abi.h"
#include "abi/xdp_abi.h"

namespace {

struct Field {
  std::string name;
  std::size_t offset;
  std::size_t size;
};

struct Layout {
  const char* name;
  std::size_t size;
  std::vector<Field> fields;
};

// NP_LAYOUT(type, field, field, …): every field, in order.
#define NP_FIELD(r, type, member) \
  Field{BOOST_PP_STRINGIZE(member), offsetof(type, member), sizeof(type::member)},
#define NP_LAYOUT(type, ...)                                                       \
  Layout {                                                                         \
    #type, sizeof(type), {                                                         \
      BOOST_PP_SEQ_FOR_EACH(NP_FIELD, type, BOOST_PP_VARIADIC_TO_SEQ(__VA_ARGS__)) \
    }                                                                              \
  }

std::vector<Layout> xdp_abi() {
  return {
      NP_LAYOUT(np_xdp_stats, ifindex, reserved0, packets, bytes, dropped, fast, classes),
      NP_LAYOUT(np_xdp_config, device_mask, tunnels, fragmented_frames, filter_mask, filter_seed,
                vxlan_port, geneve_port),
      NP_LAYOUT(np_block_entry, expires_ns, generation, mode, length, reserved0, packets, bytes),
      NP_LAYOUT(np_block_prefix, length, ip),
      NP_LAYOUT(np_limit_key, ip, port, side),
      NP_LAYOUT(np_limit, expires_ns, full_ns, burst_ns, unit_ns_2_16, mode, per_byte, reserved0,
                over_packets, over_bytes, reserved1),
      NP_LAYOUT(np_block_control, first_test, half, feed_first, feed_last),
      NP_LAYOUT(np_block_sum, packets, bytes),
      NP_LAYOUT(np_block_stats, dropped, would, looked, allowed, clean, too_deep, contended,
                challenged, proven, reserved0),
  };
}

std::vector<Layout> drop_abi() {
  return {
      NP_LAYOUT(np_drop_tuple, src_ip, dst_ip, src_port, dst_port, proto, flags),
      NP_LAYOUT(np_drop_key, tuple, ethertype, location, reason, ifindex, netns, stack_id),
      NP_LAYOUT(np_drop_tunnel_key, outer, inner, tunnel, reserved0, vni, reserved1),
      NP_LAYOUT(np_drop_value, packets, bytes, first_ns, last_ns, interface),
      NP_LAYOUT(np_drop_place, location, reason, reserved0),
      NP_LAYOUT(np_drop_sum, packets, bytes),
      NP_LAYOUT(np_drop_cpu, enter, leave, drops, unplaced, local, stacks_lost, fence, reserved),
      NP_LAYOUT(np_drop_config, skip, skips, stacks, tunnels, vxlan_port, geneve_port),
      NP_LAYOUT(np_drop_active, table, full, tunnel_full),
  };
}

std::vector<Layout> kernel_name_abi() { return {NP_LAYOUT(np_kernel_name, address, name)}; }

std::vector<Layout> netfilter_abi() {
  return {
      NP_LAYOUT(np_netfilter_stats, packets_processed, packets_dropped, bytes_processed,
                packets_passed, hook_point, family, counting, reserved0, reserved1),
      NP_LAYOUT(np_netfilter_config, netns),
  };
}

std::vector<Layout> socket_abi() {
  return {
      NP_LAYOUT(np_owner, pid, tid, cgroup_id, comm, known_by, check),
      NP_LAYOUT(np_connection, id, cookie, opened_ns, handshake_ns, established_ns, closed_ns,
                bytes_sent, bytes_recv, base_sent, base_recv, owner, src_ip, dst_ip, src_port,
                dst_port, netns, protocol, role, state, flags, verdict, reserved0, error, srtt_us,
                min_rtt_us, rto_us, cwnd, retransmits, segments_sent, receive_drops, backlog,
                backlog_max, tick),
      NP_LAYOUT(socket_event, timestamp, event_type, pid, tid, reserved0, c),
      NP_LAYOUT(np_swept, key, c),
      NP_LAYOUT(np_udp_key, socket, dst_ip, pid, dst_port, reserved0),
      NP_LAYOUT(np_swept_udp, key, c),
      NP_LAYOUT(np_latency, count, sum_ns),
      NP_LAYOUT(np_socket_totals, connections, sent, recv, events, retransmits, ring_records,
                ring_full, map_full, udp_full, udp_missed, unseen, from_before, end_missed,
                failures, verdicts, rtt, handshake, last_id),
      NP_LAYOUT(np_socket_config, has_cookie, wake_at, tick_us, reserved0),
  };
}

std::vector<Layout> abi() {
  return {
      NP_LAYOUT(np_flow_key, src_ip, dst_ip, src_port, dst_port, proto, where, reserved0, ifindex,
                vni),
      NP_LAYOUT(np_flow_hot, id, packets, last, bytes_ttl_dscp),
      NP_LAYOUT(np_flow_cold, key, tcp_next_seq, hole_time, tcp_flags, state, tunnel, carries, icmp,
                reserved0, first_ns, seq, slot, retransmits, out_of_order, zero_windows, rsts,
                fragments, mpls_label, vlan, inner_vlan, syns, fins, reserved1, syn_ns, ack_ns,
                replay_last_ns, outer_src_ip, outer_dst_ip, reserved2),
      NP_LAYOUT(np_flow_record, hot, cold),
      NP_LAYOUT(np_flow_set, way),

      NP_LAYOUT(np_flow_event, type, reserved0, record),
      NP_LAYOUT(np_icmp_error, type, reserved0, quoted, reporter_ip, time_ns, icmp_type, icmp_code,
                reserved1, mtu),
      NP_LAYOUT(np_flow_marks, head, reserved, slot),
      NP_LAYOUT(np_device_stats, ifindex, direction, packets, bytes, fast, gso_extra_packets,
                gso_extra_bytes, unattributed, inner_packets, inner_unattributed, icmp_errors_lost),
      NP_LAYOUT(np_device, dir),
      NP_LAYOUT(np_packet_stats, count, busy, reserved),
      NP_LAYOUT(np_clock, jiffies, ktime_ns, zero_ns),
      NP_LAYOUT(np_flow_config, set_mask, device_mask, hash_seed, replay, tunnels, vxlan_port,
                geneve_port, tick_ns, tunnel_stats, names, tunnel_filter),
      NP_LAYOUT(np_tunnel_key, outer_src_ip, outer_dst_ip, vni, ifindex, kind, direction, reserved),
      NP_LAYOUT(np_tunnel_stats, packets, bytes, last_seen, first_seen, fragments),
      NP_LAYOUT(np_tunnel_event, timestamp, outer_src_ip, outer_dst_ip, inner_src_ip, inner_dst_ip,
                vni, packet_len, ifindex, kind, direction, inner_proto, reserved),
      NP_LAYOUT(np_name_head, timestamp, src_ip, dst_ip, ifindex, src_port, dst_port, vlan, length,
                captured, kind, direction),
      NP_LAYOUT(np_dns_event, head, data),
      NP_LAYOUT(np_neighbour_event, head, data),
      NP_LAYOUT(np_name_stats, seen, too_short, over_budget, ring_full, window, taken),
  };
}

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};
using Btf = std::unique_ptr<btf, FreeBtf>;

/// An object file and the structs that it shares with user space.
struct Object {
  const char* name;
  const char* file;
  std::vector<Layout> (*layouts)();
};

class BtfLayoutTest : public testing::TestWithParam<Object> {
 protected:
  void SetUp() override {
    types_.reset(btf__parse(GetParam().file, nullptr));
    ASSERT_NE(types_, nullptr) << "no BTF in " << GetParam().file;
  }
  Btf types_;
};
INSTANTIATE_TEST_SUITE_P(
    Objects, BtfLayoutTest,
    testing::Values(Object{"flow", NETPROBE_FLOW_OBJECT, abi},
                    Object{"xdp", NETPROBE_XDP_OBJECT, xdp_abi},
                    Object{"drop", NETPROBE_DROP_OBJECT, drop_abi},
                    Object{"kernel_name", NETPROBE_KERNEL_NAME_OBJECT, kernel_name_abi},
                    Object{"netfilter", NETPROBE_NETFILTER_OBJECT, netfilter_abi},
                    Object{"socket", NETPROBE_SOCKET_OBJECT, socket_abi}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_P(BtfLayoutTest, BothCompilersLayStructsOutAlike) {
  for (const auto& layout : GetParam().layouts()) {
    SCOPED_TRACE(layout.name);
    const int id = btf__find_by_name_kind(types_.get(), layout.name, BTF_KIND_STRUCT);
    EXPECT_GT(id, 0) << "not in the program's BTF";
    if (id <= 0) continue;
    const btf_type* type = btf__type_by_id(types_.get(), static_cast<__u32>(id));
    EXPECT_EQ(type->size, layout.size);
    ASSERT_EQ(btf_vlen(type), layout.fields.size()) << "a field is missing in this test";
    const btf_member* members = btf_members(type);
    for (std::size_t i = 0; i < layout.fields.size(); ++i) {
      const Field& field = layout.fields[i];
      SCOPED_TRACE(field.name);
      EXPECT_EQ(btf__name_by_offset(types_.get(), members[i].name_off), field.name);
      EXPECT_EQ(btf_member_bit_offset(type, static_cast<__u32>(i)), field.offset * 8);
      EXPECT_EQ(btf__resolve_size(types_.get(), members[i].type), static_cast<__s64>(field.size));
    }
  }
}

// Padding would be bytes that nobody wrote: kernel memory in user space, and
// keys that differ where their fields do not.
TEST_P(BtfLayoutTest, PaddingIsExplicit) {
  for (const auto& layout : GetParam().layouts()) {
    SCOPED_TRACE(layout.name);
    std::size_t end = 0;
    for (const auto& field : layout.fields) {
      EXPECT_EQ(field.offset, end) << "a gap before " << field.name;
      end = field.offset + field.size;
    }
    EXPECT_EQ(end, layout.size) << "a gap at the end";
  }
}

}  // namespace
