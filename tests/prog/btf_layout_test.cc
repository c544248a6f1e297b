// SPDX-License-Identifier: Apache-2.0
// A struct that crosses the kernel boundary must lie in memory for the BPF
// compiler as it does for the C++ compiler. The BTF in the object file is what
// the one believed; offsetof is what the other does.
#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "abi/flow_abi.h"

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

#define NP_FIELD(type, member) \
  Field { #member, offsetof(type, member), sizeof(type::member) }

std::vector<Layout> abi() {
  return {
      {"np_flow_key",
       sizeof(np_flow_key),
       {NP_FIELD(np_flow_key, src_ip), NP_FIELD(np_flow_key, dst_ip),
        NP_FIELD(np_flow_key, src_port), NP_FIELD(np_flow_key, dst_port),
        NP_FIELD(np_flow_key, proto), NP_FIELD(np_flow_key, direction),
        NP_FIELD(np_flow_key, depth), NP_FIELD(np_flow_key, flags), NP_FIELD(np_flow_key, ifindex),
        NP_FIELD(np_flow_key, vni)}},
      {"np_flow_record",
       sizeof(np_flow_record),
       {NP_FIELD(np_flow_record, type),         NP_FIELD(np_flow_record, seq),
        NP_FIELD(np_flow_record, key),          NP_FIELD(np_flow_record, packets),
        NP_FIELD(np_flow_record, bytes),        NP_FIELD(np_flow_record, last_ns),
        NP_FIELD(np_flow_record, first_ns),     NP_FIELD(np_flow_record, slot),
        NP_FIELD(np_flow_record, tcp_next_seq), NP_FIELD(np_flow_record, retransmits),
        NP_FIELD(np_flow_record, out_of_order), NP_FIELD(np_flow_record, zero_windows),
        NP_FIELD(np_flow_record, mpls_label),   NP_FIELD(np_flow_record, vlan),
        NP_FIELD(np_flow_record, inner_vlan),   NP_FIELD(np_flow_record, tcp_flags),
        NP_FIELD(np_flow_record, min_ttl),      NP_FIELD(np_flow_record, dscp),
        NP_FIELD(np_flow_record, tunnel),       NP_FIELD(np_flow_record, icmp),
        NP_FIELD(np_flow_record, state),        NP_FIELD(np_flow_record, carries),
        NP_FIELD(np_flow_record, rsts),         NP_FIELD(np_flow_record, syn_ns),
        NP_FIELD(np_flow_record, ack_ns),       NP_FIELD(np_flow_record, hole_time),
        NP_FIELD(np_flow_record, fragments),    NP_FIELD(np_flow_record, outer_src_ip),
        NP_FIELD(np_flow_record, outer_dst_ip), NP_FIELD(np_flow_record, syns),
        NP_FIELD(np_flow_record, fins)}},
      {"np_flow_set",
       sizeof(np_flow_set),
       {NP_FIELD(np_flow_set, tag), NP_FIELD(np_flow_set, busy), NP_FIELD(np_flow_set, reserved),
        NP_FIELD(np_flow_set, way)}},
      {"np_flow_marks",
       sizeof(np_flow_marks),
       {NP_FIELD(np_flow_marks, head), NP_FIELD(np_flow_marks, reserved),
        NP_FIELD(np_flow_marks, slot)}},
      {"np_device_stats",
       sizeof(np_device_stats),
       {NP_FIELD(np_device_stats, ifindex), NP_FIELD(np_device_stats, direction),
        NP_FIELD(np_device_stats, packets), NP_FIELD(np_device_stats, bytes),
        NP_FIELD(np_device_stats, gso_extra_packets), NP_FIELD(np_device_stats, gso_extra_bytes),
        NP_FIELD(np_device_stats, unattributed), NP_FIELD(np_device_stats, inner_packets),
        NP_FIELD(np_device_stats, inner_unattributed), NP_FIELD(np_device_stats, icmp_errors_lost),
        NP_FIELD(np_device_stats, reserved)}},
      {"np_device", sizeof(np_device), {NP_FIELD(np_device, dir)}},
      {"np_packet_stats", sizeof(np_packet_stats), {NP_FIELD(np_packet_stats, count)}},
      {"np_flow_config",
       sizeof(np_flow_config),
       {NP_FIELD(np_flow_config, set_mask), NP_FIELD(np_flow_config, device_mask),
        NP_FIELD(np_flow_config, hash_seed), NP_FIELD(np_flow_config, coarse_clock),
        NP_FIELD(np_flow_config, replay), NP_FIELD(np_flow_config, tunnels),
        NP_FIELD(np_flow_config, vxlan_port), NP_FIELD(np_flow_config, geneve_port)}},
      {"np_icmp_error",
       sizeof(np_icmp_error),
       {NP_FIELD(np_icmp_error, type), NP_FIELD(np_icmp_error, reserved0),
        NP_FIELD(np_icmp_error, quoted), NP_FIELD(np_icmp_error, reporter_ip),
        NP_FIELD(np_icmp_error, time_ns), NP_FIELD(np_icmp_error, icmp_type),
        NP_FIELD(np_icmp_error, icmp_code), NP_FIELD(np_icmp_error, reserved1),
        NP_FIELD(np_icmp_error, mtu)}},
  };
}

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};
using Btf = std::unique_ptr<btf, FreeBtf>;

class BtfLayoutTest : public testing::Test {
 protected:
  void SetUp() override {
    types_.reset(btf__parse(NETPROBE_FLOW_OBJECT, nullptr));
    ASSERT_NE(types_, nullptr) << "no BTF in " << NETPROBE_FLOW_OBJECT;
  }
  Btf types_;
};

TEST_F(BtfLayoutTest, BothCompilersLayStructsOutAlike) {
  for (const auto& layout : abi()) {
    SCOPED_TRACE(layout.name);
    const int id = btf__find_by_name_kind(types_.get(), layout.name, BTF_KIND_STRUCT);
    ASSERT_GT(id, 0) << "not in the program's BTF";
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
TEST_F(BtfLayoutTest, PaddingIsExplicit) {
  for (const auto& layout : abi()) {
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
