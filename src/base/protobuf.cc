// SPDX-License-Identifier: Apache-2.0
#include "base/protobuf.h"

namespace netprobe {

void ProtoWriter::end(std::size_t begun) {
  // Most sizes take the one byte that is kept for them; for others what is written
  // moves on.
  std::uint64_t size = out_.size() - begun;
  const std::size_t more = varint_size(size) - 1;
  if (more > 0) out_.insert(begun, more, '\0');
  std::size_t at = begun - 1;
  while (size >= 0x80) {
    out_[at++] = static_cast<char>(size | 0x80U);
    size >>= 7U;
  }
  out_[at] = static_cast<char>(size);
}

bool ProtoReader::read_varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 70 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool ProtoReader::read_fixed(std::size_t size) {
  if (rest_.size() < size) return false;
  number_ = 0;
  for (std::size_t i = size; i-- > 0;)
    number_ = number_ << 8U | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(size);
  return true;
}

bool ProtoReader::read_value(std::uint32_t type) {
  std::uint64_t size = 0;
  switch (type) {
    case 0:
      return read_varint(number_);
    case 1:
      return read_fixed(8);
    case 2:
      if (!read_varint(size) || size > rest_.size()) return false;
      bytes_ = rest_.substr(0, size);
      has_bytes_ = true;
      rest_.remove_prefix(size);
      return true;
    case 5:
      return read_fixed(4);
    default:
      return false;  // groups, which nobody writes any more
  }
}

bool ProtoReader::next() {
  if (rest_.empty() || broken_) return false;
  number_ = 0;
  bytes_ = {};
  has_bytes_ = false;
  std::uint64_t tag = 0;
  broken_ = !read_varint(tag) || tag >> 3U == 0 || tag > UINT32_MAX ||
            !read_value(static_cast<std::uint32_t>(tag & 7U));
  field_ = static_cast<std::uint32_t>(tag >> 3U);
  return !broken_;
}

}  // namespace netprobe
