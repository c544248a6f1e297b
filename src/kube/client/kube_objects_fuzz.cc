// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "kube/client/decode.h"
#include "kube/client/discovery.h"
#include "kube/client/list_splitter.h"
#include "kube/client/object_parser.h"

namespace {

using namespace netprobe;
using namespace netprobe::kube;

void decode_as_all(JsonElement from) {
  for (const auto& type : kResourceTypes) {
    DecodeCounts counts;
    const auto decoded = decode_object(type.kind, from, counts);
    if (decoded.has_value() == (counts.objects != 0)) std::abort();
    if (decoded && meta_of(decoded->object).name.empty()) std::abort();
  }
  (void)decode_status(from);
}

/// The items of a list are the same however it arrives.
std::vector<std::string> split(std::string_view text, std::size_t piece, bool& whole) {
  ListSplitter splitter(512, 4'096);
  std::vector<std::string> items;
  whole = true;
  for (std::size_t i = 0; i < text.size() && whole; i += piece)
    whole =
        splitter
            .feed(text.substr(i, piece), [&](std::string_view item) { items.emplace_back(item); })
            .has_value();
  whole = whole && splitter.finish().has_value();
  return items;
}

}  // namespace

/// The text is an object, a line of a watch and a list in turn.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  static ObjectParser parser;
  if (const auto root = parser.parse(padded(text))) {
    decode_as_all(*root);
    JsonElement object;
    if (root->is_object() && (*root)["object"].get(object) == simdjson::SUCCESS)
      decode_as_all(object);
  }
  bool whole = false;
  bool whole_in_pieces = false;
  const auto items = split(text, size + 1, whole);
  if (items != split(text, 1, whole_in_pieces) || whole != whole_in_pieces) std::abort();
  for (std::string item : items)
    if (const auto root = parser.parse(padded(item))) decode_as_all(*root);
  (void)parse_status(text);
  (void)parse_version(text);
  (void)only_older_slices(text);
  return 0;
}
