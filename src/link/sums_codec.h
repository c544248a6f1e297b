// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/snapshot.h"

namespace netprobe::v1 {
class Lost;
class SumsReply;
}  // namespace netprobe::v1

namespace google::protobuf {
template <typename T>
class RepeatedPtrField;
}

namespace netprobe {

/// Sums by pairs of workloads of a snapshot, and what was lost.
void encode_sums(const Snapshot& snapshot, v1::SumsReply& to);
/// The report of a message, which may be anything.
[[nodiscard]] Result<WorkloadReport> decode_sums(const v1::SumsReply& from);

using LostList = std::vector<std::pair<std::string, std::uint64_t>>;
void encode_lost(const std::vector<LossCounter>& losses,
                 google::protobuf::RepeatedPtrField<v1::Lost>& to);
/// By "stage/cause"; of what comes twice, the sum. Bounded.
[[nodiscard]] LostList decode_lost(const google::protobuf::RepeatedPtrField<v1::Lost>& from);

}  // namespace netprobe
