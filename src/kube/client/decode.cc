// SPDX-License-Identifier: Apache-2.0
#include "kube/client/decode.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>

#include "base/duration.h"
#include "kube/client/decode_parts.h"

namespace netprobe::kube {
namespace {

constexpr std::size_t kLongestMessage = 300;

template <typename Record, typename Fill>
KubeObject make(const KubeMeta& meta, Fill fill) {
  auto record = std::make_shared<Record>();
  record->meta = meta;
  fill(*record);
  return std::shared_ptr<const Record>(std::move(record));
}

KubeObject make_controller(std::string_view kind, KubeMeta meta, JsonElement metadata) {
  auto record = std::make_shared<KubeController>();
  record->kind = kind;
  record->meta = std::move(meta);
  record->controller = decode_controller(metadata);
  return std::shared_ptr<const KubeController>(std::move(record));
}

KubeObject make_object(ResourceKind kind, const KubeMeta& meta, JsonElement from,
                       JsonElement metadata, DecodeCounts& counts) {
  switch (kind) {
    case ResourceKind::kPod:
      return make<KubePod>(meta, [&](KubePod& pod) { decode_pod(from, pod, counts); });
    case ResourceKind::kService:
      return make<KubeService>(
          meta, [&](KubeService& service) { decode_service(from, service, counts); });
    case ResourceKind::kEndpointSlice:
      return make<KubeEndpointSlice>(
          meta, [&](KubeEndpointSlice& slice) { decode_endpoint_slice(from, slice, counts); });
    case ResourceKind::kNode:
      return make<KubeNode>(meta, [&](KubeNode& node) { decode_node(from, node, counts); });
    case ResourceKind::kNamespace:
      return make<KubeNamespace>(meta, [&](KubeNamespace& name_space) {
        name_space.labels = decode_labels(metadata, "labels");
      });
    case ResourceKind::kReplicaSet:
      return make_controller("ReplicaSet", meta, metadata);
    case ResourceKind::kJob:
      return make_controller("Job", meta, metadata);
    case ResourceKind::kNetworkPolicy:
      return make<KubeNetworkPolicy>(
          meta, [&](KubeNetworkPolicy& policy) { decode_policy(from, policy); });
  }
  return {};
}

}  // namespace

KubeMeta decode_meta(JsonElement metadata) {
  KubeMeta meta;
  meta.name = text(metadata, "name");
  meta.name_space = text(metadata, "namespace");
  meta.uid = text(metadata, "uid");
  meta.created = decode_time(metadata, "creationTimestamp");
  meta.deletion = decode_time(metadata, "deletionTimestamp");
  return meta;
}

KubeLabels decode_labels(JsonElement from, std::string_view key) {
  KubeLabels labels;
  for_each_member(from, key, [&](std::string_view name, JsonElement value) {
    std::string_view content;
    if (value.get(content) == simdjson::SUCCESS) labels.emplace_back(name, content);
  });
  std::ranges::sort(labels);
  return labels;
}

std::optional<KubeOwner> decode_controller(JsonElement metadata) {
  std::optional<KubeOwner> controller;
  for_each(metadata, "ownerReferences", [&](JsonElement owner) {
    if (!controller && flag(owner, "controller") && !text_view(owner, "name").empty())
      controller = KubeOwner{text(owner, "kind"), text(owner, "name"), text(owner, "uid")};
  });
  return controller;
}

Nanos decode_time(JsonElement from, std::string_view key) {
  const std::string_view when = text_view(from, key);
  // parse_time() takes durations as well, which have no place here.
  if (when.size() < 20 || when.size() > 64 || when[4] != '-') return 0;
  return parse_time(when, 0).value_or(0);
}

std::uint8_t decode_protocol(JsonElement from) {
  const std::string_view name = text_view(from, "protocol");
  if (name == "UDP") return 17;
  return name == "SCTP" ? 132 : 6;
}

void add_address(std::vector<IpAddress>& to, std::string_view text, DecodeCounts& counts) {
  if (text.empty()) return;
  const auto address = IpAddress::parse(text);
  if (!address || address->is_unspecified() || *address == IpAddress::v4(0)) {
    ++counts.addresses;
  } else if (std::ranges::find(to, *address) == to.end()) {
    if (to.size() < kMostAddresses)
      to.push_back(*address);
    else
      ++counts.addresses;
  }
}

void add_addresses(std::vector<IpAddress>& to, JsonElement from, std::string_view key,
                   DecodeCounts& counts) {
  for_each(from, key, [&](JsonElement value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS)
      add_address(to, text, counts);
    else
      ++counts.addresses;
  });
}

std::optional<Decoded> decode_object(ResourceKind kind, JsonElement from, DecodeCounts& counts) {
  const bool cluster_wide = kind == ResourceKind::kNode || kind == ResourceKind::kNamespace;
  JsonElement metadata;
  if (!from.is_object() || from["metadata"].get(metadata) != simdjson::SUCCESS ||
      text_view(metadata, "name").empty() ||
      (!cluster_wide && text_view(metadata, "namespace").empty())) {
    ++counts.objects;
    return std::nullopt;
  }
  return Decoded{make_object(kind, decode_meta(metadata), from, metadata, counts),
                 version_number(text_view(metadata, "resourceVersion"))};
}

const KubeMeta& meta_of(const KubeObject& object) {
  return std::visit([](const auto& record) -> const KubeMeta& { return record->meta; }, object);
}

std::uint64_t version_number(std::string_view version) {
  std::uint64_t number = 0;
  const auto* end = version.data() + version.size();
  if (version.empty()) return 0;
  if (const auto read = std::from_chars(version.data(), end, number);
      read.ec == std::errc{} && read.ptr == end)
    return number;
  return std::hash<std::string_view>{}(version) | 1U;
}

std::optional<ApiStatus> decode_status(JsonElement from) {
  if (!from.is_object() || text_view(from, "kind") != "Status") return std::nullopt;
  ApiStatus status;
  const auto code = integer(from, "code");
  status.code = code >= 0 && code < 1'000 ? static_cast<int>(code) : 0;
  status.reason = text_view(from, "reason").substr(0, kLongestMessage);
  status.message = text_view(from, "message").substr(0, kLongestMessage);
  return status;
}

std::optional<ApiStatus> parse_status(std::string_view body) {
  simdjson::dom::parser parser;
  JsonElement root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  return decode_status(root);
}

}  // namespace netprobe::kube
