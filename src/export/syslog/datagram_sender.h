// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string_view>

#include "base/unique_fd.h"
#include "export/syslog/syslog_message.h"
#include "io/dial.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Over UDP: nobody says what arrived. Where the server's host says that nobody listens,
/// what was sent last goes again.
class SyslogDatagramSender final : public RecordSender {
 public:
  SyslogDatagramSender(ExportTarget target, SyslogBatch batch, const Clock& clock)
      : target_(std::move(target)), batch_(std::move(batch)), clock_(clock) {}

  SendOutcome send(std::span<const RecordRef> records) override;
  void stop() override { stopping_ = true; }

 private:
  /// 0, or errno.
  [[nodiscard]] int push(std::string_view message, const Patience& patience);
  [[nodiscard]] int pending_error() const;

  const ExportTarget target_;
  SyslogBatch batch_;
  const Clock& clock_;
  HostLookup lookup_;
  UniqueFd socket_;
  std::atomic<bool> stopping_{false};
};

}  // namespace netprobe
