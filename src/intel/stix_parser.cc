// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <optional>

#include "base/duration.h"
#include "intel/entry_text.h"
#include "intel/feed_parser.h"
#include "intel/object_splitter.h"
#include "intel/stix_pattern.h"

namespace netprobe::intel {
namespace {

using Object = simdjson::dom::object;

std::string_view text_of(const Object& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

/// 0: it is not there; nothing: it is no time.
std::optional<Nanos> time_of(const Object& object, std::string_view key) {
  const std::string_view text = text_of(object, key);
  if (text.empty()) return 0;
  // What else parse_time() takes counts from now.
  if (text.find('T') == std::string_view::npos) return {};
  const auto time = parse_time(text, 0);
  if (!time) return {};
  return *time;
}

class StixParser final : public FeedParser {
 public:
  explicit StixParser(ListBuilder& builder) : builder_(builder), parser_(kMostObject) {}

  Status take(std::string_view piece) override {
    return objects_.take(piece, [this](std::string& text, bool too_long) {
      if (too_long) return builder_.refuse(Refusal::kTooLong, "an object");
      text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
      take_object(text);
    });
  }
  Status finish() override { return objects_.finish(); }

 private:
  void take_object(const std::string& text) {
    Object object;
    if (parser_.parse(text).get(object) != simdjson::SUCCESS)
      return builder_.refuse(Refusal::kNoEntry, text);
    if (text_of(object, "type") != "indicator") return;
    const std::string_view pattern = text_of(object, "pattern");
    const std::string_view language = text_of(object, "pattern_type");
    bool revoked = false;
    if (object["revoked"].get(revoked) == simdjson::SUCCESS && revoked)
      return builder_.refuse(Refusal::kRevoked, pattern);
    const auto values = language.empty() || language == "stix" ? simple_values(pattern)
                                                               : std::vector<std::string>();
    if (values.empty()) return builder_.refuse(Refusal::kNotSimple, pattern);
    if (!is_valid_now(object, pattern)) return;
    const Note note = note_of(object);
    for (const std::string& value : values) {
      if (const auto entry = parse_entry(value))
        builder_.add(*entry, value, note);
      else
        builder_.refuse(Refusal::kNoEntry, value);
    }
  }
  bool is_valid_now(const Object& object, std::string_view pattern) {
    const auto from = time_of(object, "valid_from");
    const auto until = time_of(object, "valid_until");
    if (!from || !until) {
      builder_.refuse(Refusal::kNoEntry, "valid_from or valid_until of " + std::string(pattern));
      return false;
    }
    const bool over = *until != 0 && *until <= builder_.now();
    if (over) {
      builder_.refuse(Refusal::kExpired, pattern);
      return false;
    }
    if (*from > builder_.now()) {
      builder_.change_at(*from);
      builder_.refuse(Refusal::kNotYet, pattern);
      return false;
    }
    if (*until != 0) builder_.change_at(*until);
    return true;
  }
  static Note note_of(const Object& object) {
    Note note;
    for (const std::string_view key : {"name", "description"})
      if (note.reason.empty()) note.reason = clean_reason(text_of(object, key));
    std::int64_t confidence = 0;
    if (object["confidence"].get(confidence) == simdjson::SUCCESS && confidence >= 0 &&
        confidence <= 100)
      note.confidence = static_cast<double>(confidence) / 100;
    return note;
  }

  ListBuilder& builder_;
  simdjson::dom::parser parser_;
  ObjectSplitter objects_{kMostObject};
};

}  // namespace

FeedParserPtr make_stix_parser(ListBuilder& builder) {
  return std::make_unique<StixParser>(builder);
}

}  // namespace netprobe::intel
