// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/client/json_fields.h"
#include "kube/client/resource_type.h"
#include "model/kube.h"

/// From the API's JSON to the records of model/kube.h.
///
/// JSON and not protobuf: listing 5,000 pods takes all of the client less than
/// 0.1 s of processor time (docs/kubernetes-client.md), so a schema of every
/// version of the API would buy little.
namespace netprobe::kube {

/// An object as it came.
struct Decoded {
  KubeObject object;
  /// metadata.resourceVersion as a number that differs where the text does; 0:
  /// it had none.
  std::uint64_t version = 0;
};

/// Of one list of an object: more than any honest one has.
inline constexpr std::size_t kMostAddresses = 256;

/// What a hostile or newer server sent and nobody can use.
struct DecodeCounts {
  std::uint64_t objects = 0;  ///< without a name, or not an object at all
  /// No valid address or prefix, or more than kMostAddresses; the object stays.
  std::uint64_t addresses = 0;
};

/// Nothing where the object has no name (or no namespace, where its kind has
/// one); counted. Unknown fields and those of a wrong type are taken for absent.
[[nodiscard]] std::optional<Decoded> decode_object(ResourceKind kind, JsonElement from,
                                                   DecodeCounts& counts);

/// The metadata that every record begins with.
[[nodiscard]] const KubeMeta& meta_of(const KubeObject& object);

/// An opaque version as a number, for comparing alone.
[[nodiscard]] std::uint64_t version_number(std::string_view version);

/// What the API server answers instead of what was asked (kind Status).
struct ApiStatus {
  int code = 0;
  std::string reason;
  std::string message;  ///< cut off where it is very long
};
[[nodiscard]] std::optional<ApiStatus> decode_status(JsonElement from);
/// The same from a whole answer; nothing if that is something else.
[[nodiscard]] std::optional<ApiStatus> parse_status(std::string_view body);

}  // namespace netprobe::kube
