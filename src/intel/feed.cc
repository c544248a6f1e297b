// SPDX-License-Identifier: Apache-2.0
#include "intel/feed.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "io/header_file.h"

namespace netprobe::intel {
namespace {

constexpr Nanos kFirstBackoff = 30 * kSecond;
constexpr Nanos kChangesApart = 60 * kSecond;
/// A list of as many that falls to a hundredth was cut off, or its server is broken.
constexpr std::size_t kLarge = 1000;
constexpr std::size_t kShrinks = 100;

DocumentVersion version_of(const struct stat& info) {
  const auto& time = info.st_mtim;
  return {.etag = std::to_string(info.st_dev) + ' ' + std::to_string(info.st_ino) + ' ' +
                  std::to_string(info.st_size) + ' ' + std::to_string(time.tv_sec) + '.' +
                  std::to_string(time.tv_nsec),
          .last_modified = {}};
}

}  // namespace

/// A text on its way to be a list.
struct Feed::Reading {
  Reading(const FeedSettings& settings, const GuardPtr& guard, Nanos wall)
      : builder(guard, settings.max_entries, wall),
        parser(make_feed_parser(settings.syntax, builder)) {}

  ListBuilder builder;
  FeedParserPtr parser;
  std::uint64_t bytes = 0;
  CachedText about;
  Status status;      ///< of the parser
  ListIndexPtr list;  ///< once it is settled
};

Feed::Feed(FeedSettings settings, const std::string& cache_directory)
    : settings_(std::move(settings)),
      cache_(cache_directory, settings_.name),
      backoff_(std::min(kFirstBackoff, settings_.every), settings_.every) {
  status_.name = settings_.name;
}

Status Feed::begin(Reading& reading, const CachedText& about) {
  reading.about = about;
  const auto begun = cache_.begin(about);
  // The list is worth more than its copy.
  if (!begun && !cache_complained_) {
    spdlog::warn("list {}: it is not kept on disk: {}", settings_.name, begun.error().message);
    cache_complained_ = true;
  }
  return {};
}

Status Feed::take(Reading& reading, std::string_view piece) {
  reading.bytes += piece.size();
  if (reading.bytes > settings_.max_bytes)
    return fail("it is larger than max-bytes, " + std::to_string(settings_.max_bytes));
  (void)cache_.add(piece);
  reading.status = reading.parser->take(piece);
  return reading.status;
}

Status Feed::settle(Reading& reading, bool may_shrink) {
  if (auto finished = reading.parser->finish(); !finished) return finished;
  const ListCounts& counts = reading.builder.counts();
  const std::uint64_t bad = counts.refused.suspicious();
  if (bad > counts.taken)
    return fail("most of it is not taken: " + counts.refused.to_text() + "; " + counts.example);
  reading.list = reading.builder.finish();
  const std::size_t size = reading.list->size();
  if (size == 0 && !settings_.may_be_empty)
    return fail("it has no entries (with may-be-empty=true that is no error)");
  const std::size_t before = list_ ? list_->size() : 0;
  if (!may_shrink && before >= kLarge && size * kShrinks < before && !settings_.may_be_empty)
    return fail("it shrank from " + std::to_string(before) + " entries to " + std::to_string(size) +
                " (with may-be-empty=true that is no error)");
  return {};
}

void Feed::keep(Reading& reading) {
  list_ = std::move(reading.list);
  version_ = reading.about.version;
  next_change_ = reading.builder.next_change();
  status_.has_list = true;
  status_.addresses = list_->addresses();
  status_.prefixes = list_->prefixes();
  status_.names = list_->names();
  status_.bytes = list_->bytes();
  status_.counts = reading.builder.counts();
  status_.fetched = reading.about.fetched;
  const ListCounts& counts = status_.counts;
  std::string rest;
  if (counts.refused.total() > 0) rest += "; not taken: " + counts.refused.to_text();
  if (!counts.example.empty()) rest += ", such as " + counts.example;
  if (counts.trimmed > 0)
    rest += "; " + std::to_string(counts.trimmed) + " prefixes without what in them is guarded";
  spdlog::info("list {}: {} addresses, {} prefixes, {} names{}", settings_.name, status_.addresses,
               status_.prefixes, status_.names, rest);
}

bool Feed::load(const GuardPtr& guard, Nanos wall) {
  Reading reading(settings_, guard, wall);
  const auto about = cache_.read(settings_.location, [&](std::string_view piece) {
    reading.status = reading.parser->take(piece);
    return reading.status;
  });
  if (!about) {
    if (about.error().kind != ErrorKind::kNotFound)
      spdlog::warn("list {}: what is kept of it is of no use: {}", settings_.name,
                   about.error().message);
    return false;
  }
  if (auto settled = settle(reading, true); !settled) {
    spdlog::warn("list {}: what is kept of it is of no use: {}", settings_.name,
                 settled.error().message);
    return false;
  }
  reading.about = *about;
  keep(reading);
  status_.from_cache = status_.refreshed == 0;
  return true;
}

Result<Feed::Came> Feed::fetch_url(Reading& reading, HttpDownload& download, Nanos wall) {
  HttpDownloadOptions options{
      .ca_file = settings_.ca_file, .headers = {}, .max_bytes = settings_.max_bytes};
  // Read each time: a secret may be a new one.
  auto headers = read_header_file(settings_.headers);
  if (!headers) return std::unexpected(headers.error());
  options.headers = std::move(*headers);
  Status stopped;
  const auto reply = download.get(
      settings_.location, list_ ? version_ : DocumentVersion{}, options,
      [&](const DownloadReply& head) {
        stopped = begin(reading, {settings_.location, head.version, wall});
        return stopped.has_value();
      },
      [&](std::string_view piece) {
        stopped = take(reading, piece);
        return stopped.has_value();
      });
  if (!stopped) return std::unexpected(stopped.error());
  if (!reply) return std::unexpected(reply.error());
  retry_after_ = reply->retry_after;
  if (reply->status == 304 && list_) return Came::kSame;
  if (reply->status >= 300 && reply->status < 400 && !options.headers.empty())
    return fail("its server sends elsewhere, which is not followed with headers=");
  if (reply->status != 200) return fail("its server answers " + std::to_string(reply->status));
  return Came::kNew;
}

Result<Feed::Came> Feed::fetch_file(Reading& reading, Nanos wall) {
  const std::string& path = settings_.location;
  // A pipe would be waited for.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail_errno("cannot read " + path);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return fail_errno("cannot read " + path);
  if (!S_ISREG(info.st_mode)) return fail(path + " is not a file");
  const DocumentVersion version = version_of(info);
  if (list_ && version == version_) return Came::kSame;
  if (auto begun = begin(reading, {path, version, wall}); !begun)
    return std::unexpected(begun.error());
  auto read =
      read_pieces(file.get(), path, [&](std::string_view piece) { return take(reading, piece); });
  if (!read) return std::unexpected(read.error());
  return Came::kNew;
}

Result<Feed::Came> Feed::fetch(Reading& reading, HttpDownload& download, Nanos wall) {
  auto came = settings_.is_url() ? fetch_url(reading, download, wall) : fetch_file(reading, wall);
  if (!came || *came == Came::kSame) return came;
  if (auto settled = settle(reading, false); !settled) return std::unexpected(settled.error());
  return came;
}

bool Feed::is_past_change(Nanos wall) const { return next_change_ != 0 && wall >= next_change_; }

bool Feed::refresh(const GuardPtr& guard, const Clock& clock, HttpDownload& download) {
  const Nanos wall = clock.wall();
  bool changed = false;
  // Entries that ended or began meanwhile do so without the feed's help.
  if (is_past_change(wall) && !(changed = load(guard, wall))) version_ = {};
  Reading reading(settings_, guard, wall);
  const auto came = fetch(reading, download, wall);
  if (!came) {
    cache_.drop();
    note_failure(came.error());
  } else if (*came == Came::kSame) {
    ++status_.unchanged;
    status_.fetched = wall;
  } else {
    if (const auto kept = cache_.commit(); !kept && !cache_complained_) {
      spdlog::warn("list {}: it is not kept on disk: {}", settings_.name, kept.error().message);
      cache_complained_ = true;
    }
    keep(reading);
    ++status_.refreshed;
    changed = true;
  }
  if (came) {
    status_.error.clear();
    status_.from_cache = false;
    backoff_.reset();
  }
  plan(clock, !came);
  return changed;
}

void Feed::note_failure(const Error& error) {
  ++status_.failed;
  if (status_.error == error.message) return;
  status_.error = error.message;
  spdlog::warn("list {}: {}: {}", settings_.name, error.message,
               list_ ? "the last good one stays" : "there is none yet");
}

void Feed::plan(const Clock& clock, bool failed) {
  const Nanos every = settings_.every;
  // At random within a tenth, so that many nodes do not ask together.
  Nanos wait = failed ? backoff_.next() : every * 4 / 5 + backoff_.spread(every / 5);
  wait = std::max(wait, retry_after_);
  retry_after_ = 0;
  if (next_change_ != 0) {
    const Nanos left = next_change_ - clock.wall();
    wait = std::min(wait, std::max(left, std::min(every, kChangesApart)));
  }
  due_ = clock.monotonic() + wait;
}

}  // namespace netprobe::intel
