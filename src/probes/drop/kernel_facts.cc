// SPDX-License-Identifier: Apache-2.0
#include <bpf/btf.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "probes/drop/reasons.h"

namespace netprobe {
namespace {

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};
using Btf = std::unique_ptr<btf, FreeBtf>;

/// Modules whose drops have reasons of their own, and the enums of these.
struct Subsystem {
  const char* module;
  const char* reasons;
};
constexpr std::array kSubsystems{
    Subsystem{"openvswitch", "ovs_drop_reason"},
    Subsystem{"mac80211", "mac80211_drop_reason"},
};

std::vector<EnumConstant> constants_of(const btf* types, const char* name) {
  const int id = btf__find_by_name_kind(types, name, BTF_KIND_ENUM);
  if (id <= 0) return {};
  const btf_type* type = btf__type_by_id(types, static_cast<__u32>(id));
  const struct btf_enum* each = btf_enum(type);
  std::vector<EnumConstant> constants;
  for (int i = 0; i < btf_vlen(type); ++i)
    constants.emplace_back(btf__name_by_offset(types, each[i].name_off),
                           static_cast<std::uint32_t>(each[i].val));
  return constants;
}

/// The prototype that the kernel calls the tracepoint's programs with: (data,
/// skb, location, reason …).
DropTracepoint look_at_tracepoint(const btf* types) {
  const int id = btf__find_by_name_kind(types, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
  if (id <= 0) return {};
  const btf_type* pointer =
      btf__type_by_id(types, btf__type_by_id(types, static_cast<__u32>(id))->type);
  if (pointer == nullptr || !btf_is_ptr(pointer)) return {};
  const btf_type* prototype = btf__type_by_id(types, pointer->type);
  if (prototype == nullptr || !btf_is_func_proto(prototype)) return {};
  DropTracepoint found{.exists = true};
  if (btf_vlen(prototype) < 4) return found;
  const btf_type* third = btf__type_by_id(types, btf_params(prototype)[3].type);
  found.has_reason =
      third != nullptr && btf_is_any_enum(third) &&
      std::string_view(btf__name_by_offset(types, third->name_off)) == "skb_drop_reason";
  return found;
}

}  // namespace

DropFacts read_drop_facts() {
  const Btf types(btf__load_vmlinux_btf());
  if (!types) return {};
  DropFacts facts{look_at_tracepoint(types.get()),
                  {constants_of(types.get(), "skb_drop_reason"),
                   constants_of(types.get(), "skb_drop_reason_subsys")}};
  for (const auto& subsystem : kSubsystems) {
    facts.reasons.add(constants_of(types.get(), subsystem.reasons));
    // Asked for first: libbpf complains aloud about what is not there.
    const std::string path = std::string("/sys/kernel/btf/") + subsystem.module;
    if (::access(path.c_str(), R_OK) != 0) continue;
    const Btf module(btf__load_module_btf(subsystem.module, types.get()));
    if (module) facts.reasons.add(constants_of(module.get(), subsystem.reasons));
  }
  return facts;
}

}  // namespace netprobe
