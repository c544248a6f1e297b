// SPDX-License-Identifier: Apache-2.0
#include "kube/client/resource_watch.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace netprobe::kube {
namespace {

constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
/// All of a list that is not its items.
constexpr std::size_t kMostAround = 1U << 20U;
/// Lists that outlived their continue token before one is asked for whole.
constexpr int kMostExpired = 2;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kMetadataList =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
constexpr std::string_view kMetadata =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// For a query's value.
std::string escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') || c == '-' || c == '.' || c == '_';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

/// What the server says of an answer that is not 200.
std::string sentence(const Outcome& outcome, const std::string& what) {
  std::string text = what + ": the server answers " + std::to_string(outcome.status);
  if (const auto status = parse_status(outcome.body); status && !status->message.empty())
    text += ": " + status->message;
  return text;
}

}  // namespace

ResourceWatch::ResourceWatch(const ResourceType& type, const KubeClientOptions& options,
                             WatchHost& host)
    : type_(type),
      options_(options),
      host_(host),
      backoff_(options.backoff_min, options.backoff_max),
      gone_backoff_(options.backoff_min, options.backoff_max),
      known_([this](KubeObject object, bool deleted) {
        host_.emit({.deleted = deleted, .seen = host_.clock().wall(), .object = std::move(object)});
      }) {
  status_.name = type.name;
}

KubeResourceStatus ResourceWatch::status() const {
  KubeResourceStatus status = status_;
  status.objects = known_.size();
  status.skipped = counts_.objects;
  status.bad_addresses = counts_.addresses;
  return status;
}

Nanos ResourceWatch::due() const {
  if (state_ == State::kWaiting) return due_;
  if (state_ == State::kListing) return kNever;
  return watch_open_ ? last_data_ + options_.watch_silence : began_ + options_.silence;
}

void ResourceWatch::step() {
  const Nanos now = host_.clock().monotonic();
  if (now < due()) return;
  if (state_ == State::kWaiting) {
    if (version_.empty())
      relist();
    else
      request_watch();
    return;
  }
  // A watch that nothing is heard of: the connection may be dead, or the
  // server has nothing to say and sends no bookmarks. Asking again tells.
  host_.transport().cancel(std::exchange(request_, 0));
  if (watch_open_) {
    request_watch();
  } else {
    retry(status_.name + ": the server does not answer");
  }
}

void ResourceWatch::hurry() {
  if (state_ == State::kWaiting && !denied_) due_ = 0;
}

void ResourceWatch::start_over() {
  host_.transport().cancel(std::exchange(request_, 0));
  version_.clear();
  denied_ = false;
  denied_since_ = 0;
  other_tried_ = false;
  backoff_.reset();
  wait_until(0);
}

void ResourceWatch::wait_until(Nanos when) {
  state_ = State::kWaiting;
  due_ = when;
}

std::string ResourceWatch::path() const {
  std::string path(older_ ? type_.older_path : type_.path);
  path += '?';
  if (type_.kind == ResourceKind::kPod && options_.this_node_only)
    path += "fieldSelector=spec.nodeName%3D" + escape(options_.node_name) + "&";
  return path;
}

void ResourceWatch::relist() {
  ++status_.lists;
  known_.begin_list();
  continue_.clear();
  request_page();
}

void ResourceWatch::request_page() {
  state_ = State::kListing;
  splitter_ = std::make_unique<ListSplitter>(options_.max_object, kMostAround);
  Request request;
  request.path = path();
  const bool one_node = type_.kind == ResourceKind::kPod && options_.this_node_only;
  if (one_node && first_list_) {
    // The pods of one node are few, but to pick them out of the database the
    // server reads all; its cache has them at hand and knows no pages.
    request.path += "resourceVersion=0";
  } else if (options_.page_size > 0 && expired_pages_ < kMostExpired) {
    request.path += "limit=" + std::to_string(options_.page_size);
  }
  if (!continue_.empty()) request.path += "&continue=" + escape(continue_);
  request.accept = type_.metadata_only ? kMetadataList : kJson;
  request.compressed = options_.compressed;
  request.silence = options_.silence;
  request.on_begin = [this](int) { status_.last_contact = host_.clock().wall(); };
  request.on_data = [this](std::string_view data) {
    status_.last_contact = host_.clock().wall();
    const auto fed = splitter_->feed(data, [this](std::string_view item) { take_item(item); });
    if (!fed) watch_trouble_ = fed.error().message;
    return fed.has_value();
  };
  request.on_done = [this](const Outcome& outcome) { page_done(outcome); };
  request_ = host_.transport().start(std::move(request));
}

void ResourceWatch::take_item(std::string_view text) {
  const auto parsed = host_.parser().parse(text);
  if (!parsed) {
    ++counts_.objects;
    return;
  }
  if (auto decoded = decode_object(type_.kind, *parsed, counts_)) known_.put(std::move(*decoded));
}

