// SPDX-License-Identifier: Apache-2.0
#include "export/ipfix/testing/message_reader.h"

namespace netprobe::ipfix::testing {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::uint64_t number_at(Bytes bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8U | bytes[at + i];
  return value;
}

}  // namespace

std::optional<std::string> ReadRecord::text(std::uint32_t pen, std::uint16_t id) const {
  for (const auto& [key, value] : fields)
    if (key == ElementKey{pen, id}) return value;
  return std::nullopt;
}

std::uint64_t ReadRecord::number(std::uint32_t pen, std::uint16_t id) const {
  std::uint64_t value = 0;
  for (const char c : text(pen, id).value_or(""))
    value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::string MessageReader::read(Bytes message) {
  if (message.size() < 16) return "shorter than a header";
  if (number_at(message, 0, 2) != 10) return "not version 10";
  if (number_at(message, 2, 2) != message.size()) return "its length is wrong";
  const auto sequence = static_cast<std::uint32_t>(number_at(message, 8, 4));
  if (sequence != expected_)
    return "sequence " + std::to_string(sequence) + " in place of " + std::to_string(expected_);
  std::size_t at = 16;
  while (at < message.size()) {
    if (message.size() - at < 4) return "a set's header is cut";
    const auto id = static_cast<std::uint16_t>(number_at(message, at, 2));
    const std::size_t length = number_at(message, at + 2, 2);
    if (length < 4 || length > message.size() - at) return "a set's length is wrong";
    const Bytes set = message.subspan(at + 4, length - 4);
    std::string wrong;
    if (id == 2 || id == 3) {
      wrong = read_templates(set, id == 3);
    } else if (id >= 256) {
      wrong = read_data(set, id);
    } else {
      wrong = "a reserved set";
    }
    if (!wrong.empty()) return wrong;
    at += length;
  }
  return {};
}

std::string MessageReader::read_templates(Bytes set, bool options) {
  std::size_t at = 0;
  const std::size_t header = options ? 6 : 4;
  if (set.empty()) return "an empty template set";
  while (at < set.size()) {
    if (set.size() - at < header) return "a template's header is cut";
    const auto id = static_cast<std::uint16_t>(number_at(set, at, 2));
    const std::size_t count = number_at(set, at + 2, 2);
    if (id < 256 || count == 0) return "a template's header is wrong";
    if (options && (number_at(set, at + 4, 2) == 0 || number_at(set, at + 4, 2) > count))
      return "a template's scope is wrong";
    at += header;
    Template made{.options = options};
    for (std::size_t i = 0; i < count; ++i) {
      if (set.size() - at < 4) return "a template is cut";
      Field field;
      const auto element = static_cast<std::uint16_t>(number_at(set, at, 2));
      field.length = static_cast<std::uint16_t>(number_at(set, at + 2, 2));
      at += 4;
      field.key.second = element & 0x7fffU;
      if ((element & 0x8000U) != 0) {
        if (set.size() - at < 4) return "an enterprise number is cut";
        field.key.first = static_cast<std::uint32_t>(number_at(set, at, 4));
        at += 4;
      }
      made.fields.push_back(field);
    }
    templates_[id] = made;
  }
  return {};
}

std::string MessageReader::read_data(Bytes set, std::uint16_t id) {
  const auto known = templates_.find(id);
  if (known == templates_.end()) return "data without a template: " + std::to_string(id);
  std::size_t at = 0;
  if (set.empty()) return "an empty data set";
  while (at < set.size()) {
    ReadRecord record{.set = id, .options = known->second.options};
    for (const Field& field : known->second.fields) {
      std::size_t length = field.length;
      if (length == 0xffff) {
        if (set.size() - at < 1) return "a length is cut";
        length = set[at++];
        if (length == 255) {
          if (set.size() - at < 2) return "a long length is cut";
          length = number_at(set, at, 2);
          at += 2;
        }
      }
      if (set.size() - at < length) return "a value is cut";
      record.fields.emplace_back(
          field.key, std::string(reinterpret_cast<const char*>(set.data()) + at, length));
      at += length;
    }
    records_.push_back(std::move(record));
    ++expected_;
  }
  return {};
}

}  // namespace netprobe::ipfix::testing
