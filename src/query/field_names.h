// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/field.h"

namespace netprobe {

/// What a name in a query stands for.
struct NamedField {
  std::string_view name;         ///< canonical: "src.ip", "ip"; of labels without the key
  std::span<const FieldId> ids;  ///< one field; of a bare name all that it means
  std::string label;             ///< of labels: the key

  [[nodiscard]] bool is_bare() const { return ids.size() > 1; }
  [[nodiscard]] bool is_label() const { return field(ids.front()).type == FieldType::kLabel; }
  /// Bit per RecordKind that has any of them.
  [[nodiscard]] std::uint8_t kinds() const;
};

/// A name that means more than one field: either side.
struct BareName {
  std::string_view name;
  std::span<const FieldId> ids;
};
[[nodiscard]] std::span<const BareName> bare_names();

/// A field by any of its names: canonical, alias or bare. '.', '_' and '-' are
/// alike, and so are small and capital letters, but in a label's key. A label
/// without a key is found with an empty one.
[[nodiscard]] std::optional<NamedField> find_field(std::string_view name);

/// Letters, digits, '.', '_', '-', '/', as Kubernetes has it.
[[nodiscard]] bool is_label_key(std::string_view key);

/// How names are compared: small letters, '.' for '_' and '-'.
[[nodiscard]] std::string normal_name(std::string_view name);

/// Fields and bare names that differ from it by a few letters, nearest first.
/// `kinds`: bits, of which one is needed.
[[nodiscard]] std::vector<std::string> nearest_fields(std::string_view name, std::uint8_t kinds);

}  // namespace netprobe
