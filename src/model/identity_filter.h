// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "base/result.h"
#include "model/identity.h"

namespace netprobe {

/// A conjunction of conditions on who a flow's ends and its service are; part of
/// FlowFilter. Names may be globs. A name that is not known matches nothing,
/// also not '*'.
class IdentityFilter {
 public:
  /// Keys: pod "name" or "namespace/name"; namespace, of an end or the service;
  /// workload "name" or "Kind/name"; label "key" (it is there) or "key=value";
  /// node, zone; each also as src_… and dst_… for that end alone, where a bare
  /// key means either end. service "name" or "namespace/name". node also holds
  /// where `observed_by` is that node.
  [[nodiscard]] Status add(std::string_view key, std::string_view value);
  [[nodiscard]] static bool is_key(std::string_view key);
  [[nodiscard]] static const std::vector<std::string_view>& keys();

  /// `observed_by`: the node whose flow it is.
  [[nodiscard]] bool matches(const Flow& flow, std::string_view observed_by) const;
  [[nodiscard]] bool empty() const { return conditions_.empty(); }

 private:
  enum class Field : std::uint8_t { kPod, kNamespace, kWorkload, kLabel, kService, kNode, kZone };
  enum class End : std::uint8_t { kEither, kSrc, kDst };
  struct Condition {
    Field field{};
    End end{};
    bool has_scope = false;
    /// Namespace or (small letters) kind; of a label its value.
    NamePattern scope;
    NamePattern name;
    std::string key;  ///< of a label

    [[nodiscard]] bool holds(const Identity& identity) const;
    [[nodiscard]] bool holds(const Flow& flow, std::string_view observed_by) const;
  };
  std::vector<Condition> conditions_;
};

}  // namespace netprobe
