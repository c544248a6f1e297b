// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

#include "link/message_bytes.h"

namespace netprobe {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Measured on this ABI: a message of a few fields, a string, a number of the widest.
constexpr std::size_t kOfMessage = 200;
constexpr std::size_t kOfText = 48;
constexpr std::size_t kOfNumber = 8;
constexpr int kDeepest = 32;

class Counter {
 public:
  Counter(CodedInputStream& in, std::size_t most) : in_(in), most_(most) {}

  /// Up to the end of the bytes, or of what limits them. False: no message, or enough.
  bool count(const Descriptor* kind, int depth) {
    if (depth > kDeepest) return bad();
    while (sum_ <= most_) {
      const std::uint32_t tag = in_.ReadTag();
      if (tag == 0) return in_.ConsumedEntireMessage() || bad();
      const FieldDescriptor* field =
          kind == nullptr ? nullptr
                          : kind->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        sum_ += kOfNumber;
        if (!WireFormatLite::SkipField(&in_, tag)) return bad();
        continue;
      }
      if (!delimited(field, depth)) return false;
    }
    return false;
  }
  [[nodiscard]] std::size_t sum() const { return is_bad_ ? SIZE_MAX : sum_; }

 private:
  bool bad() {
    is_bad_ = true;
    return false;
  }
  bool delimited(const FieldDescriptor* field, int depth) {
    std::uint32_t size = 0;
    if (!in_.ReadVarint32(&size) || size > INT32_MAX) return bad();
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
      sum_ += kOfMessage;
      const auto limit = in_.PushLimit(static_cast<int>(size));
      if (!count(field->message_type(), depth + 1)) return false;
      in_.PopLimit(limit);
      return true;
    }
    // Numbers behind each other have a byte each at least.
    const bool text = field == nullptr || field->type() == FieldDescriptor::TYPE_STRING ||
                      field->type() == FieldDescriptor::TYPE_BYTES;
    sum_ += text ? kOfText + size : kOfNumber * size;
    return in_.Skip(static_cast<int>(size)) || bad();
  }

  CodedInputStream& in_;
  const std::size_t most_;
  std::size_t sum_ = 0;
  bool is_bad_ = false;
};

}  // namespace

std::size_t memory_of(google::protobuf::io::ZeroCopyInputStream& bytes,
                      const google::protobuf::Descriptor& kind, std::size_t most) {
  CodedInputStream in(&bytes);
  Counter counter(in, most);
  (void)counter.count(&kind, 0);
  return counter.sum();
}

}  // namespace netprobe
