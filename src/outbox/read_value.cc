// SPDX-License-Identifier: Apache-2.0
#include "outbox/read_value.h"

#include <algorithm>
#include <charconv>

#include "base/byte_size.h"
#include "base/duration.h"
#include "query/nearest.h"

namespace netprobe {
namespace {

std::unexpected<Error> bad_value(std::string_view name, std::string_view value,
                                 const std::string& allowed) {
  constexpr std::size_t kMaxShown = 60;
  return fail(
      std::string(name) + "='" + std::string(value.substr(0, kMaxShown)) + "' is not " + allowed,
      ErrorKind::kUsage);
}

}  // namespace

Result<std::uint64_t> read_number(std::string_view name, std::string_view value,
                                  std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < least || number > most)
    return bad_value(name, value,
                     "a number from " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

Result<std::uint64_t> read_size(std::string_view name, std::string_view value, std::uint64_t least,
                                std::uint64_t most) {
  const auto size = parse_byte_size(value);
  if (!size || *size < least || *size > most)
    return bad_value(name, value,
                     "a size from " + format_byte_size(least) + " to " + format_byte_size(most) +
                         ", such as 16MiB");
  return *size;
}

Result<Nanos> read_duration(std::string_view name, std::string_view value, Nanos least,
                            Nanos most) {
  const auto time = parse_duration(value);
  if (!time || *time < least || *time > most)
    return bad_value(name, value,
                     "a duration from " + format_duration(least) + " to " + format_duration(most));
  return *time;
}

Result<bool> read_switch(std::string_view name, std::string_view value) {
  if (value != "true" && value != "false") return bad_value(name, value, "true or false");
  return value == "true";
}

Result<std::size_t> read_word(std::string_view name, std::string_view value,
                              std::span<const std::string_view> words) {
  const auto found = std::ranges::find(words, value);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string list = "one of ";
  for (const auto word : words) list += (word == words.front() ? "" : ", ") + std::string(word);
  return bad_value(name, value, list + did_you_mean(nearest_words(value, words)));
}

}  // namespace netprobe
