// SPDX-License-Identifier: Apache-2.0
// gRPC's headers: for .cc files of src/link only.
#pragma once

#include <grpcpp/support/slice.h>

#include <memory>
#include <string>
#include <utility>

namespace netprobe {

/// Bytes that several messages have, as gRPC takes them: shared, not copied.
inline grpc::Slice shared_slice(std::shared_ptr<const std::string> text) {
  using Held = std::shared_ptr<const std::string>;
  auto* held = new Held(std::move(text));
  return {const_cast<char*>((*held)->data()), (*held)->size(),
          [](void* data) { delete static_cast<Held*>(data); }, held};
}

}  // namespace netprobe
