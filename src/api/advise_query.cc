// SPDX-License-Identifier: Apache-2.0
#include "api/advise_query.h"

#include <array>

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 6> kNames{"namespace", "workload",    "since",
                                                 "labels",    "any_outside", "include_unanswered"};
/// Of these a check has no use for the rest.
constexpr std::size_t kCheckNames = 3;
constexpr std::string_view kSince = "7d";

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail,
                              std::vector<std::string_view> allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

/// A text of the query language that is itself.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

QueryResult<void> take(network_policy::AdviceQuestion& question, std::string_view name,
                       const std::string& value) {
  if (value.empty()) return bad(name, std::string(name) + " is given without a value");
  if (name == "namespace") question.name_space = value;
  if (name == "workload") question.workload = value;
  if (name == "since") question.since = value;
  if (name == "labels") {
    auto labels = network_policy::parse_labels(value);
    if (!labels) return bad(name, "labels: " + labels.error().message);
    question.labels = std::move(*labels);
  }
  if (name == "any_outside" || name == "include_unanswered") {
    if (value != "true" && value != "false")
      return bad(
          name,
          "'" + value + "' is not a value for " + std::string(name) + ": use one of true, false",
          {"true", "false"});
    (name == "any_outside" ? question.any_outside : question.unanswered) = value == "true";
  }
  return {};
}

}  // namespace

std::string observed_query(const std::string& name_space, const std::string& workload) {
  const auto side = [&](const std::string& name) {
    std::string text = name + ".kind=pod " + name + ".namespace=" + literal(name_space);
    if (!workload.empty()) text += " " + name + ".workload=" + literal(workload);
    return "(" + text + ")";
  };
  return "flows " + side("src") + " or " + side("dst") +
         " | sum connections, flows, reverse_packets, reverse_bytes by src.kind, "
         "src.namespace, src.workload, src.workload.kind, src.ip, dst.kind, dst.namespace, "
         "dst.workload, dst.workload.kind, dst.ip, dst.port, translated.dst.ip, "
         "translated.dst.port, protocol, service, service.namespace";
}

QueryResult<AdviseQuery> parse_advise_query(const QueryParams& params, Nanos now, bool check) {
  const std::span<const std::string_view> names(kNames.data(), check ? kCheckNames : kNames.size());
  const auto values = named_values(params, names, {});
  if (!values) return std::unexpected(values.error());
  AdviseQuery query;
  network_policy::AdviceQuestion& question = query.question;
  question.since = kSince;
  for (const auto& [name, value] : *values)
    if (auto taken = take(question, name, *value); !taken) return std::unexpected(taken.error());
  if (question.name_space.empty())
    return bad("namespace",
               "the parameter 'namespace' is missing: say whose pods, as in "
               "?namespace=shop");
  if (question.labels && question.workload.empty())
    return bad("labels", "labels are those of one workload: say which with workload=, as well");
  const std::string most = std::to_string(kMostObserved);
  auto ask = parse_ask({{"q", observed_query(question.name_space, question.workload)},
                        {"since", question.since},
                        {"max_rows", most},
                        {"limit", most}},
                       now);
  // A name that no query can have is nobody's.
  if (!ask) {
    BadQuery error = ask.error();
    if (error.parameter != "since") error.parameter = "namespace";
    error.place.reset();
    return std::unexpected(std::move(error));
  }
  query.ask = std::move(*ask);
  return query;
}

}  // namespace netprobe
