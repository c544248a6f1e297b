// SPDX-License-Identifier: Apache-2.0
#include "export/kafka/kafka_settings.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "base/ip_address.h"
#include "outbox/read_value.h"

namespace netprobe::kafka {
namespace {

constexpr std::size_t kMaxTopic = 249;
constexpr std::size_t kMaxBrokers = 100;
constexpr std::size_t kMaxPassword = 4096;
constexpr std::uint64_t kMessage = 1'000'000;
constexpr std::string_view kDefaultPort = ":9092";

constexpr std::array kParameters{
    ExportParameter{"brokers", "more of them: broker2:9092,broker3:9092"},
    ExportParameter{"partition_by", "key: workload (src's), flow, node or none (default workload)"},
    ExportParameter{"compression", "lz4, zstd, snappy, gzip or none (default lz4)"},
    ExportParameter{"linger", "how long a message waits for others of its partition (default 5ms)"},
    ExportParameter{"message_size", "of a message at most, as the broker has it (default 1MB)"},
    ExportParameter{"client_id", "as brokers see it (default netprobe)"},
    ExportParameter{"sasl", "plain, scram-sha-256 or scram-sha-512, for the URL's user"},
    ExportParameter{"password_file", "the user's password; the file is read with each producer"},
};

std::unexpected<Error> bad(std::string message) {
  return fail(std::move(message), ErrorKind::kUsage);
}

bool is_topic(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTopic && name != "." && name != ".." &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Result<std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open()) return bad("password_file: cannot read " + path);
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty() || text.size() > kMaxPassword)
    return bad("password_file: " + path + " has no password of 1 to 4096 bytes");
  return text;
}

Status add_security(const ExportTarget& target, Settings& settings) {
  static constexpr std::array<std::string_view, 3> kMechanisms{"plain", "scram-sha-256",
                                                               "scram-sha-512"};
  const bool tls = target.scheme == "kafka+tls";
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) settings.properties.emplace_back(name, value);
  };
  const std::string* sasl = target.parameter("sasl");
  if ((sasl != nullptr || target.parameter("password_file") != nullptr) && target.user.empty())
    return bad("sasl needs a user before the host: " + target.scheme + "://USER@BROKER/TOPIC");
  if (!target.user.empty()) {
    const auto which = read_word("sasl", sasl != nullptr ? *sasl : "",
                                 std::span<const std::string_view>(kMechanisms));
    if (!which) return std::unexpected(which.error());
    const std::string* file = target.parameter("password_file");
    if (file == nullptr) return bad("sasl needs password_file=FILE");
    const auto secret = read_secret(*file);
    if (!secret) return std::unexpected(secret.error());
    static constexpr std::array kNames{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
    add("sasl.mechanism", kNames.at(*which));
    add("sasl.username", target.user);
    add("sasl.password", *secret);
  }
  const std::string sasl_part = target.user.empty() ? "" : "sasl_";
  add("security.protocol", sasl_part + (tls ? "ssl" : "plaintext"));
  if (!tls) return {};
  add("ssl.ca.location", target.ca_file);
  add("ssl.certificate.location", target.certificate_file);
  add("ssl.key.location", target.key_file);
  add("enable.ssl.certificate.verification", target.insecure ? "false" : "true");
  return {};
}

}  // namespace

std::span<const ExportParameter> parameters() { return kParameters; }

