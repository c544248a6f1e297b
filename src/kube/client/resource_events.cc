// SPDX-License-Identifier: Apache-2.0
#include "kube/client/resource_watch.h"

/// The part of ResourceWatch that reads what a watch tells.
namespace netprobe::kube {
namespace {

/// A watch that lasted so long was a good one.
constexpr Nanos kGoodWatch = 5 * kSecond;
/// Unreadable watches in a row before a new list.
constexpr int kMostBroken = 3;
constexpr std::size_t kUsualLine = 64U << 10U;

}  // namespace

bool ResourceWatch::take_watch_data(std::string_view data) {
  last_data_ = host_.clock().monotonic();
  status_.last_contact = host_.clock().wall();
  while (!data.empty()) {
    const auto end = data.find('\n');
    const auto part = data.substr(0, end);
    if (line_.size() + part.size() > options_.max_object) line_too_long_ = true;
    if (line_too_long_)
      line_.clear();
    else
      line_ += part;
    if (end == std::string_view::npos) return true;
    data.remove_prefix(end + 1);
    if (!take_line()) return false;
    line_.clear();
    line_too_long_ = false;
    if (line_.capacity() > kUsualLine) line_.shrink_to_fit();
  }
  return true;
}

/// False where the watch is to end; why is in watch_error_ or watch_trouble_.
bool ResourceWatch::take_line() {
  if (line_too_long_) {
    ++counts_.objects;
    return true;
  }
  if (line_.find_first_not_of(" \t\r") == std::string::npos) return true;
  const auto event = host_.parser().parse(padded(line_));
  JsonElement object;
  if (!event || !event->is_object() || (*event)["object"].get(object) != simdjson::SUCCESS ||
      !object.is_object()) {
    // What it was is not known, so something may be missing from here on.
    watch_trouble_ = "the server sent what is no event";
    ++broken_lines_;
    return false;
  }
  return take_event(text_view(*event, "type"), object);
}

bool ResourceWatch::take_event(std::string_view type, JsonElement object) {
  if (type == "ERROR") {
    watch_error_ = decode_status(object).value_or(ApiStatus{});
    return false;
  }
  broken_lines_ = 0;
  JsonElement metadata;
  if (object["metadata"].get(metadata) == simdjson::SUCCESS) {
    if (const auto version = text_view(metadata, "resourceVersion"); !version.empty()) {
      // Versions of a watch only grow. A server whose database was put back to
      // an earlier state knows nothing of what was told since.
      if (version_number(version) < version_number(version_)) {
        watch_error_ = ApiStatus{.code = 410};
        return false;
      }
      version_ = version;
      progress_ = true;
    }
  }
  if (type == "BOOKMARK") return true;
  ++status_.events;
  auto decoded = decode_object(type_.kind, object, counts_);
  if (!decoded) return true;
  if (type == "DELETED")
    known_.remove(*decoded);
  else if (type == "ADDED" || type == "MODIFIED")
    known_.put(std::move(*decoded));
  else
    ++counts_.objects;
  return true;
}

void ResourceWatch::watch_done(const Outcome& outcome) {
  request_ = 0;
  line_ = {};
  const std::string what = "watching " + status_.name;
  if (progress_ || host_.clock().monotonic() - began_ > kGoodWatch) backoff_.reset();
  const bool gone = (watch_error_ && watch_error_->code == 410) ||
                    (outcome.failure == Outcome::Failure::kNone && outcome.status == 410);
  if (gone) {
    // What happened since is no longer there to be told.
    version_.clear();
    watch_error_.reset();
    // At once, unless the server said so of a list that it had just given.
    const bool again = !progress_ && !gone_backoff_.fresh();
    if (progress_) gone_backoff_.reset();
    const Nanos wait = gone_backoff_.next();
    wait_until(again ? host_.clock().monotonic() + wait : 0);
    return;
  }
  if (watch_error_) {
    retry(what + ": " +
          (watch_error_->message.empty() ? "the server ended it with an error"
                                         : watch_error_->message));
    watch_error_.reset();
    return;
  }
  if (outcome.failure == Outcome::Failure::kRefusedByUs) {
    if (broken_lines_ >= kMostBroken) {
      version_.clear();
      broken_lines_ = 0;
    }
    retry(what + ": " + watch_trouble_);
    return;
  }
  if (outcome.failure != Outcome::Failure::kNone || outcome.status != 200) {
    refused(outcome, what);
    return;
  }
  // Its time was over. One that ends at once may do so again.
  const bool at_once = !progress_ && host_.clock().monotonic() - began_ < kSecond;
  wait_until(at_once ? host_.clock().monotonic() + backoff_.next() : 0);
}

}  // namespace netprobe::kube
