// SPDX-License-Identifier: Apache-2.0
#include "outbox/export_target.h"

#include <algorithm>
#include <array>
#include <optional>

#include "outbox/export_url.h"
#include "outbox/read_value.h"
#include "query/field_names.h"
#include "query/nearest.h"
#include "query/query_error.h"

namespace netprobe {
namespace {

constexpr std::array kCommon{
    ExportParameter{"name",
                    "its name in metrics and in the log (default: what the URL begins with)"},
    ExportParameter{"filter", "which records, as in queries: namespace=shop and port=443"},
    ExportParameter{"records",
                    "kinds: flows, drops, connections, alerts (default: all that fit the "
                    "filter)"},
    ExportParameter{"fields", "which fields of each record (default: those that a query shows)"},
    ExportParameter{"fold", "workload: sums by pair of workloads in place of flows (default none)"},
    ExportParameter{"pairs", "pairs of workloads of one interval of a fold (default 2000)"},
    ExportParameter{"batch",
                    "records sent together at most (default 1000; of Kafka and OTLP 4000)"},
    ExportParameter{"interval",
                    "the longest that a record waits for others (default 1s; of a fold "
                    "10s)"},
    ExportParameter{"queue", "memory of records that wait (default 16MiB)"},
    ExportParameter{"timeout", "of one send (default 10s)"},
    ExportParameter{"ca", "file: who may sign the receiver's certificate"},
    ExportParameter{"certificate", "file: who we are, in TLS"},
    ExportParameter{"key", "file: its key"},
    ExportParameter{"insecure", "take any certificate (default false)"},
};

// Bytes of the queue for each record of a batch: many times what one takes.
constexpr std::size_t kRoomOfOne = 4096;
constexpr Nanos kFoldInterval = 10 * kSecond;
constexpr std::uint64_t kLeastQueue = 64U << 10U;
constexpr std::uint64_t kMostQueue = 64ULL << 30U;
constexpr std::size_t kMaxName = 63;
constexpr std::size_t kMaxFields = 100;

std::unexpected<Error> bad(std::string message) {
  return fail(std::move(message), ErrorKind::kUsage);
}

std::unexpected<Error> bad_value(std::string_view name, std::string_view value,
                                 const std::string& allowed) {
  return bad(std::string(name) + "='" + std::string(value.substr(0, 60)) + "' is not " + allowed);
}

template <typename List, typename Value>
bool contains(const List& list, const Value& value) {
  return std::ranges::find(list, value) != list.end();
}

/// Calls `each` with the pieces between commas, without blanks around them.
template <typename Each>
Status for_each_word(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string_view word = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word.empty()) continue;
    if (Status s = each(word); !s) return s;
  }
  return {};
}

/// Reads the values of parameters into a target.
class TargetReader {
 public:
  TargetReader(ExportTarget& target, const ExportScheme& scheme, Nanos now)
      : target_(target), scheme_(scheme), now_(now) {}

