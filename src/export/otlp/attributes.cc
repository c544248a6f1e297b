// SPDX-License-Identifier: Apache-2.0
#include "export/otlp/attributes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/protobuf.h"
#include "base/utf8.h"

namespace netprobe {
namespace {

// common/v1/common.proto, KeyValue and AnyValue.
constexpr std::uint32_t kKey = 1;
constexpr std::uint32_t kValue = 2;
constexpr std::uint32_t kString = 1;
constexpr std::uint32_t kBool = 2;
constexpr std::uint32_t kInt = 3;
constexpr std::uint32_t kDouble = 4;

/// Appends at most so many bytes, with one look at whether there is room for them:
/// `write` gets where they begin and gives where they end.
template <typename Write>
void append_bytes(std::string& out, std::size_t most, const Write& write) {
  const std::size_t begin = out.size();
  out.resize_and_overwrite(begin + most, [&](char* data, std::size_t) {
    return static_cast<std::size_t>(write(data + begin) - data);
  });
}

/// Keys and values are short: a call for each would be most of the work.
char* put(char* at, std::string_view text) {
  const char* from = text.data();
  const std::size_t size = text.size();
  const auto some = [&](auto width, std::size_t i) {
    std::memcpy(at + i, from + i, decltype(width)::value);
  };
  if (size >= 16) {
    std::size_t i = 0;
    for (; i + 16 <= size; i += 16) some(std::integral_constant<std::size_t, 16>(), i);
    some(std::integral_constant<std::size_t, 16>(), size - 16);
  } else if (size >= 8) {
    some(std::integral_constant<std::size_t, 8>(), 0);
    some(std::integral_constant<std::size_t, 8>(), size - 8);
  } else {
    for (std::size_t i = 0; i < size; ++i) at[i] = from[i];
  }
  return at + size;
}

// Before a value: tags, and the lengths of attribute and AnyValue.
constexpr std::size_t kMostHead = 4 + 3 * ProtoWriter::kMostVarint;

/// An attribute up to its AnyValue, whose size is known.
char* put_head(char* at, std::uint32_t field, std::string_view key, std::size_t value_size) {
  at = ProtoWriter::put_varint(at, field << 3U | 2U);
  at = ProtoWriter::put_varint(at, key.size() + ProtoWriter::varint_size(value_size) + value_size);
  return ProtoWriter::put_varint(put(at, key), value_size);
}

constexpr char tag_of(std::uint32_t field, std::uint32_t type) {
  return static_cast<char>(field << 3U | type);
}

std::string_view of_end(FieldId id) {
  using enum FieldId;
  switch (id) {
    case kSrcIp:
    case kDstIp:
      return "address";
    case kSrcPort:
    case kDstPort:
      return "port";
    case kSrcPod:
    case kDstPod:
      return "k8s.pod.name";
    case kSrcNamespace:
    case kDstNamespace:
      return "k8s.namespace.name";
    case kSrcNode:
    case kDstNode:
      return "k8s.node.name";
    case kSrcZone:
    case kDstZone:
      return "cloud.availability_zone";
    case kSrcLabel:
    case kDstLabel:
      return "k8s.pod.label.";
    case kSrcProcess:
    case kDstProcess:
      return "process.executable.name";
    case kSrcPid:
    case kDstPid:
      return "process.pid";
    default:
      return {};
  }
}

}  // namespace

std::string otlp_attribute(const FieldRef& ref) {
  using enum FieldId;
  if (const auto name = of_end(ref.id); !name.empty()) {
    const bool src = field(ref.id).name.starts_with("src.");
    return (src ? "source." : "destination.") + std::string(name) + ref.label;
  }
  switch (ref.id) {
    case kTime:
    case kNode:
      return {};
    case kProtocol:
      return "network.transport";
    case kInterface:
      return "network.interface.name";
    case kService:
      return "destination.k8s.service.name";
    case kError:
      return "error.type";
    default:
      return "netprobe." + field_name(ref);
  }
}

std::string otlp_key(std::string_view name) {
  std::string out;
  ProtoWriter writer(out);
  writer.text(kKey, is_utf8(name) ? std::string(name) : mended_utf8(name));
  writer.varint(kValue << 3U | 2U);
  return out;
}

void append_otlp_text(std::string& out, std::uint32_t field, std::string_view key,
                      std::string_view value) {
  if (!is_utf8(value)) {
    const std::string mended = mended_utf8(value);  // strings of messages are UTF-8
    return append_otlp_text(out, field, key, mended);
  }
  const std::size_t length = ProtoWriter::varint_size(value.size());
  append_bytes(out, kMostHead + key.size() + value.size(), [&](char* at) {
    at = put_head(at, field, key, 1 + length + value.size());
    *at++ = tag_of(kString, 2);
    return put(ProtoWriter::put_varint(at, value.size()), value);
  });
}

void append_otlp_number(std::string& out, std::uint32_t field, std::string_view key,
                        std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  append_bytes(out, kMostHead + key.size() + ProtoWriter::kMostVarint, [&](char* at) {
    at = put_head(at, field, key, 1 + ProtoWriter::varint_size(bits));
    *at++ = tag_of(kInt, 0);
    return ProtoWriter::put_varint(at, bits);
  });
}

void append_otlp_real(std::string& out, std::uint32_t field, std::string_view key, double value) {
  append_bytes(out, kMostHead + key.size() + sizeof value, [&](char* at) {
    at = put_head(at, field, key, 1 + sizeof value);
    *at++ = tag_of(kDouble, 1);
    auto bits = std::bit_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof bits; ++i, bits >>= 8U) *at++ = static_cast<char>(bits);
    return at;
  });
}

