// SPDX-License-Identifier: Apache-2.0
#include "export/ipfix/ipfix_sender.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "export/ipfix/channel.h"
#include "export/ipfix/encoder.h"
#include "outbox/field_selection.h"
#include "outbox/read_value.h"

namespace netprobe {
namespace {

using ipfix::Channel;
using ipfix::ChannelOptions;
using ipfix::EncodedMessage;
using ipfix::Encoder;
using ipfix::EncoderOptions;

constexpr std::uint16_t kPort = 4739;
constexpr std::uint16_t kTlsPort = 4740;
constexpr std::size_t kSmallest = 512;
constexpr std::size_t kLargest = 65'535;
constexpr std::size_t kLargestDatagram = 65'487;
constexpr std::size_t kDatagram = 1400;
constexpr std::size_t kStreamMessage = 8192;
constexpr std::uint64_t kTemplateMessages = 500;
constexpr Nanos kTemplateInterval = 60 * kSecond;

constexpr std::array kParameters{
    ExportParameter{"mtu", "bytes of a message at most (default 1400; TCP and TLS 8192)"},
    ExportParameter{"template_interval",
                    "templates and statistics go out again so often (default "
                    "1m; TCP and TLS: statistics alone)"},
    ExportParameter{"template_messages", "… and after so many messages (default 500; UDP)"},
    ExportParameter{"domain", "observation domain id (default 0)"},
    ExportParameter{"pen", "private enterprise number of names (default 32473, of RFC 5612)"},
    ExportParameter{"times", "milliseconds or microseconds (default milliseconds)"},
    ExportParameter{"types", "say what the enterprise elements are, RFC 5610 (default true)"},
};

struct Timing {
  Nanos interval = kTemplateInterval;
  std::uint64_t messages = kTemplateMessages;
};

class IpfixSender final : public RecordSender {
 public:
  IpfixSender(EncoderOptions encoder, ChannelOptions channel, Timing timing, Nanos timeout,
              const Clock& clock)
      : encoder_(std::move(encoder)),
        datagrams_(channel.datagrams),
        channel_(std::move(channel)),
        timing_(timing),
        timeout_(timeout),
        clock_(clock) {}

  SendOutcome send(std::span<const RecordRef> records) override {
    // Of the system's clock, as the channel's waits are.
    const Nanos deadline = SystemClock().monotonic() + timeout_;
    if (!channel_.connected()) {
      if (Status s = channel_.connect(deadline); !s)
        return SendOutcome::retry_all(records.size(), s.error().message);
      encoder_.begin_session();
      if (datagrams_) told_ = clock_.monotonic();
    }
    remind();
    SendOutcome outcome =
        datagrams_ ? send_datagrams(records, deadline) : send_stream(records, deadline);
    encoder_.count_lost(outcome.rejected);
    return outcome;
  }

  void idle() override {
    if (!channel_.connected() || clock_.monotonic() < told_ + timing_.interval) return;
    (void)send({});
  }

  void stop() override { channel_.stop(); }

 private:
  /// Whoever listens may have begun only now, or have forgotten.
  void remind() {
    const Nanos now = clock_.monotonic();
    const bool many = datagrams_ && since_told_ >= timing_.messages;
    if (now < told_ + timing_.interval && !many) return;
    if (datagrams_) {
      encoder_.announce_again();
    } else {
      encoder_.announce_counts();
    }
    told_ = now;
    since_told_ = 0;
  }

  [[nodiscard]] EncodedMessage next(std::span<const RecordRef> records) {
    return encoder_.next(records, static_cast<std::uint32_t>(clock_.wall() / kSecond));
  }

  static void leave(SendOutcome& outcome, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) outcome.again.push_back(static_cast<std::uint32_t>(i));
  }

  SendOutcome send_datagrams(std::span<const RecordRef> records, Nanos deadline) {
    SendOutcome outcome;
    std::size_t done = 0;
    while (done < records.size() || encoder_.has_announcements()) {
      const EncodedMessage message = next(records.subspan(done));
      Status written;
      if (!message.bytes.empty()) written = channel_.write(message.bytes, deadline);
      if (!written && written.error().code == EMSGSIZE && fit_into_path()) {
        encoder_.announce_again();
        continue;
      }
      if (!written) {
        outcome.problem = written.error().message;
        leave(outcome, done, records.size());
        channel_.close();
        return outcome;
      }
      if (!message.bytes.empty()) encoder_.sent(message);
      ++since_told_;
      outcome.bytes += message.bytes.size();
      outcome.rejected += message.rejected;
      done += message.records;
    }
    return finish(std::move(outcome));
  }

  SendOutcome send_stream(std::span<const RecordRef> records, Nanos deadline) {
    struct Written {
      std::uint64_t end = 0;    ///< in the stream
      std::size_t records = 0;  ///< up to here
      std::size_t rejected = 0;
    };
    SendOutcome outcome;
    std::vector<Written> all;
    std::size_t done = 0;
    std::size_t rejected = 0;
    Status written;
    while (written && (done < records.size() || encoder_.has_announcements())) {
      const EncodedMessage message = next(records.subspan(done));
      if (!message.bytes.empty()) written = channel_.write(message.bytes, deadline);
      if (!written) break;
      if (!message.bytes.empty()) encoder_.sent(message);
      done += message.records;
      rejected += message.rejected;
      outcome.bytes += message.bytes.size();
      all.push_back({channel_.written(), done, rejected});
    }
    const bool whole = written && channel_.await_acknowledged(deadline);
    if (whole) {
      outcome.rejected = rejected;
      return finish(std::move(outcome));
    }
    channel_.close();
    // Whole messages that its system has acknowledged were taken, the others go again.
    std::size_t taken = 0;
    for (const Written& each : all) {
      if (each.end > channel_.acknowledged()) break;
      taken = each.records;
      outcome.rejected = each.rejected;
    }
    leave(outcome, taken, records.size());
    outcome.problem = written ? "the collector did not acknowledge in time, or ended the connection"
                              : written.error().message;
    return outcome;
  }

