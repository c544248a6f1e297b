// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "link/names_codec.h"
#include "link/proto/netprobe.pb.h"

/// Changes of names from anybody: left out, or an object that can be told again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  v1::NamesReply message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  for (const v1::NameChange& change : message.changes()) {
    const auto known = decode_change(change);
    if (!known) continue;
    v1::NameChange again;
    encode_change(*known, again);
    const auto same = decode_change(again);
    if (!same || same->object.index() != known->object.index()) std::abort();
  }
  return 0;
}
