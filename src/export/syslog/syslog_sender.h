// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Records as messages of RFC 5424, to a syslog server: over UDP (RFC 5426), TCP with
/// octet counting (RFC 6587) or TLS (RFC 5425). docs/export.md
extern const ExportScheme kSyslogUdpExport;
extern const ExportScheme kSyslogTcpExport;
extern const ExportScheme kSyslogTlsExport;

/// Errors are usage errors; a server that is away is tried again.
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_syslog_sender(const ExportTarget& target,
                                                                       const Clock& clock);

}  // namespace netprobe
