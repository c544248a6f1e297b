// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "link/message_bytes.h"
#include "link/proto/netprobe.pb.h"
#include "link/table_limits.h"

/// Bytes of anybody: what a message would take is known before it is made, whatever
/// protobuf reads is a message for that count as well, and gzip has its bound.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const auto check = [&](google::protobuf::Message& message) {
    google::protobuf::io::ArrayInputStream bytes(data, static_cast<int>(size));
    const std::size_t memory = memory_of(bytes, *message.GetDescriptor(), kMaxMessageMemory);
    if (message.ParseFromArray(data, static_cast<int>(size)) && memory == SIZE_MAX) std::abort();
  };
  v1::LiveReply live;
  check(live);
  v1::QueryReply query;
  check(query);
  v1::NamesReply names;
  check(names);
  constexpr std::size_t kMost = 100'000;
  const auto text = unpack({reinterpret_cast<const char*>(data), size}, kMost);
  if (text && text->size() > kMost) std::abort();
  return 0;
}
