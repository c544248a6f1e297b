// SPDX-License-Identifier: Apache-2.0
#include "probes/dns/dns_parser.h"

#include <algorithm>
#include <cctype>

namespace netprobe {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kMostNameBytes = 255;  // RFC 1035 2.3.4
constexpr std::uint8_t kPointer = 0xc0;
constexpr std::uint16_t kClassIn = 1;
constexpr std::size_t kRecordHead = 10;  // type, class, TTL, length

std::uint16_t u16(std::span<const std::uint8_t> data, std::size_t at) {
  return static_cast<std::uint16_t>(data[at] << 8 | data[at + 1]);
}
std::uint32_t u32(std::span<const std::uint8_t> data, std::size_t at) {
  return std::uint32_t{u16(data, at)} << 16 | u16(data, at + 2);
}

unsigned opcode_of(std::span<const std::uint8_t> message) { return u16(message, 2) >> 11U & 0xfU; }

void append_byte(std::string& text, std::uint8_t byte) {
  if (byte > ' ' && byte < 0x7f && byte != '.' && byte != '\\') {
    text += static_cast<char>(std::tolower(byte));
    return;
  }
  text += '\\';
  text += static_cast<char>('0' + byte / 100);
  text += static_cast<char>('0' + byte / 10 % 10);
  text += static_cast<char>('0' + byte % 10);
}

/// Reads a name at `at`, and sets `at` behind it. `bytes`: of it, with no pointer in it.
/// False: it is none, or not all there.
bool read_name(std::span<const std::uint8_t> data, std::size_t& at, std::string* text,
               std::uint16_t& bytes) {
  std::size_t read = at;
  std::size_t before = at;  // where the part began that is being read: pointers lead before it
  bool followed = false;
  bytes = 0;
  for (;;) {
    if (read >= data.size()) return false;
    const std::uint8_t length = data[read];
    if ((length & kPointer) == kPointer) {
      if (read + 2 > data.size()) return false;
      const std::size_t to = u16(data, read) & 0x3fffU;
      if (!followed) at = read + 2;
      followed = true;
      if (to >= before) return false;
      before = read = to;
      continue;
    }
    if ((length & kPointer) != 0) return false;  // RFC 6891 5: no such labels any more
    bytes = static_cast<std::uint16_t>(bytes + length + 1U);
    if (bytes > kMostNameBytes || read + 1 + length > data.size()) return false;
    ++read;
    if (length == 0) break;
    if (text != nullptr) {
      if (!text->empty()) *text += '.';
      for (std::size_t i = 0; i < length; ++i) append_byte(*text, data[read + i]);
    }
    read += length;
  }
  if (!followed) at = read;
  return true;
}

/// Reads one record at `at`. False: it is not all there.
bool read_record(std::span<const std::uint8_t> data, std::size_t& at, DnsMessage& message) {
  std::uint16_t bytes = 0;
  if (!read_name(data, at, nullptr, bytes) || data.size() - at < kRecordHead) return false;
  DnsRecord record{.type = u16(data, at), .ttl = u32(data, at + 4), .address = {}};
  const std::uint16_t klass = u16(data, at + 2);
  const std::size_t length = u16(data, at + 8);
  at += kRecordHead;
  const bool is_address = klass == kClassIn && ((record.type == kDnsTypeA && length == 4) ||
                                                (record.type == kDnsTypeAaaa && length == 16));
  // What a message says of its size counts as said, whether it was captured or not.
  if (!is_address) message.data_bytes += static_cast<std::uint32_t>(length);
  if (data.size() - at < length) return false;
  if (is_address && length == 4) record.address = IpAddress::v4(u32(data, at));
  if (is_address && length == 16)
    record.address = IpAddress(std::span<const std::uint8_t, 16>(data.subspan(at, 16)));
  at += length;
  if (message.answers.size() < kMostDnsAnswers) message.answers.push_back(record);
  return true;
}

}  // namespace

bool has_other_opcode(std::span<const std::uint8_t> captured) {
  return captured.size() >= kHeader && opcode_of(captured) != 0;
}

std::optional<DnsMessage> parse_dns(std::span<const std::uint8_t> data, std::size_t length) {
  if (data.size() < kHeader) return std::nullopt;
  const std::uint16_t flags = u16(data, 2);
  const bool is_response = (flags & 0x8000U) != 0;
  if (opcode_of(data) != 0 || u16(data, 4) != 1) return std::nullopt;
  DnsMessage message;
  message.id = u16(data, 0);
  message.is_response = is_response;
  message.rcode = is_response ? static_cast<std::uint8_t>(flags & 0xfU) : std::uint8_t{0};
  message.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(length, UINT16_MAX));
  message.is_cut = length > data.size();
  std::size_t at = kHeader;
  if (!read_name(data, at, &message.name, message.name_bytes) || data.size() - at < 4)
    return std::nullopt;
  message.type = u16(data, at);
  at += 4;
  const std::size_t answers = is_response ? u16(data, 6) : 0;
  for (std::size_t i = 0; i < answers; ++i) {
    if (read_record(data, at, message)) continue;
    message.is_cut = true;
    break;
  }
  message.data_bytes = std::min(message.data_bytes, message.bytes);
  return message;
}

}  // namespace netprobe
