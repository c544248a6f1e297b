// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "outbox/export_target.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Records as JSON, one object a line: to a file that is rotated, or to standard
/// output. docs/export.md
extern const ExportScheme kFileExport;
extern const ExportScheme kStdoutExport;

/// Errors are usage errors; a file that cannot be written is tried again.
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_file_sender(const ExportTarget& target,
                                                                     const Clock& clock);
[[nodiscard]] Result<std::unique_ptr<RecordSender>> make_stdout_sender(const ExportTarget& target,
                                                                       const Clock& clock);

}  // namespace netprobe
