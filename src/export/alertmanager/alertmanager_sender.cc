// SPDX-License-Identifier: Apache-2.0
#include "export/alertmanager/alertmanager_sender.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/backoff.h"
#include "base/utf8.h"
#include "export/alertmanager/told_alerts.h"
#include "io/header_file.h"
#include "io/http_poster.h"
#include "outbox/http_target.h"
#include "outbox/post_verdict.h"
#include "outbox/read_value.h"

namespace netprobe {
namespace {

constexpr std::string_view kApi = "/api/v2/alerts";
// A kilobyte each.
constexpr std::size_t kMostTogether = 500;
constexpr Nanos kRefusalAgain = 600 * kSecond;
constexpr Nanos kLeastResend = kSecond;
constexpr Nanos kMostResend = 3600 * kSecond;

constexpr std::array kParameters{
    ExportParameter{"resend", "the time after which an active alert is sent again (default 1m)"},
    ExportParameter{"labels", "of every alert: cluster=west,…"},
    ExportParameter{"headers", "file: headers of each request, 'Name: value' a line"},
};
constexpr std::array kAlertsAlone{RecordKind::kAlert};

class AlertmanagerSender final : public RecordSender {
 public:
  AlertmanagerSender(HttpTarget http, std::string path, ToldAlertsOptions options,
                     const Clock& clock)
      : url_(http.origin + path),
        headers_file_(std::move(http.headers_file)),
        clock_(clock),
        poster_(http.options),
        told_(std::move(options)) {}

  SendOutcome send(std::span<const RecordRef> records) override {
    auto items = told_.items(records, clock_.wall(), clock_.monotonic());
    SendOutcome outcome;
    deliver(items, outcome);
    std::ranges::sort(outcome.again);
    return outcome;
  }

  /// Alertmanager forgets what is not sent again. No record waits for this, so what goes
  /// wrong is said here.
  void idle() override {
    const Nanos now = clock_.monotonic();
    if (now < not_before_) return;
    auto items = told_.items({}, clock_.wall(), now);
    if (items.empty()) return;
    SendOutcome outcome;
    if (deliver(items, outcome)) {
      backoff_.reset();
      if (!outcome.problem.empty()) complain_of_refusal(outcome.problem, now);
      if (std::exchange(complained_, false))
        spdlog::info("export to {}: active alerts are sent again", url_);
      return;
    }
    not_before_ = now + std::max(backoff_.next(), outcome.wait);
    if (!std::exchange(complained_, true))
      spdlog::warn("export to {}: alerts that go on could not be sent again: {}; it is tried again",
                   url_, outcome.problem);
  }
  void stop() override { poster_.stop(); }

 private:
  using Items = std::span<ToldAlerts::Item>;

  /// It is refused each time that it is sent again.
  void complain_of_refusal(std::string_view problem, Nanos now) {
    if (now < refusal_not_before_) return;
    refusal_not_before_ = now + kRefusalAgain;
    spdlog::warn("export to {}: an alert that goes on was refused when it was sent again: {}", url_,
                 problem);
  }

  /// False: some are to go again.
  bool deliver(Items items, SendOutcome& outcome) {
    for (std::size_t done = 0; done < items.size();) {
      const Items piece = items.subspan(done, std::min(kMostTogether, items.size() - done));
      if (!deliver_piece(piece, outcome)) {
        for (const auto& item : items.subspan(done + piece.size()))
          outcome.again.insert(outcome.again.end(), item.records.begin(), item.records.end());
        return false;
      }
      done += piece.size();
    }
    return true;
  }

  /// Alertmanager takes what is right of a request and refuses it all the same: halves of
  /// it tell which one was wrong, and it bears the others twice.
  bool deliver_piece(Items items, SendOutcome& outcome) {
    PostVerdict verdict = post(items, outcome.bytes);
    const bool one = items.size() == 1;
    switch (verdict.fate) {
      case PostVerdict::Fate::kTaken:
        for (auto& item : items) told_.taken(std::move(item), clock_.monotonic());
        return true;
      case PostVerdict::Fate::kAgain:
        note(outcome, std::move(verdict));
        for (const auto& item : items)
          outcome.again.insert(outcome.again.end(), item.records.begin(), item.records.end());
        return false;
      case PostVerdict::Fate::kTooLarge:
      case PostVerdict::Fate::kRefused:
        if (one) {
          note(outcome, std::move(verdict));
          outcome.rejected += items.front().records.size();
          told_.refused(items.front(), clock_.monotonic());
          return true;
        }
        break;
    }
    const std::size_t half = items.size() / 2;
    const bool first = deliver_piece(items.first(half), outcome);
    if (first) return deliver_piece(items.subspan(half), outcome);
    for (const auto& item : items.subspan(half))
      outcome.again.insert(outcome.again.end(), item.records.begin(), item.records.end());
    return false;
  }

  static void note(SendOutcome& outcome, PostVerdict&& verdict) {
    outcome.wait = std::max(outcome.wait, verdict.wait);
    if (outcome.problem.empty()) outcome.problem = std::move(verdict.problem);
  }

  PostVerdict post(Items items, std::uint64_t& bytes) {
    auto headers = read_header_file(headers_file_);
    if (!headers) return {.fate = PostVerdict::Fate::kAgain, .problem = headers.error().message};
    headers->emplace_back("Content-Type: application/json");
    body_ = "[";
    for (const auto& item : items) {
      if (body_.size() > 1) body_ += ',';
      body_ += item.json;
    }
    body_ += ']';
    const PostReply reply = poster_.post(url_, *headers, body_);
    bytes += reply.bytes;
    return verdict_of(reply);
  }

  const std::string url_;
  const std::string headers_file_;
  const Clock& clock_;
  HttpPoster poster_;
  ToldAlerts told_;
  Backoff backoff_{kSecond, 30 * kSecond};
  Nanos not_before_ = 0;          ///< monotonic: for what is sent again
  Nanos refusal_not_before_ = 0;  ///< monotonic: to be said again
  bool complained_ = false;
  std::string body_;
};

}  // namespace

const ExportScheme kAlertmanagerHttpExport{"alertmanager+http", 9093, kParameters,
                                           "alertmanager+http://alertmanager:9093", kAlertsAlone};
const ExportScheme kAlertmanagerHttpsExport{
    "alertmanager+https", 443, kParameters,
    "alertmanager+https://alertmanager.example?labels=cluster=west", kAlertsAlone};

Result<std::unique_ptr<RecordSender>> make_alertmanager_sender(const ExportTarget& target,
                                                               const Clock& clock) {
  auto http = http_target(target, target.scheme.ends_with('s'), false);
  if (!http) return std::unexpected(http.error());
  ToldAlertsOptions options;
  auto labels = read_pairs("labels", target.parameter("labels"));
  if (!labels) return std::unexpected(labels.error());
  for (auto& [name, value] : *labels) {
    if (!is_alert_label(name))
      return fail("labels: '" + name.substr(0, 60) +
                      "' is not letters, digits and '_' that begin with no digit",
                  ErrorKind::kUsage);
    if (!value.empty()) options.labels.emplace_back(name, mended_utf8(value));
  }
  auto resend =
      parameter_or(target, "resend", options.resend, read_duration, kLeastResend, kMostResend);
  if (!resend) return std::unexpected(resend.error());
  options.resend = *resend;
  std::string path = target.path;
  while (path.ends_with('/')) path.pop_back();
  if (!path.ends_with(kApi)) path += kApi;
  return std::make_unique<AlertmanagerSender>(std::move(*http), std::move(path), std::move(options),
                                              clock);
}

}  // namespace netprobe
