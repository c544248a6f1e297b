// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "export/otlp/answer.h"
#include "export/otlp/attributes.h"
#include "io/deflate.h"
#include "outbox/export_target.h"
#include "outbox/http_target.h"

namespace netprobe {

/// What of a target OTLP alone has.
struct OtlpSettings {
  HttpTarget http;
  bool grpc = false;
  bool compress = true;
  bool logs = true;     ///< records
  bool metrics = true;  ///< as well
  OtlpPairs resource;
  std::string path;  ///< of HTTP, before "/v1/…"
};
/// Errors are usage errors.
[[nodiscard]] Result<OtlpSettings> otlp_settings(const ExportTarget& target);

/// Sends requests to one receiver, as a call of gRPC or a POST. One thread, stop() aside.
class OtlpClient {
 public:
  enum class Signal : std::uint8_t { kLogs, kMetrics };
  OtlpClient(OtlpSettings settings, Signal signal);

  /// `request`: an Export…ServiceRequest with so many items. `sent` grows by the bytes
  /// that went out.
  [[nodiscard]] OtlpAnswer send(std::string_view request, std::uint64_t items, std::uint64_t& sent);
  void stop() { poster_.stop(); }

 private:
  const OtlpSettings settings_;
  std::string url_;
  HttpPoster poster_;
  DeflateStream gzip_;
  std::string body_;
};

}  // namespace netprobe
