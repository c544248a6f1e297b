// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "model/identity.h"
#include "model/probe_status.h"

namespace netprobe {

/// Appends `"kubernetes":{"state":"synced",…}`: how the connection goes that
/// names come from, so that old ones can be told.
void append_kubernetes(JsonObject& json, std::string& out, const KubeStatus& status);

/// What the names of an answer lack as the cluster is not wholly known, for
/// append_completeness().
[[nodiscard]] LossCounter missing_names(const KubeView& view);

/// Appends a list of addresses as text under `name`.
void append_addresses(JsonObject& json, std::string& out, std::string_view name,
                      std::span<const IpAddress> addresses);

/// Appends the fields of a node, as /api/cluster and /api/query/node have them.
void append_node_fields(JsonObject& json, std::string& out, const KubeNode& node);

/// A time, or null for 0.
void append_time_or_null(JsonObject& json, std::string_view name, Nanos wall);

/// "default/web".
[[nodiscard]] std::string full_name(const KubeMeta& meta);

}  // namespace netprobe
