// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "query/getters.h"

namespace netprobe {

/// How a value is written, whatever the format: worked out once for each field that
/// was chosen, and followed for each record.
struct RecordStep {
  enum class Form : std::uint8_t {
    kTime,
    kDuration,
    kUnsigned,
    kProtocol,
    kFlags,
    kBool,
    kAddress,
    kText,
    kEnd,  ///< fields of an end that stand side by side: the same for each of its records
  };
  Form form{};
  std::string key;  ///< as the format has it; of an end nothing
  Getter getter;
  std::uint64_t none = 0;  ///< of numbers: what stands for "not known"
  bool has_none = false;
  bool src = false;      ///< of kEnd: whose
  std::size_t part = 0;  ///< of kEnd: which of the parts
};

/// What a step of kEnd is made of.
struct RecordEndPart {
  bool src = false;
  std::vector<FieldRef> fields;
};

/// Adds the step of a field; one of an end goes into a part, that of the step before
/// where this is of the same end.
void add_record_step(std::vector<RecordStep>& steps, std::vector<RecordEndPart>& parts,
                     RecordKind kind, const FieldRef& ref, std::string key);

}  // namespace netprobe
