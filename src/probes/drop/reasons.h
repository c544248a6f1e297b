// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace netprobe {

/// A constant of a kernel enum.
using EnumConstant = std::pair<std::string, std::uint32_t>;

/// The running kernel's names of drop reasons: include/net/dropreason-core.h.
/// They differ from version to version, so they come from its BTF; a kernel
/// before 5.17 has none. A value.
class ReasonTable {
 public:
  ReasonTable() = default;
  /// `core`: enum skb_drop_reason. `subsystems`: enum skb_drop_reason_subsys,
  /// the upper 16 bits of reasons that subsystems have for themselves.
  ReasonTable(const std::vector<EnumConstant>& core, const std::vector<EnumConstant>& subsystems);
  /// The reasons of one subsystem, numbered with its upper bits.
  void add(const std::vector<EnumConstant>& constants);

  /// "NETFILTER_DROP"; "NOT_SPECIFIED" where the kernel tells no reason;
  /// "OPENVSWITCH_5" or "REASON_300" where it has no name for it.
  [[nodiscard]] std::string name_of(std::uint32_t reason) const;
  /// Reasons that say that the packet was not dropped. Empty before 5.18.
  [[nodiscard]] const std::vector<std::uint32_t>& not_drops() const { return not_drops_; }
  [[nodiscard]] bool empty() const { return names_.empty(); }

 private:
  std::unordered_map<std::uint32_t, std::string> names_;
  std::unordered_map<std::uint32_t, std::string> subsystems_;
  std::vector<std::uint32_t> not_drops_;
};

/// Where the kernel's tracepoint differs by version.
struct DropTracepoint {
  bool exists = false;
  bool has_reason = false;  ///< its third argument; 5.17
};

struct DropFacts {
  DropTracepoint tracepoint;
  ReasonTable reasons;
};

/// From the running kernel's BTF, and that of modules with reasons of their own.
[[nodiscard]] DropFacts read_drop_facts();

}  // namespace netprobe
