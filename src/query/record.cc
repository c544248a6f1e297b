// SPDX-License-Identifier: Apache-2.0
#include "query/record.h"

#include <algorithm>
#include <array>

namespace netprobe {
namespace {

constexpr char kSeparator = '\x1f';

void append_clean(std::string& to, std::string_view text) {
  if (text.find(kSeparator) == std::string_view::npos)
    to += text;
  else
    std::ranges::remove_copy(text, std::back_inserter(to), kSeparator);
}

}  // namespace

std::string_view to_string(RecordKind kind) {
  static constexpr std::array<std::string_view, kRecordKinds> kNames{"flows", "drops",
                                                                     "connections", "alerts"};
  return kNames.at(static_cast<std::size_t>(kind));
}

EndNames end_names(const Identity* identity) {
  if (identity == nullptr) return {};
  EndNames names{.kind = to_string(identity->kind),
                 .name = identity->name,
                 .name_space = identity->name_space,
                 .workload = identity->workload,
                 .workload_kind = identity->workload_kind,
                 .node = identity->node,
                 .zone = identity->zone};
  // As in the sums by workload (model/workload_name.h).
  switch (identity->kind) {
    case IdentityKind::kNode:
      names.workload = identity->name;
      names.workload_kind = "Node";
      names.node = identity->name;
      break;
    case IdentityKind::kExternal:
      names.workload = identity->name;
      names.workload_kind = "External";
      break;
    case IdentityKind::kService:
      names.workload = identity->name;
      names.workload_kind = "Service";
      break;
    case IdentityKind::kPod:
      if (names.workload.empty() || names.workload_kind.empty()) {
        names.workload = identity->name;
        names.workload_kind = "Pod";
      }
      break;
  }
  return names;
}

std::string labels_text(const Identity* identity) {
  std::string text;
  if (identity == nullptr || identity->labels.empty()) return text;
  const KubeLabels& given = identity->labels.get();
  // As Kubernetes has them they are in order.
  KubeLabels sorted;
  const bool in_order = std::ranges::is_sorted(given);
  if (!in_order) {
    sorted = given;
    std::ranges::sort(sorted);
  }
  const KubeLabels& labels = in_order ? given : sorted;
  std::size_t size = 1;
  for (const auto& [key, value] : labels) size += key.size() + value.size() + 2;
  text.reserve(size);
  for (const auto& [key, value] : labels) {
    if (text.empty()) text += kSeparator;
    append_clean(text, key);
    text += '=';
    append_clean(text, value);
    text += kSeparator;
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> labels_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> labels;
  while (!text.empty()) {
    const auto end = text.find(kSeparator);
    const std::string_view one = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto equals = one.find('=');
    if (equals != std::string_view::npos)
      labels.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  return labels;
}

std::string_view label_in(std::string_view labels, std::string_view key) {
  std::string wanted;
  wanted.reserve(key.size() + 2);
  wanted += kSeparator;
  wanted += key;
  wanted += '=';
  const auto found = labels.find(wanted);
  if (found == std::string_view::npos) return {};
  const auto begin = found + wanted.size();
  return labels.substr(begin, labels.find(kSeparator, begin) - begin);
}

}  // namespace netprobe
