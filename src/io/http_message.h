// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "io/body_source.h"
#include "io/url.h"

namespace netprobe {

/// A request as a handler sees it: path and parameters decoded.
struct HttpRequest {
  std::string method;
  std::string path;
  QueryParams query;
  std::vector<HttpHeader> headers;
  std::string body;  ///< of a POST: as it came, within the server's bound
  IpAddress peer;    ///< who asks; of a proxy its own. "::" where it is gone already

  /// The first header of that name, upper and lower case alike; empty without.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Shared text: an answer that many clients get is built once.
using SharedText = std::shared_ptr<const std::string>;

/// A body: made from a string or from a shared one.
class HttpBody {
 public:
  HttpBody() = default;
  HttpBody(std::string text)  // NOLINT(google-explicit-constructor): reads as text
      : text_(std::make_shared<const std::string>(std::move(text))) {}
  HttpBody(SharedText text) : text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] std::string_view view() const { return text_ ? *text_ : std::string_view{}; }
  [[nodiscard]] const SharedText& shared() const { return text_; }

 private:
  SharedText text_;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  HttpBody body;
  std::vector<HttpHeader> headers;  ///< beyond those that the server sets itself
  /// `body` is gzip already, and goes out so to a client that takes it.
  bool packed = false;
  std::string cache_control = "no-store";
  /// What follows `body`, made while it is sent; null: that is all.
  BodySourcePtr rest = nullptr;
};

/// "OK", "Not Found", … for the codes that NetProbe answers with.
[[nodiscard]] std::string_view http_reason(unsigned status);

/// Equality of ASCII text without regard to case.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Does an Accept-Encoding header allow gzip?
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace netprobe
