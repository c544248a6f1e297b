// SPDX-License-Identifier: Apache-2.0
#include "export/webhook/webhook_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "base/version.h"
#include "export/webhook/alert_body.h"
#include "export/webhook/signature.h"
#include "io/header_file.h"
#include "io/http_poster.h"
#include "outbox/http_target.h"
#include "outbox/post_verdict.h"

namespace netprobe {
namespace {

constexpr std::array kParameters{
    ExportParameter{"secret", "file: what signs each request (HMAC-SHA-256)"},
    ExportParameter{"headers", "file: headers of each request, 'Name: value' a line"},
};
constexpr std::array kAlertsAlone{RecordKind::kAlert};

const AlertEvent& alert_of(const RecordRef& record) {
  return *static_cast<const AlertEvent*>(record.record);
}

class WebhookSender final : public RecordSender {
 public:
  WebhookSender(HttpTarget http, const std::string& path, std::string secret_file,
                const Clock& clock)
      : url_(http.origin + (path.empty() ? "/" : path)),
        headers_file_(std::move(http.headers_file)),
        secret_file_(std::move(secret_file)),
        clock_(clock),
        poster_(once(http.options)) {}

  SendOutcome send(std::span<const RecordRef> records) override {
    SendOutcome outcome;
    std::size_t done = 0;
    most_ = std::max(most_, std::size_t{1});
    while (done < records.size()) {
      const auto piece = records.subspan(done, std::min(most_, records.size() - done));
      PostVerdict verdict = post(piece, outcome.bytes);
      if (verdict.fate == PostVerdict::Fate::kTooLarge && piece.size() > 1) {
        most_ = piece.size() / 2;
        continue;
      }
      if (!verdict.problem.empty() && outcome.problem.empty())
        outcome.problem = std::move(verdict.problem);
      if (verdict.fate == PostVerdict::Fate::kAgain) {
        if (verdict.in_doubt) doubt(piece);
        outcome.wait = verdict.wait;
        for (std::size_t i = done; i < records.size(); ++i)
          outcome.again.push_back(static_cast<std::uint32_t>(i));
        break;
      }
      if (verdict.fate != PostVerdict::Fate::kTaken) outcome.rejected += piece.size();
      for (const RecordRef& record : piece) doubtful_.erase(event_id_of(alert_of(record)));
      done += piece.size();
    }
    return outcome;
  }
  void stop() override { poster_.stop(); }

 private:
  /// What was sent twice is said in the body, so nothing may be that we do not know of.
  static HttpPosterOptions once(HttpPosterOptions options) {
    options.once = true;
    return options;
  }

  /// Those that come again are the first of the next send: as many as a batch has.
  void doubt(std::span<const RecordRef> piece) {
    for (const RecordRef& record : piece) doubtful_.insert(event_id_of(alert_of(record)));
  }

  PostVerdict post(std::span<const RecordRef> piece, std::uint64_t& bytes) {
    // Anew each time: what is in the files may be another secret by now.
    auto headers = read_header_file(headers_file_);
    if (!headers) return again(headers.error());
    std::string secret;
    if (!secret_file_.empty()) {
      auto read = read_secret(secret_file_);
      if (!read) return again(read.error());
      secret = std::move(*read);
    }
    const std::string id = write(piece);
    headers->emplace_back("Content-Type: application/json");
    for (std::string& header : webhook_headers(id, clock_.wall(), secret, body_))
      headers->push_back(std::move(header));
    const PostReply reply = poster_.post(url_, *headers, body_);
    bytes += reply.bytes;
    return verdict_of(reply);
  }

  static PostVerdict again(const Error& error) {
    return {.fate = PostVerdict::Fate::kAgain, .problem = error.message};
  }

  /// Makes the body, and returns what it is known by: the same for the same alerts.
  std::string write(std::span<const RecordRef> piece) {
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    body_.clear();
    JsonObject json(body_);
    json.text("schema", kWebhookSchema);
    json.key("sender");
    JsonObject sender(body_);
    sender.text("product", "netprobe");
    sender.text("version", kVersion);
    sender.text("node", piece.front().node);
    sender.close();
    json.key("alerts");
    JsonArray list(body_);
    for (const RecordRef& record : piece) {
      const AlertEvent& event = alert_of(record);
      const std::string id = event_id_of(event);
      for (const char c : id) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
      list.next();
      append_alert_body(body_, event, record.node, doubtful_.contains(id));
    }
    list.close();
    json.close();
    return fmt::format("msg_{:016x}", hash);
  }

  const std::string url_;
  const std::string headers_file_;
  const std::string secret_file_;
  const Clock& clock_;
  HttpPoster poster_;
  std::size_t most_ = 1000;  ///< alerts of one request
  std::set<std::string, std::less<>> doubtful_;
  std::string body_;
};

}  // namespace

const ExportScheme kWebhookHttpExport{"webhook+http", 80, kParameters,
                                      "webhook+http://receiver:8080/alerts?records=alerts",
                                      kAlertsAlone};
const ExportScheme kWebhookHttpsExport{
    "webhook+https", 443, kParameters,
    "webhook+https://receiver/alerts?secret=/etc/netprobe/webhook.secret", kAlertsAlone};

Result<std::unique_ptr<RecordSender>> make_webhook_sender(const ExportTarget& target,
                                                          const Clock& clock) {
  auto http = http_target(target, target.scheme.ends_with('s'), false);
  if (!http) return std::unexpected(http.error());
  std::string secret_file;
  if (const auto* file = target.parameter("secret")) {
    if (const auto secret = read_secret(*file); !secret)
      return fail(secret.error().message, ErrorKind::kUsage);
    secret_file = *file;
  }
  return std::make_unique<WebhookSender>(std::move(*http), target.path, std::move(secret_file),
                                         clock);
}

}  // namespace netprobe
