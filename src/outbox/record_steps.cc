// SPDX-License-Identifier: Apache-2.0
#include "outbox/record_steps.h"

#include <optional>
#include <utility>

#include "query/column.h"
#include "query/lower.h"

namespace netprobe {
namespace {

/// Which end a field is of that its identity alone decides; nothing: it is no such.
std::optional<bool> is_of_src(FieldId id) {
  using enum FieldId;
  switch (id) {
    case kSrcKind:
    case kSrcName:
    case kSrcPod:
    case kSrcNamespace:
    case kSrcWorkload:
    case kSrcWorkloadKind:
    case kSrcNode:
    case kSrcZone:
    case kSrcLabel:
      return true;
    case kDstKind:
    case kDstName:
    case kDstPod:
    case kDstNamespace:
    case kDstWorkload:
    case kDstWorkloadKind:
    case kDstNode:
    case kDstZone:
    case kDstLabel:
      return false;
    default:
      return std::nullopt;
  }
}

}  // namespace

void add_record_step(std::vector<RecordStep>& steps, std::vector<RecordEndPart>& parts,
                     RecordKind kind, const FieldRef& ref, std::string key) {
  using Form = RecordStep::Form;
  RecordStep step;
  if (const auto src = is_of_src(ref.id)) {
    if (steps.empty() || steps.back().form != Form::kEnd || steps.back().src != *src) {
      step.form = Form::kEnd;
      step.src = *src;
      step.part = parts.size();
      parts.push_back({*src, {}});
      steps.push_back(std::move(step));
    }
    parts[steps.back().part].fields.push_back(ref);
    return;
  }
  step.key = std::move(key);
  step.getter = getter_for(ref.id, source_of(kind));
  const auto none = none_number(ref.id);
  step.has_none = none.has_value();
  step.none = none.value_or(0);
  switch (field(ref.id).type) {
    case FieldType::kTime:
      step.form = Form::kTime;
      break;
    case FieldType::kDuration:
      step.form = Form::kDuration;
      break;
    case FieldType::kCount:
    case FieldType::kNumber:
      step.form = Form::kUnsigned;
      break;
    case FieldType::kProtocol:
      step.form = Form::kProtocol;
      break;
    case FieldType::kFlags:
      step.form = Form::kFlags;
      break;
    case FieldType::kBool:
      step.form = Form::kBool;
      break;
    case FieldType::kAddress:
      step.form = Form::kAddress;
      break;
    case FieldType::kText:
    case FieldType::kWord:
    case FieldType::kLabel:
      step.form = Form::kText;
      break;
  }
  steps.push_back(std::move(step));
}

}  // namespace netprobe
