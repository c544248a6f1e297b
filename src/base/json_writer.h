// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ip_address.h"

namespace netprobe {

/// Appends a JSON string with its quotes; invalid UTF-8 is replaced by U+FFFD,
/// so that whatever the kernel or a peer sent, the document stays valid.
void append_json_string(std::string& out, std::string_view text);

/// Writes one JSON object into `out`: `"key":value` pairs with the commas
/// between them. For a nested value call key() and write it to `out` oneself.
/// Names are the program's own and are not escaped. Call close() at the end.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  void key(std::string_view name);
  /// For names that come from outside (a map's keys).
  void foreign_key(std::string_view name);
  void number(std::string_view name, std::uint64_t value);
  void integer(std::string_view name, std::int64_t value);
  /// Three decimals; what is not finite becomes 0, JSON has no word for it.
  void real(std::string_view name, double value);
  /// Six decimals, for what is mostly far below 1.
  void ratio(std::string_view name, double value);
  void text(std::string_view name, std::string_view value);
  void address(std::string_view name, const IpAddress& value);
  void time(std::string_view name, Nanos wall);  ///< RFC 3339
  void flag(std::string_view name, bool value);
  void null(std::string_view name);

 private:
  void decimal(std::string_view name, double value, int digits);
  std::string& out_;
  bool first_ = true;
};

/// The same for an array: call next() before each element.
class JsonArray {
 public:
  explicit JsonArray(std::string& out) : out_(out) { out_ += '['; }
  void close() { out_ += ']'; }
  void next() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void text(std::string_view value) {
    next();
    append_json_string(out_, value);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace netprobe
