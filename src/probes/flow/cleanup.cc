// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/cleanup.h"

#include "bpf/tc_attachment.h"

namespace netprobe {

Result<std::vector<std::string>> remove_stale_attachments() { return remove_stale_tc_filters(); }

}  // namespace netprobe
