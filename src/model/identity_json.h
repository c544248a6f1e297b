// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "model/identity.h"

namespace netprobe {

enum class IdentityDetail : std::uint8_t {
  kBrief,  ///< who: kind, name, pod, namespace, workload, node
  kFull,   ///< and where and what: zone, node pool, labels
};

/// Appends who one end of a record is, each field with `end` ("src", "dst") and
/// '_' in front; what is not known has no field. Nothing for null.
/// docs/api-kubernetes.md has the fields.
void append_identity(JsonObject& json, std::string& out, std::string_view end,
                     const IdentityPtr& identity, IdentityDetail detail);

/// Appends `"service":"namespace/name","service_by":"address"`; nothing for null.
void append_service(JsonObject& json, const IdentityPtr& service, ServiceBy by);

/// Appends `"traffic":["pod-to-pod",…]`.
void append_traffic(JsonObject& json, std::string& out, const Flow& flow);

/// Appends `"labels":{…}` under that name.
void append_labels(JsonObject& json, std::string& out, std::string_view name,
                   const KubeLabels& labels);

}  // namespace netprobe
