// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "abi/socket_abi.h"
#include "bpf/mapped_array.h"

namespace netprobe {

/// The totals of all CPUs, summed. A moment: the CPUs go on counting.
[[nodiscard]] np_socket_totals sum_of(const MappedArray<np_socket_totals>& per_cpu);

}  // namespace netprobe