Result<std::string> read_brokers(std::string_view list) {
  std::string out;
  std::size_t count = 0;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view word = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word.empty()) continue;
    std::string_view host = word;
    std::string_view port = kDefaultPort;
    const auto after = word.starts_with('[') ? word.find(']') : 0;
    const auto colon = after == std::string_view::npos ? after : word.find(':', after);
    if (colon != std::string_view::npos) {
      host = word.substr(0, colon);
      port = word.substr(colon);
    }
    const auto odd = [](char c) { return c <= ' ' || c > '~' || c == '/' || c == '@'; };
    const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2 &&
                           IpAddress::parse(host.substr(1, host.size() - 2)).has_value();
    if (host.empty() || std::ranges::any_of(host, odd) ||
        (!bracketed && host.find_first_of("[]:") != std::string_view::npos))
      return bad("brokers: '" + std::string(word.substr(0, 60)) +
                 "' is not HOST:PORT; an IPv6 address stands in brackets");
    if (const auto number = read_number("port", port.substr(1), 1U, 65'535U); !number)
      return bad("brokers: " + number.error().message);
    if (++count > kMaxBrokers) return bad("brokers: they are more than 100");
    out += (out.empty() ? "" : ",") + std::string(host) + std::string(port);
  }
  return out;
}

Result<Settings> read_settings(const ExportTarget& target) {
  static constexpr std::array<std::string_view, 4> kKeys{"workload", "flow", "node", "none"};
  static constexpr std::array<std::string_view, 5> kCodecs{"lz4", "zstd", "snappy", "gzip", "none"};
  Settings settings;
  settings.topic = target.path.substr(target.path.starts_with('/') ? 1 : 0);
  if (!is_topic(settings.topic))
    return bad("which topic? Write " + target.scheme +
               "://BROKER:9092/TOPIC; it has letters, digits, '.', '_' and '-', at most 249");
  const std::string* more = target.parameter("brokers");
  std::string list = target.host.contains(':') ? "[" + target.host + "]" : target.host;
  if (!list.empty() && target.port != 0) list += ":" + std::to_string(target.port);
  const auto brokers = read_brokers(list + "," + (more != nullptr ? *more : ""));
  if (!brokers) return std::unexpected(brokers.error());
  if (brokers->empty())
    return bad("which broker? Write " + target.scheme + "://BROKER:9092/" + settings.topic);
  const auto key = parameter_or(target, "partition_by", std::size_t{0}, read_word,
                                std::span<const std::string_view>(kKeys));
  if (!key) return std::unexpected(key.error());
  settings.key = static_cast<KeyBy>(*key);
  const auto codec = parameter_or(target, "compression", std::size_t{0}, read_word,
                                  std::span<const std::string_view>(kCodecs));
  if (!codec) return std::unexpected(codec.error());
  const auto linger =
      parameter_or(target, "linger", 5 * kMillisecond, read_duration, Nanos{0}, 60 * kSecond);
  if (!linger) return std::unexpected(linger.error());
  const auto size = parameter_or(target, "message_size", kMessage, read_size, 1000U, 100'000'000U);
  if (!size) return std::unexpected(size.error());
  const std::string* client = target.parameter("client_id");

  settings.properties = {
      {"bootstrap.servers", *brokers},
      {"client.id", client != nullptr ? *client : "netprobe"},
      // A message that is sent again is told apart by its number, and keeps its place.
      {"enable.idempotence", "true"},
      {"acks", "all"},
      // Not given up by itself: who asked for it decides, and what it may still do is
      // known (KafkaSender).
      {"message.timeout.ms", "0"},
      {"partitioner", "murmur2_random"},  // as Java's clients have it
      {"compression.codec", std::string(kCodecs.at(*codec))},
      {"linger.ms", std::to_string(static_cast<double>(*linger) / kMillisecond)},
      {"message.max.bytes", std::to_string(*size)},
      // Beside one batch of the outbox nothing waits in here.
      {"queue.buffering.max.messages", std::to_string(target.batch * 2)},
      {"queue.buffering.max.kbytes",
       std::to_string(std::max<std::size_t>(target.queue / 1024, *size / 1024 + 1))},
      {"topic.metadata.propagation.max.ms", "3000"},
      {"reconnect.backoff.max.ms", "5000"},
      {"socket.keepalive.enable", "true"},
      {"log.connection.close", "false"},
  };
  if (Status s = add_security(target, settings); !s) return std::unexpected(s.error());
  return settings;
}

}  // namespace netprobe::kafka
