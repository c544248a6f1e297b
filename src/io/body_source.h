// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace netprobe {

struct HttpHeader {
  std::string name;
  std::string value;
};

/// A part of a body that is made while it is sent.
struct BodyPiece {
  std::string text;
  bool last = false;
  /// What follows cannot be made: the client is cut off, and so knows that its
  /// answer is not whole.
  bool failed = false;
  /// Of the last one: what was not known when the header went out. Trailers, which
  /// clients of HTTP/1.0 do not get.
  std::vector<HttpHeader> trailers;
};

/// Makes the rest of a body, a piece each time that the client has taken the one
/// before: however slow it is, one piece is in memory. Destroyed when the last
/// piece is sent, or when the client goes or stalls; what is being made for it is
/// wanted no more then.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Called on the server's thread, never before `done` of the call before ran.
  /// Calls `done` once, from any thread, at once or later.
  virtual void next(std::function<void(BodyPiece)> done) = 0;
};
using BodySourcePtr = std::shared_ptr<BodySource>;

}  // namespace netprobe