void append_otlp_bool(std::string& out, std::uint32_t field, std::string_view key, bool value) {
  append_bytes(out, kMostHead + key.size() + 2, [&](char* at) {
    at = put_head(at, field, key, 2);
    *at++ = tag_of(kBool, 0);
    *at++ = value ? 1 : 0;
    return at;
  });
}

std::string otlp_resource(std::string_view node, std::string_view version, const OtlpPairs& more) {
  constexpr std::uint32_t kAttributes = 1;  // resource/v1/resource.proto
  std::string out;
  for (const auto& [name, value] : more) append_otlp_text(out, kAttributes, otlp_key(name), value);
  const auto own = [&](std::string_view name, std::string_view value) {
    if (value.empty() || std::ranges::find(more, name, [](const auto& pair) {
                           return std::string_view(pair.first);
                         }) != more.end())
      return;
    append_otlp_text(out, kAttributes, otlp_key(name), value);
  };
  own("service.name", "netprobe-agent");
  own("service.version", version);
  // With the name, what tells instances of a service apart.
  own("service.instance.id", node);
  own("host.name", node);
  own("k8s.node.name", node);
  return out;
}

std::string otlp_scope(std::string_view version) {
  std::string out;
  ProtoWriter writer(out);
  writer.text(1, "netprobe");
  if (!version.empty())
    writer.text(2, is_utf8(version) ? std::string(version) : mended_utf8(version));
  return out;
}

void write_otlp_request(std::string& out, std::string_view resource, std::string_view scope,
                        std::string_view body) {
  const auto piece = [](std::string_view text) {
    return 1 + ProtoWriter::varint_size(text.size()) + text.size();
  };
  const std::size_t scoped = piece(scope) + body.size();
  const std::size_t all = piece(resource) + 1 + ProtoWriter::varint_size(scoped) + scoped;
  out.clear();
  out.reserve(all + 16);
  ProtoWriter writer(out);
  writer.varint(1U << 3U | 2U);
  writer.varint(all);
  writer.text(1, resource);
  writer.varint(2U << 3U | 2U);
  writer.varint(scoped);
  writer.text(1, scope);
  out += body;
}

std::string otlp_request(std::string_view resource, std::string_view scope, std::string_view body) {
  std::string out;
  write_otlp_request(out, resource, scope, body);
  return out;
}

}  // namespace netprobe
