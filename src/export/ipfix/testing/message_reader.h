// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace netprobe::ipfix::testing {

/// (enterprise number or 0, element's number).
using ElementKey = std::pair<std::uint32_t, std::uint16_t>;

struct ReadRecord {
  std::uint16_t set = 0;
  bool options = false;
  std::vector<std::pair<ElementKey, std::string>> fields;  ///< raw bytes

  [[nodiscard]] std::optional<std::string> text(std::uint32_t pen, std::uint16_t id) const;
  /// A number in network order; 0 where it is not there.
  [[nodiscard]] std::uint64_t number(std::uint32_t pen, std::uint16_t id) const;
};

/// A small collector, written from RFC 7011 alone: reads messages of one session and
/// says what is wrong with them.
class MessageReader {
 public:
  /// Empty: all is well. A message's sequence number has to be what it must be.
  [[nodiscard]] std::string read(std::span<const std::uint8_t> message);

  [[nodiscard]] const std::vector<ReadRecord>& records() const { return records_; }
  [[nodiscard]] std::size_t templates() const { return templates_.size(); }
  void forget() { *this = {}; }

 private:
  struct Field {
    ElementKey key;
    std::uint16_t length = 0;
  };
  struct Template {
    bool options = false;
    std::vector<Field> fields;
  };
  std::string read_templates(std::span<const std::uint8_t> set, bool options);
  std::string read_data(std::span<const std::uint8_t> set, std::uint16_t id);

  std::map<std::uint16_t, Template> templates_;
  std::vector<ReadRecord> records_;
  std::uint32_t expected_ = 0;
};

}  // namespace netprobe::ipfix::testing
