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

#include "abi/flow_abi.h"
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
      NP_LAYOUT(np_device_stats, ifindex, direction, packets, bytes, gso_extra_packets,
                gso_extra_bytes, unattributed, inner_packets, inner_unattributed, icmp_errors_lost,
                fast),
      NP_LAYOUT(np_device, dir),
      NP_LAYOUT(np_packet_stats, count, busy, reserved),
      NP_LAYOUT(np_clock, jiffies, ktime_ns, zero_ns),
      NP_LAYOUT(np_flow_config, set_mask, device_mask, hash_seed, replay, tunnels, vxlan_port,
                geneve_port, tick_ns, tunnel_stats),
      NP_LAYOUT(np_tunnel_key, outer_src_ip, outer_dst_ip, vni, ifindex, kind, direction, reserved),
      NP_LAYOUT(np_tunnel_stats, packets, bytes, last_seen, first_seen, fragments),
      NP_LAYOUT(np_tunnel_event, timestamp, outer_src_ip, outer_dst_ip, inner_src_ip, inner_dst_ip,
                vni, packet_len, ifindex, kind, direction, inner_proto, reserved),
  };
}

std::vector<Layout> xdp_abi() {
  return {
      NP_LAYOUT(np_xdp_stats, ifindex, reserved0, packets, bytes, dropped, fast, classes),
      NP_LAYOUT(np_xdp_prefix, length, ip),
      NP_LAYOUT(np_xdp_config, device_mask, tunnels, drop, fragmented_frames, vxlan_port,
                geneve_port),
  };
}

/// What each object file must agree with.
struct Object {
  const char* file;
  std::vector<Layout> layouts;
};

std::vector<Object> objects() {
  return {{NETPROBE_FLOW_OBJECT, abi()}, {NETPROBE_XDP_OBJECT, xdp_abi()}};
}

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};
using Btf = std::unique_ptr<btf, FreeBtf>;

void expect_alike(const Object& object) {
  const Btf types(btf__parse(object.file, nullptr));
  ASSERT_NE(types, nullptr) << "no BTF in " << object.file;
  for (const auto& layout : object.layouts) {
    SCOPED_TRACE(layout.name);
    const int id = btf__find_by_name_kind(types.get(), layout.name, BTF_KIND_STRUCT);
    EXPECT_GT(id, 0) << "not in the program's BTF";
    if (id <= 0) continue;
    const btf_type* type = btf__type_by_id(types.get(), static_cast<__u32>(id));
    EXPECT_EQ(type->size, layout.size);
    ASSERT_EQ(btf_vlen(type), layout.fields.size()) << "a field is missing in this test";
    const btf_member* members = btf_members(type);
    for (std::size_t i = 0; i < layout.fields.size(); ++i) {
      const Field& field = layout.fields[i];
      SCOPED_TRACE(field.name);
      EXPECT_EQ(btf__name_by_offset(types.get(), members[i].name_off), field.name);
      EXPECT_EQ(btf_member_bit_offset(type, static_cast<__u32>(i)), field.offset * 8);
      EXPECT_EQ(btf__resolve_size(types.get(), members[i].type), static_cast<__s64>(field.size));
    }
  }
}

TEST(BtfLayoutTest, BothCompilersLayStructsOutAlike) {
  for (const auto& object : objects()) expect_alike(object);
}

// Padding would be bytes that nobody wrote: kernel memory in user space, and
// keys that differ where their fields do not.
TEST(BtfLayoutTest, PaddingIsExplicit) {
  std::vector<Layout> all = abi();
  for (auto& layout : xdp_abi()) all.push_back(std::move(layout));
  for (const auto& layout : all) {
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
