// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Records as IPFIX (RFC 7011, biflows of RFC 5103): over UDP, TCP and TLS.
/// docs/export-ipfix.md
extern const ExportScheme kIpfixUdpExport;
extern const ExportScheme kIpfixTcpExport;
extern const ExportScheme kIpfixTlsExport;

/// Errors are usage errors; a collector that is not there is tried again. `clock`
/// outlives the sender.
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_ipfix_sender(const ExportTarget& target,
                                                                      const Clock& clock);

}  // namespace netprobe
