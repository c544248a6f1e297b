// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "io/http_poster.h"

namespace netprobe {

/// What a receiver of OTLP made of a request.
struct OtlpAnswer {
  enum class Fate : std::uint8_t {
    kTaken,     ///< all but `rejected`
    kAgain,     ///< nothing was taken, or it is not known: to be sent again
    kTooLarge,  ///< nothing was taken, and less at a time may be
    kRejected,  ///< nothing was taken, and never will be
  };
  Fate fate = Fate::kTaken;
  std::uint64_t rejected = 0;  ///< of a request that was taken: partial_success
  Nanos wait = 0;              ///< the receiver asks for so long; 0: it does not
  std::string problem;         ///< one sentence; empty: none
};

/// By the OTLP specification 1.5: which statuses are tried again, RetryInfo and
/// Retry-After. `items` were sent.
[[nodiscard]] OtlpAnswer read_otlp_http(const PostReply& reply, std::uint64_t items);
/// The same of a call of gRPC: its status is in the trailers.
[[nodiscard]] OtlpAnswer read_otlp_grpc(const PostReply& reply, std::uint64_t items);

/// google.rpc.Status, of bodies of errors and of grpc-status-details-bin.
struct RpcStatus {
  int code = 0;
  std::string message;
  bool has_retry = false;  ///< it has a RetryInfo
  Nanos retry = 0;
};
[[nodiscard]] RpcStatus read_rpc_status(std::string_view message);
/// Standard or URL alphabet, with or without padding; what is no base64 ends it.
[[nodiscard]] std::string decode_base64(std::string_view text);

}  // namespace netprobe
