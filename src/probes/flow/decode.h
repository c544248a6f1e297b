// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "abi/flow_abi.h"
#include "model/flow_delta.h"

namespace netprobe {

/// Identity and state of a kernel record, without its counters. `now` is the
/// monotonic time, against which the record's short time stamp is unfolded.
void decode_record(const np_flow_record& record, Nanos now, FlowDelta& delta);
[[nodiscard]] IcmpErrorEvent decode_icmp_error(const np_icmp_error& event);

}  // namespace netprobe
