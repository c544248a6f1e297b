// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "export/ipfix/elements.h"
#include "export/ipfix/message_buffer.h"
#include "query/evaluate.h"

namespace netprobe::ipfix {

struct EncoderOptions {
  /// By RecordKind; empty: default_fields().
  std::array<std::vector<FieldRef>, kRecordKinds> fields;
  std::uint32_t pen = kDefaultPen;
  std::uint32_t domain = 0;  ///< observation domain id
  std::size_t most = 1400;   ///< bytes of a message
  bool microseconds = false;
  bool element_types = true;  ///< RFC 5610: what the enterprise elements are
};

/// What is told to the collector about the exporter itself.
struct EncoderCounts {
  std::uint64_t messages = 0;
  std::uint64_t records = 0;  ///< of flows and events
  std::uint64_t octets = 0;
  std::uint64_t not_sent = 0;  ///< records that were lost on this side
};

/// A message, and what of the records it has.
struct EncodedMessage {
  std::span<const std::uint8_t> bytes;  ///< until the next one is made
  std::size_t records = 0;              ///< of those given, from the first on
  std::size_t rejected = 0;             ///< of them, that no message can hold
};

/// Turns records into IPFIX messages (RFC 7011), biflows as RFC 5103 has them. Each
/// shape of records has a template, which is announced before its first record of a
/// session. One buffer, nothing is allocated for a record. Not thread-safe.
class Encoder {
 public:
  explicit Encoder(EncoderOptions options);

  /// A new session of a stream: numbers begin at 0, everything is announced again.
  void begin_session();
  /// Templates, types and statistics go out again before the next record.
  void announce_again();
  /// Statistics alone.
  void announce_counts();
  [[nodiscard]] bool has_announcements() const { return !pending_.empty(); }

  /// The next message: announcements that are due, then as many records as fit.
  /// `now`: wall, seconds. Empty bytes: there is nothing to send.
  [[nodiscard]] EncodedMessage next(std::span<const RecordRef> records, std::uint32_t now);

  /// The message that next() made has been handed to the network.
  void sent(const EncodedMessage& message);
  /// Messages get no larger than this from now on.
  void shrink(std::size_t most);
  void count_lost(std::uint64_t records) { counts_.not_sent += records; }
  [[nodiscard]] const EncoderCounts& counts() const { return counts_; }
  [[nodiscard]] std::size_t most() const { return options_.most; }

  /// Bytes that a message must have at least, so that every template and a record
  /// without texts fit.
  [[nodiscard]] std::size_t least_message();

 private:
  struct Step {
    DataType type{};
    bool is_signed = false;
    NumberGetter number = nullptr;
    AddressGetter address = nullptr;
    TextGetter text = nullptr;
    IdentityGetter identity = nullptr;
    std::string label;
    std::size_t most_text = 0;
  };
  struct Template {
    Shape shape;
    std::uint16_t id = 0;
    bool announced = false;
    std::vector<Element> elements;
    std::vector<Step> steps;
  };
  struct Announcement {
    enum class What : std::uint8_t { kOptions, kTemplate, kType, kCounts };
    What what{};
    std::size_t index = 0;
  };

  [[nodiscard]] Template& template_for(const Shape& shape);
  [[nodiscard]] static Step step_for(const FieldElement& element, const FieldRef& ref,
                                     RecordKind kind);
  void put_announcement(const Announcement& due);
  void put_template(const Template& made);
  void put_options_templates();
  void put_type(const Element& element);
  void put_counts();
  void put_record(const Template& made, const RecordRef& record, std::size_t most_text);
  void put_value(const Step& step, const Row& row, std::size_t most_text);
  void put_clean_text(std::string_view text, std::size_t most);

  EncoderOptions options_;
  std::deque<Template> templates_;  ///< in the order of their numbers
  std::vector<Element> types_;      ///< enterprise elements that were used so far
  std::deque<Announcement> pending_;
  MessageBuffer buffer_;
  EncoderCounts counts_;
  std::uint32_t sequence_ = 0;
  std::uint32_t data_records_ = 0;  ///< in the message that is being made
  std::string scratch_;
};

}  // namespace netprobe::ipfix