  static SendOutcome finish(SendOutcome outcome) {
    if (outcome.rejected > 0)
      outcome.problem = "records do not fit into a message; make mtu larger, or name fewer fields";
    return outcome;
  }

  [[nodiscard]] bool fit_into_path() {
    const std::size_t mtu = channel_.path_mtu();
    if (mtu >= encoder_.most() || mtu < std::max(encoder_.least_message(), kSmallest)) return false;
    encoder_.shrink(mtu);
    return true;
  }

  Encoder encoder_;
  const bool datagrams_;
  Channel channel_;
  const Timing timing_;
  const Nanos timeout_;
  const Clock& clock_;
  Nanos told_ = 0;
  std::uint64_t since_told_ = 0;  ///< messages
};

}  // namespace

const ExportScheme kIpfixUdpExport{"ipfix+udp", kPort, kParameters,
                                   "ipfix+udp://collector:4739?records=flows"};
const ExportScheme kIpfixTcpExport{"ipfix+tcp", kPort, kParameters, "ipfix+tcp://collector:4739"};
const ExportScheme kIpfixTlsExport{"ipfix+tls", kTlsPort, kParameters,
                                   "ipfix+tls://collector:4740?ca=/etc/netprobe/ca.pem"};

Result<std::unique_ptr<RecordSender>> make_ipfix_sender(const ExportTarget& target,
                                                        const Clock& clock) {
  static constexpr std::array<std::string_view, 2> kTimes{"milliseconds", "microseconds"};
  if (target.host.empty())
    return fail("which collector? Write " + target.scheme + "://HOST", ErrorKind::kUsage);
  const bool datagrams = target.scheme == "ipfix+udp";
  const std::size_t most = datagrams ? kLargestDatagram : kLargest;
  const std::uint64_t usual = datagrams ? kDatagram : kStreamMessage;
  const auto mtu = parameter_or(target, "mtu", usual, read_number, kSmallest, most);
  if (!mtu) return std::unexpected(mtu.error());
  Timing timing;
  const auto interval = parameter_or(target, "template_interval", timing.interval, read_duration,
                                     kSecond, 86'400 * kSecond);
  if (!interval) return std::unexpected(interval.error());
  const auto messages =
      parameter_or(target, "template_messages", timing.messages, read_number, 1U, 1'000'000U);
  if (!messages) return std::unexpected(messages.error());
  const auto domain = parameter_or(target, "domain", std::uint64_t{0}, read_number, 0U, UINT32_MAX);
  if (!domain) return std::unexpected(domain.error());
  const auto pen =
      parameter_or(target, "pen", std::uint64_t{ipfix::kDefaultPen}, read_number, 1U, UINT32_MAX);
  if (!pen) return std::unexpected(pen.error());
  if (*pen == ipfix::kReversePen)
    return fail("pen=29305 is that of reverse elements (RFC 5103); give another",
                ErrorKind::kUsage);
  const auto times = parameter_or(target, "times", std::size_t{0}, read_word,
                                  std::span<const std::string_view>(kTimes));
  if (!times) return std::unexpected(times.error());
  const auto types = parameter_or(target, "types", true, read_switch);
  if (!types) return std::unexpected(types.error());
  timing = {*interval, *messages};

  EncoderOptions options{.pen = static_cast<std::uint32_t>(*pen),
                         .domain = static_cast<std::uint32_t>(*domain),
                         .most = *mtu,
                         .microseconds = *times == 1,
                         .element_types = *types};
  if (!target.fields.empty() || target.fold != ExportFold::kNone) {
    const FieldSelection selection(target);
    for (std::size_t i = 0; i < kRecordKinds; ++i) {
      const auto kind = static_cast<RecordKind>(i);
      const auto chosen = selection.of(kind);
      const bool is_own = !target.fields.empty() || kind == RecordKind::kFlow;
      if (is_own) options.fields.at(i).assign(chosen.begin(), chosen.end());
    }
  }
  if (const std::size_t least = Encoder(options).least_message(); least > *mtu)
    return fail("mtu=" + std::to_string(*mtu) + " is too small for these fields, which need " +
                    std::to_string(least) + "; make it larger, or name fewer fields",
                ErrorKind::kUsage);
  ChannelOptions channel{.host = target.host,
                         .port = target.port,
                         .datagrams = datagrams,
                         .tls = target.scheme == "ipfix+tls",
                         .insecure = target.insecure,
                         .ca_file = target.ca_file,
                         .certificate_file = target.certificate_file,
                         .key_file = target.key_file};
  return std::make_unique<IpfixSender>(std::move(options), std::move(channel), timing,
                                       target.timeout, clock);
}

}  // namespace netprobe
