// SPDX-License-Identifier: Apache-2.0
#include "export/syslog/syslog_sender.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "export/syslog/datagram_sender.h"
#include "export/syslog/stream_sender.h"
#include "outbox/read_value.h"

namespace netprobe {
namespace {

constexpr std::array kParameters{
    ExportParameter{"facility", "daemon, local0 … (default daemon)"},
    ExportParameter{"severity", "of all but alerts, which have their own (default info)"},
    ExportParameter{"app", "APP-NAME (default netprobe)"},
    ExportParameter{"hostname", "HOSTNAME (default: the node's name)"},
    ExportParameter{"cee", "@cee: before the JSON, for mmjsonparse (default false)"},
};

/// A part of a header, or the default where it is not given.
Result<std::string> read_part(const ExportTarget& target, std::string_view name, std::size_t most,
                              std::string otherwise) {
  const std::string* value = target.parameter(name);
  if (value == nullptr) return otherwise;
  const auto is_printable = [](char c) { return c > ' ' && c <= '~'; };
  if (value->empty() || value->size() > most || !std::ranges::all_of(*value, is_printable))
    return fail(std::string(name) + "='" + value->substr(0, 60) +
                    "' is not a word of printable characters, at most " + std::to_string(most),
                ErrorKind::kUsage);
  return *value;
}

Result<SyslogHeader> read_header(const ExportTarget& target) {
  constexpr std::size_t kLongestApp = 48;
  constexpr std::size_t kLongestHostname = 255;
  SyslogHeader header;
  const auto facility = parameter_or<std::size_t>(target, "facility", header.facility, read_word,
                                                  syslog_facilities());
  if (!facility) return std::unexpected(facility.error());
  const auto severity = parameter_or<std::size_t>(target, "severity", header.severity, read_word,
                                                  syslog_severities());
  if (!severity) return std::unexpected(severity.error());
  auto app = read_part(target, "app", kLongestApp, header.app);
  if (!app) return std::unexpected(app.error());
  auto hostname = read_part(target, "hostname", kLongestHostname, "");
  if (!hostname) return std::unexpected(hostname.error());
  const auto cee = parameter_or<bool>(target, "cee", false, read_switch);
  if (!cee) return std::unexpected(cee.error());
  header.facility = static_cast<unsigned>(*facility);
  header.severity = static_cast<unsigned>(*severity);
  header.app = std::move(*app);
  header.hostname = std::move(*hostname);
  header.process = std::to_string(::getpid());
  if (*cee) header.cookie = "@cee: ";
  return header;
}

}  // namespace

const ExportScheme kSyslogUdpExport{.scheme = "syslog+udp",
                                    .default_port = 514,
                                    .parameters = kParameters,
                                    .example = "syslog+udp://logs.example?records=alerts"};
const ExportScheme kSyslogTcpExport{.scheme = "syslog+tcp",
                                    .default_port = 601,
                                    .parameters = kParameters,
                                    .example = "syslog+tcp://logs.example:601?facility=local3"};
const ExportScheme kSyslogTlsExport{.scheme = "syslog+tls",
                                    .default_port = 6514,
                                    .parameters = kParameters,
                                    .example = "syslog+tls://logs.example?ca=/etc/ssl/logs.pem"};

Result<std::unique_ptr<RecordSender>> make_syslog_sender(const ExportTarget& target,
                                                         const Clock& clock) {
  if (target.host.empty())
    return fail("a host is missing: " + target.scheme + "://logs.example", ErrorKind::kUsage);
  if (!target.path.empty() && target.path != "/")
    return fail("a syslog server has no path: leave " + target.path + " out", ErrorKind::kUsage);
  auto header = read_header(target);
  if (!header) return std::unexpected(header.error());
  const bool datagram = target.scheme == kSyslogUdpExport.scheme;
  const bool tls = target.scheme == kSyslogTlsExport.scheme;
  if (!tls && (!target.ca_file.empty() || !target.certificate_file.empty() || target.insecure))
    return fail("ca, certificate, key and insecure are of syslog+tls", ErrorKind::kUsage);
  SyslogBatch batch(SyslogFormat(std::move(*header), FieldSelection(target)), !datagram);
  if (datagram) return std::make_unique<SyslogDatagramSender>(target, std::move(batch), clock);
  if (tls)
    if (auto s = check_tls(target); !s) return std::unexpected(s.error());
  return std::make_unique<SyslogStreamSender>(target, std::move(batch),
                                              tls ? connect_tls : connect_plain, clock);
}

}  // namespace netprobe
