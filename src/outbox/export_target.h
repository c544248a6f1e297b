// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/history.h"
#include "query/field.h"
#include "query/query.h"

namespace netprobe {

/// A parameter that an exporter takes beside those that all of them take.
struct ExportParameter {
  std::string_view name;
  std::string_view help;  ///< one line
};

/// How records leave the node.
enum class ExportFold : std::uint8_t {
  kNone,      ///< each record as it is
  kWorkload,  ///< sums of records by pair of workloads, protocol and server's port
};

/// Where records go and which, as a user wrote it:
///
///     SCHEME://HOST:PORT/PATH?PARAMETER=VALUE&… otlp+grpc://collector:4317?filter=namespace%3Dshop
///
/// or as a map in the configuration file, with the URL without its parameters under
/// the key `to`. Parameters that all exporters take: name, filter, records (kinds,
/// "flows,drops"), fields, fold, pairs, batch, interval, queue (bytes), timeout, ca,
/// certificate, key, insecure.
struct ExportTarget {
  std::string name;        ///< label of metrics, and in the log; the scheme where none is given
  std::string scheme;      ///< "otlp+grpc", "kafka", "ipfix+udp", "file" …
  std::string host;        ///< IPv6 without brackets; empty: none given
  std::uint16_t port = 0;  ///< 0: none given
  std::string path;        ///< with its first '/'; empty: none
  std::string user;        ///< of user:password@; passwords come by file
  /// Those that are the exporter's own, checked against its list; decoded.
  std::vector<std::pair<std::string, std::string>> parameters;

  /// A filter alone; null expression: everything. It holds of records of every one of
  /// `kinds`, whatever its own kind is: each of them has the fields that it names.
  Query filter;
  std::vector<RecordKind> kinds;  ///< never empty
  std::vector<FieldRef> fields;   ///< empty: the usual ones of each kind
  ExportFold fold = ExportFold::kNone;
  std::size_t batch = 1000;        ///< records sent together at most
  Nanos interval = kSecond;        ///< the longest that a record waits for others
  std::size_t queue = 16U << 20U;  ///< bytes of records that wait, estimated
  std::size_t pairs = 2000;        ///< of workloads in one interval of a fold; the rest is ~other
  Nanos timeout = 10 * kSecond;    ///< of one send
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  bool insecure = false;

  /// The value of one of `parameters`; null: not given.
  [[nodiscard]] const std::string* parameter(std::string_view key) const;
  /// The URL without its parameters: nothing that is secret.
  [[nodiscard]] std::string where() const;
};

/// What an exporter says of itself, in the registry.
struct ExportScheme {
  std::string_view scheme;
  std::uint16_t default_port = 0;  ///< 0: a port must be given, or makes no sense
  std::span<const ExportParameter> parameters;
  std::string_view example;  ///< a whole URL, for help and messages
  /// The kinds of records that it takes; empty: all.
  std::span<const RecordKind> only = {};
  /// Records that it sends together at most, where `batch` is not given.
  std::size_t batch = 1000;
};

/// The parameters that all exporters take, for help.
[[nodiscard]] std::span<const ExportParameter> common_export_parameters();

/// Reads a target. Errors are one sentence that names what is wrong, what is
/// allowed, and for a filter the column. %XX in values is decoded, a '+' is itself.
/// `now`: wall.
[[nodiscard]] Result<ExportTarget> parse_export_target(std::string_view url,
                                                       std::span<const ExportScheme> schemes,
                                                       Nanos now);

}  // namespace netprobe