void ResourceWatch::page_done(const Outcome& outcome) {
  request_ = 0;
  const auto splitter = std::move(splitter_);
  const std::string trouble = std::exchange(watch_trouble_, {});
  const std::string what = "listing " + status_.name;
  if (outcome.status == 410 && outcome.failure == Outcome::Failure::kNone) {
    // The list took longer than the server keeps its state.
    ++status_.failures;
    if (!continue_.empty()) ++expired_pages_;
    retry(sentence(outcome, what));
    return;
  }
  if (outcome.failure == Outcome::Failure::kRefusedByUs) {
    retry(what + ": " + trouble);
    return;
  }
  if (outcome.failure != Outcome::Failure::kNone || outcome.status != 200) {
    refused(outcome, what);
    return;
  }
  auto rest = splitter->finish();
  const auto root = rest ? host_.parser().parse(padded(*rest)) : std::nullopt;
  JsonElement metadata;
  if (!root || !text_view(*root, "kind").ends_with("List") ||
      (*root)["metadata"].get(metadata) != simdjson::SUCCESS ||
      text_view(metadata, "resourceVersion").empty()) {
    retry(what + ": " + (rest ? "the answer is no list" : rest.error().message));
    return;
  }
  host_.answered();
  counts_.objects += splitter->skipped();
  const std::string before = std::exchange(continue_, text(metadata, "continue"));
  if (!continue_.empty() && continue_ == before) {
    retry(what + ": the server sends the same page again and again");
    return;
  }
  if (continue_.empty())
    list_done(text(metadata, "resourceVersion"));
  else
    request_page();
}

void ResourceWatch::list_done(std::string version) {
  known_.end_list();
  version_ = std::move(version);
  status_.synced = true;
  status_.error.clear();
  denied_ = false;
  denied_since_ = 0;
  other_tried_ = false;
  first_list_ = false;
  expired_pages_ = 0;
  broken_lines_ = 0;
  backoff_.reset();
  request_watch();
}

void ResourceWatch::refused(const Outcome& outcome, const std::string& what) {
  host_.failed(outcome);
  if (outcome.failure != Outcome::Failure::kNone) {
    retry(what + ": " + outcome.error);
    return;
  }
  if (outcome.status != 401) host_.answered();
  if (outcome.status == 404 && !type_.older_path.empty() && !other_tried_) {
    // The server was exchanged for one that has the other version.
    other_tried_ = true;
    older_ = !older_;
    ++status_.failures;
    version_.clear();
    wait_until(0);
    return;
  }
  if (outcome.status == 403 || outcome.status == 404) {
    other_tried_ = false;
    const Nanos now = host_.clock().monotonic();
    if (denied_since_ == 0) denied_since_ = now;
    // A server that has just started refuses everybody until it has read its
    // roles: what it allowed before it will allow again, from where it was.
    if (now - denied_since_ < options_.denied_patience) {
      denied_ = denied_ || !status_.synced;
      retry(sentence(outcome, what));
      return;
    }
    ++status_.failures;
    denied_ = true;
    version_.clear();
    status_.error = sentence(outcome, what);
    wait_until(now + backoff_.spread(options_.denied_retry));
    return;
  }
  retry(sentence(outcome, what), std::min(outcome.retry_after, options_.retry_after_max));
}

void ResourceWatch::retry(std::string error, Nanos at_least) {
  ++status_.failures;
  status_.error = std::move(error);
  const Nanos now = host_.clock().monotonic();
  // Those whom the server told the same time do not come together either.
  const Nanos asked = at_least == 0 ? 0 : at_least + backoff_.spread(at_least / 4);
  wait_until(now + std::max(backoff_.next(), asked));
}

void ResourceWatch::request_watch() {
  state_ = State::kWatching;
  ++status_.watches;
  line_.clear();
  line_too_long_ = false;
  watch_open_ = false;
  progress_ = false;
  watch_error_.reset();
  watch_trouble_.clear();
  began_ = host_.clock().monotonic();
  last_data_ = began_;
  // In the upper half of one and a half times the wish: from three quarters.
  const Nanos time = backoff_.spread(options_.watch_time * 3 / 2);
  Request request;
  request.path = path() + "watch=1&allowWatchBookmarks=true&timeoutSeconds=" +
                 std::to_string(std::max<Nanos>(time / kSecond, 1)) +
                 "&resourceVersion=" + escape(version_);
  request.accept = type_.metadata_only ? kMetadata : kJson;
  request.total_timeout = time + 30 * kSecond;
  request.on_begin = [this](int status) {
    last_data_ = host_.clock().monotonic();
    status_.last_contact = host_.clock().wall();
    if (status != 200) return;
    watch_open_ = true;
    denied_since_ = 0;
    status_.error.clear();
    host_.answered();
  };
  request.on_data = [this](std::string_view data) { return take_watch_data(data); };
  request.on_done = [this](const Outcome& outcome) { watch_done(outcome); };
  request_ = host_.transport().start(std::move(request));
}

}  // namespace netprobe::kube