  Status read(std::string_view name, const std::string& value) {
    if (name == "name") return read_name(value);
    if (name == "filter") return read_filter(value);
    if (name == "records") return read_records(value);
    if (name == "fields") return read_fields(value);
    if (name == "fold") return read_fold(value);
    if (name == "pairs") return keep(read_number(name, value, 1, 1'000'000), target_.pairs);
    if (name == "batch") {
      batch_given_ = true;
      return keep(read_number(name, value, 1, 100'000), target_.batch);
    }
    if (name == "interval") return read_interval(value);
    if (name == "queue")
      return keep(read_size(name, value, kLeastQueue, kMostQueue), target_.queue);
    if (name == "timeout")
      return keep(read_duration(name, value, 100 * kMillisecond, 600 * kSecond), target_.timeout);
    if (name == "ca") return read_file(name, value, target_.ca_file);
    if (name == "certificate") return read_file(name, value, target_.certificate_file);
    if (name == "key") return read_file(name, value, target_.key_file);
    return keep(read_switch(name, value), target_.insecure);
  }

  /// What depends on several of them.
  Status finish() {
    if (target_.name.empty()) target_.name = target_.scheme;
    if (target_.certificate_file.empty() != target_.key_file.empty())
      return bad("certificate and key go together: give both, or neither");
    if (target_.fold == ExportFold::kWorkload && !interval_given_) target_.interval = kFoldInterval;
    // A batch that hardly fits into the queue would wait for its time while others find no room.
    if (!batch_given_)
      target_.batch = std::min(scheme_.batch, std::max(target_.batch, target_.queue / kRoomOfOne));
    if (auto s = settle_kinds(); !s) return s;
    return check_fields();
  }

 private:
  Status read_name(const std::string& value) {
    const auto is_plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '_' || c == '-' || c == '+';
    };
    if (value.empty() || value.size() > kMaxName || !std::ranges::all_of(value, is_plain))
      return bad_value("name", value, "letters, digits, '.', '_', '-' and '+', at most 63");
    target_.name = value;
    return {};
  }

  Status read_filter(const std::string& value) {
    auto query = parse_filter(value, now_);
    if (!query) return bad("filter: " + query_error_line(value, query.error()));
    target_.filter = std::move(*query);
    filter_ = value;
    return {};
  }

  Status read_records(const std::string& value) {
    static constexpr std::array<std::string_view, kRecordKinds> kWords{"flows", "drops",
                                                                       "connections", "alerts"};
    kinds_.emplace();
    auto s = for_each_word(value, [&](std::string_view word) -> Status {
      const auto* found = std::ranges::find(kWords, word);
      if (found == kWords.end())
        return bad("records: there are no '" + std::string(word.substr(0, 60)) +
                   "'; there are flows, drops, connections and alerts" +
                   did_you_mean(nearest_words(word, kWords)));
      const auto kind = static_cast<RecordKind>(found - kWords.begin());
      if (!contains(*kinds_, kind)) kinds_->push_back(kind);
      return {};
    });
    if (s && kinds_->empty())
      return bad("records is empty: name some of flows, drops, connections, alerts");
    return s;
  }

  Status read_fields(const std::string& value) {
    auto s = for_each_word(value, [&](std::string_view word) -> Status {
      const auto named = find_field(word);
      if (!named)
        return bad("fields: there is no '" + std::string(word.substr(0, 60)) + "'" +
                   did_you_mean(nearest_fields(word, 0xff)) + " (docs/query.md lists them)");
      if (named->is_bare())
        return bad("fields: '" + std::string(word) + "' is of either side: write src." +
                   std::string(named->name) + " or dst." + std::string(named->name));
      if (named->is_label() && !is_label_key(named->label))
        return bad("fields: which label? Write " + std::string(named->name) + ".KEY, such as " +
                   std::string(named->name) + ".app");
      FieldRef ref{named->ids.front(), named->label};
      if (!contains(target_.fields, ref)) target_.fields.push_back(std::move(ref));
      if (target_.fields.size() > kMaxFields) return bad("fields: they are more than 100");
      return {};
    });
    if (s && target_.fields.empty())
      return bad("fields is empty: leave it out for the usual ones, or name some");
    return s;
  }

  Status read_fold(const std::string& value) {
    if (value == "none") {
      target_.fold = ExportFold::kNone;
    } else if (value == "workload") {
      target_.fold = ExportFold::kWorkload;
    } else {
      return bad_value("fold", value, "none or workload");
    }
    return {};
  }

  Status read_interval(const std::string& value) {
    interval_given_ = true;
    return keep(read_duration("interval", value, 10 * kMillisecond, 3600 * kSecond),
                target_.interval);
  }

  template <typename Value, typename Member>
  static Status keep(const Result<Value>& value, Member& into) {
    if (!value) return std::unexpected(value.error());
    into = *value;
    return {};
  }

  static Status read_file(std::string_view name, const std::string& value, std::string& into) {
    if (!value.starts_with('/')) return bad_value(name, value, "a path that begins with /");
    into = value;
    return {};
  }

  /// Does the filter make sense for records of this kind?
  [[nodiscard]] bool fits(RecordKind kind) const {
    return parse_filter(std::string(to_string(kind)) + " " + filter_, now_).has_value();
  }

  /// Of a destination that takes some kinds alone.
  Status settle_only() {
    if (scheme_.only.empty()) return {};
    if (!kinds_) kinds_.emplace(scheme_.only.begin(), scheme_.only.end());
    for (const RecordKind kind : *kinds_)
      if (!contains(scheme_.only, kind))
        return bad("records: " + std::string(scheme_.scheme) + " takes no " +
                   std::string(to_string(kind)) + ", but " + list_of(scheme_.only) +
                   " alone; name another destination for them");
    return {};
  }

  static std::string list_of(std::span<const RecordKind> kinds) {
    std::string list;
    for (const RecordKind kind : kinds)
      list += (list.empty() ? "" : ", ") + std::string(to_string(kind));
    return list;
  }

  Status settle_kinds() {
    if (auto s = settle_only(); !s) return s;
    std::vector<RecordKind> fitting;
    for (std::size_t i = 0; i < kRecordKinds; ++i)
      if (const auto kind = static_cast<RecordKind>(i); fits(kind)) fitting.push_back(kind);
    // One that begins with the kind that it is about.
    if (fitting.empty()) fitting.push_back(target_.filter.kind);
    target_.kinds = kinds_.value_or(fitting);
    for (const RecordKind kind : target_.kinds)
      if (!contains(fitting, kind))
        return bad(
            "filter: '" + filter_ + "' asks for what " + std::string(to_string(kind)) +
            " do not have; leave them out of records, or write another destination for them");
    return {};
  }

  Status check_fields() {
    const auto has_none = [&](RecordKind kind) {
      return std::ranges::none_of(target_.fields,
                                  [&](const FieldRef& ref) { return field(ref.id).of(kind); });
    };
    if (target_.fields.empty()) return {};
    if (!kinds_) std::erase_if(target_.kinds, has_none);
    if (target_.kinds.empty())
      return bad("fields: what the filter asks for has none of them; name one that it has");
    for (const RecordKind kind : target_.kinds)
      if (has_none(kind))
        return bad("fields: " + std::string(to_string(kind)) +
                   " have none of them; leave these out of records, or name one that they have");
    return {};
  }

  ExportTarget& target_;
  const ExportScheme& scheme_;
  Nanos now_;
  std::string filter_;
  std::optional<std::vector<RecordKind>> kinds_;
  bool interval_given_ = false;
  bool batch_given_ = false;
};

Result<const ExportScheme*> find_scheme(std::string_view scheme,
                                        std::span<const ExportScheme> schemes) {
  std::vector<std::string_view> words;
  for (const ExportScheme& each : schemes) {
    if (each.scheme == scheme) return &each;
    words.push_back(each.scheme);
  }
  std::string list;
  for (const auto word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  return bad("nothing is exported to '" + std::string(scheme.substr(0, 60)) + "'; there are " +
             list + did_you_mean(nearest_words(scheme, words)));
}

std::unexpected<Error> unknown_parameter(std::string_view name, const ExportScheme& scheme) {
  std::vector<std::string_view> words;
  for (const ExportParameter& own : scheme.parameters) words.push_back(own.name);
  for (const ExportParameter& common : kCommon) words.push_back(common.name);
  const std::string near = did_you_mean(nearest_words(name, words));
  std::string list;
  if (near.empty()) {
    for (const auto word : words)
      list += (list.empty() ? "; there are " : ", ") + std::string(word);
    list += " (an '&' within a value is written %26)";
  }
  return bad(std::string(scheme.scheme) + " takes no parameter '" +
             std::string(name.substr(0, 60)) + "'" + near + list);
}

bool has_parameter(std::span<const ExportParameter> parameters, std::string_view name) {
  return std::ranges::find(parameters, name, &ExportParameter::name) != parameters.end();
}

}  // namespace

const std::string* ExportTarget::parameter(std::string_view key) const {
  const auto found =
      std::ranges::find(parameters, key, &std::pair<std::string, std::string>::first);
  return found == parameters.end() ? nullptr : &found->second;
}

std::string ExportTarget::where() const {
  std::string text = scheme + ":";
  if (host.empty() && path.empty()) return text;
  text += "//" + (user.empty() ? "" : user + "@");
  text += host.contains(':') ? "[" + host + "]" : host;
  if (port != 0) text += ":" + std::to_string(port);
  return text + path;
}

std::span<const ExportParameter> common_export_parameters() { return kCommon; }

Result<ExportTarget> parse_export_target(std::string_view url,
                                         std::span<const ExportScheme> schemes, Nanos now) {
  auto parts = parse_export_url(url);
  if (!parts) return std::unexpected(parts.error());
  const auto scheme = find_scheme(parts->scheme, schemes);
  if (!scheme) return std::unexpected(scheme.error());
  ExportTarget target;
  target.scheme = std::move(parts->scheme);
  target.user = std::move(parts->user);
  target.host = std::move(parts->host);
  target.port = parts->port != 0 || target.host.empty() ? parts->port : (*scheme)->default_port;
  target.path = std::move(parts->path);
  TargetReader reader(target, **scheme, now);
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : parts->parameters) {
    const bool own = has_parameter((*scheme)->parameters, name);
    if (!own && !has_parameter(kCommon, name)) return unknown_parameter(name, **scheme);
    if (contains(seen, name)) return bad(name + " is given twice");
    seen.push_back(name);
    if (own) {
      target.parameters.emplace_back(name, value);
    } else if (auto s = reader.read(name, value); !s) {
      return std::unexpected(s.error());
    }
  }
  if (auto s = reader.finish(); !s) return std::unexpected(s.error());
  return target;
}

}  // namespace netprobe
