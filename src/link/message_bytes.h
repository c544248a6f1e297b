// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
class Message;
class MessageLite;
namespace io {
class ZeroCopyInputStream;
}
}  // namespace google::protobuf
namespace grpc {
class ByteBuffer;
}

namespace netprobe {

/// What somebody did that cannot be: a cause with a name of its own, for counters, and
/// the rest of a sentence that begins with "it sent".
struct LinkFault {
  std::string_view cause;  ///< of static storage: "unreadable", "too_large" …
  std::string what;
};
using Taken = std::expected<void, LinkFault>;

/// What reading one message may cost in memory. A field of two bytes may become an
/// object of some hundred.
inline constexpr std::size_t kMaxMessageMemory = 256UL << 20U;

/// About how much memory a message of this kind would take, found without making it;
/// SIZE_MAX where the bytes are no message at all. Stops at `most`.
[[nodiscard]] std::size_t memory_of(google::protobuf::io::ZeroCopyInputStream& bytes,
                                    const google::protobuf::Descriptor& kind, std::size_t most);

/// Unpacks gzip (RFC 1952), up to `most` bytes and not one more.
[[nodiscard]] std::expected<std::string, LinkFault> unpack(std::string_view packed,
                                                           std::size_t most);

/// Reads a message as it came, packed or not, from anybody. gRPC itself would unpack
/// without a bound, so channels and servers are built to leave it; no message begins with
/// gzip's first byte, which would be a field of a type that there is not.
[[nodiscard]] Taken read_message(grpc::ByteBuffer& from, google::protobuf::Message& to);
/// The bytes of a message, to be sent.
[[nodiscard]] grpc::ByteBuffer message_bytes(const google::protobuf::MessageLite& from);

}  // namespace netprobe
