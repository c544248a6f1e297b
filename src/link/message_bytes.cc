// SPDX-License-Identifier: Apache-2.0
#include "link/message_bytes.h"

#include <fmt/format.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <zlib.h>

#include <array>
#include <vector>

#include "link/table_limits.h"

namespace netprobe {
namespace {

constexpr std::uint8_t kGzip0 = 0x1f;
constexpr std::uint8_t kGzip1 = 0x8b;
constexpr int kGzipWindow = 15 + 16;
constexpr std::size_t kPiece = 64UL * 1024;

LinkFault unreadable() {
  return {"unreadable", "a message that cannot be read: is it an agent of another version?"};
}
LinkFault too_large() {
  return {"too_large", fmt::format("a message that is larger than the {} MiB that any may have",
                                   kMaxMessageBytes >> 20U)};
}

bool is_packed(const std::vector<grpc::Slice>& slices) {
  std::array<std::uint8_t, 2> first{};
  std::size_t have = 0;
  for (const grpc::Slice& slice : slices)
    for (std::size_t i = 0; i < slice.size() && have < 2; ++i) first.at(have++) = slice.begin()[i];
  return have == 2 && first[0] == kGzip0 && first[1] == kGzip1;
}

std::expected<std::string, LinkFault> unpack(const std::vector<std::string_view>& pieces,
                                             std::size_t most) {
  z_stream stream{};
  if (::inflateInit2(&stream, kGzipWindow) != Z_OK) return std::unexpected(unreadable());
  std::string out;
  std::array<std::uint8_t, kPiece> room;  // NOLINT: filled by zlib
  int state = Z_OK;
  for (const std::string_view piece : pieces) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    do {
      stream.next_out = room.data();
      stream.avail_out = room.size();
      state = ::inflate(&stream, Z_NO_FLUSH);
      const std::size_t made = room.size() - stream.avail_out;
      if (out.size() + made > most) {
        ::inflateEnd(&stream);
        return std::unexpected(too_large());
      }
      out.append(reinterpret_cast<const char*>(room.data()), made);
    } while (state == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
    if (state == Z_BUF_ERROR) state = Z_OK;  // the piece ended with the room for it
    if (state != Z_OK) break;
  }
  ::inflateEnd(&stream);
  if (state != Z_STREAM_END || stream.avail_in > 0) return std::unexpected(unreadable());
  return out;
}

Taken parse(google::protobuf::io::ZeroCopyInputStream& first,
            google::protobuf::io::ZeroCopyInputStream& second, google::protobuf::Message& to) {
  const std::size_t memory = memory_of(first, *to.GetDescriptor(), kMaxMessageMemory);
  if (memory == SIZE_MAX) return std::unexpected(unreadable());
  if (memory > kMaxMessageMemory)
    return std::unexpected(
        LinkFault{"too_large", fmt::format("a message that would take more than {} MiB of memory",
                                           kMaxMessageMemory >> 20U)});
  if (!to.ParseFromZeroCopyStream(&second)) return std::unexpected(unreadable());
  return {};
}

}  // namespace

std::expected<std::string, LinkFault> unpack(std::string_view packed, std::size_t most) {
  return unpack(std::vector{packed}, most);
}

Taken read_message(grpc::ByteBuffer& from, google::protobuf::Message& to) {
  to.Clear();
  if (!from.Valid() || from.Length() == 0) return {};
  if (from.Length() > kMaxMessageBytes) return std::unexpected(too_large());
  std::vector<grpc::Slice> slices;
  if (!from.Dump(&slices).ok()) return std::unexpected(unreadable());
  if (!is_packed(slices)) {
    grpc::ProtoBufferReader first(&from);
    grpc::ProtoBufferReader second(&from);
    return parse(first, second, to);
  }
  std::vector<std::string_view> pieces;
  for (const grpc::Slice& slice : slices)
    pieces.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
  const auto bytes = unpack(pieces, kMaxMessageBytes);
  if (!bytes) return std::unexpected(bytes.error());
  const int size = static_cast<int>(bytes->size());
  google::protobuf::io::ArrayInputStream first(bytes->data(), size);
  google::protobuf::io::ArrayInputStream second(bytes->data(), size);
  return parse(first, second, to);
}

grpc::ByteBuffer message_bytes(const google::protobuf::MessageLite& from) {
  const grpc::Slice slice(from.SerializeAsString());
  return {&slice, 1};
}

}  // namespace netprobe
