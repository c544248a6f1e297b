// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/field.h"

namespace netprobe {

/// Names and values that a user gave, or that are the program's.
using OtlpPairs = std::vector<std::pair<std::string, std::string>>;

/// What a field is called as an attribute: by OpenTelemetry's semantic conventions
/// where they have a name ("source.address", "network.transport"; what they say of one
/// object is said of an end behind "source." or "destination."), else "netprobe." and
/// the field's name in queries. Empty: it is no attribute, but the record's time or its
/// resource's node.
[[nodiscard]] std::string otlp_attribute(const FieldRef& ref);

/// A KeyValue up to its value: what an attribute's bytes begin with. Append a length
/// and an AnyValue. common/v1/common.proto.
[[nodiscard]] std::string otlp_key(std::string_view name);
/// The sizes of keys and values are counted into an attribute's own.
void append_otlp_text(std::string& out, std::uint32_t field, std::string_view key,
                      std::string_view value);
void append_otlp_number(std::string& out, std::uint32_t field, std::string_view key,
                        std::int64_t value);
void append_otlp_real(std::string& out, std::uint32_t field, std::string_view key, double value);
void append_otlp_bool(std::string& out, std::uint32_t field, std::string_view key, bool value);

/// A Resource: service.name, host.name and k8s.node.name of `node`, service.version
/// where it is known, and `more`, which comes first of two with one name.
[[nodiscard]] std::string otlp_resource(std::string_view node, std::string_view version,
                                        const OtlpPairs& more);
/// "netprobe", as the scope of all that is sent.
[[nodiscard]] std::string otlp_scope(std::string_view version);

/// Joins pieces of a request: {resource: 1 {resource: 1, scope: 2 {scope: 1, body}}},
/// which requests of logs and of metrics are alike in. `body`: items of the scope with
/// their tags. Into `out`, in place of what it has: its memory serves again.
void write_otlp_request(std::string& out, std::string_view resource, std::string_view scope,
                        std::string_view body);
[[nodiscard]] std::string otlp_request(std::string_view resource, std::string_view scope,
                                       std::string_view body);

}  // namespace netprobe
