// SPDX-License-Identifier: Apache-2.0
#include "link/left_out.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <vector>

namespace netprobe {
namespace {

constexpr std::size_t kMaxName = 64;

}  // namespace

void LeftOut::add(std::string_view what, std::string_view name, std::string_view of) {
  if (!has_room()) return;
  std::string shown(name.substr(0, kMaxName));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = '?';
  add(of.empty() ? fmt::format("{} '{}'", what, shown)
                 : fmt::format("{} '{}' of {}", what, shown, of));
}

void LeftOut::add_unknown(const google::protobuf::Message& message) {
  using google::protobuf::FieldDescriptor;
  const auto* reflection = message.GetReflection();
  const std::string& name = message.GetDescriptor()->name();
  const auto& unknown = reflection->GetUnknownFields(message);
  const int most = std::min(unknown.field_count(), static_cast<int>(kMost));
  for (int i = 0; i < most; ++i)
    add(fmt::format("field {} of {}", unknown.field(i).number(), name));
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (field->is_repeated()) continue;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      add_unknown(reflection->GetMessage(message, field));
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) continue;
    const int value = reflection->GetEnumValue(message, field);
    if (field->enum_type()->FindValueByNumber(value) == nullptr)
      add(fmt::format("{} {} of {}", field->name(), value, name));
  }
}

}  // namespace netprobe
