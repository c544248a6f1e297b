// SPDX-License-Identifier: Apache-2.0
#include "intel/feed_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "base/write_all.h"

namespace netprobe::intel {
namespace {

constexpr std::string_view kMagic = "netprobe list 1";
constexpr std::size_t kHeadLines = 5;  // magic, location, etag, last-modified, time
constexpr std::size_t kMostHead = 16UL * 1024;
constexpr std::size_t kPiece = 64UL * 1024;

/// What stands in front of the text; nothing where it is not whole. `head` loses it.
Result<CachedText> parse_head(std::string_view& head) {
  std::vector<std::string_view> lines;
  std::string_view rest = head;
  while (lines.size() < kHeadLines) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return fail("its head is not whole");
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  CachedText about;
  if (lines[0] != kMagic) return fail("it is nothing that this program wrote");
  about.location = lines[1];
  about.version = {.etag = std::string(lines[2]), .last_modified = std::string(lines[3])};
  const char* end = lines[4].data() + lines[4].size();
  if (std::from_chars(lines[4].data(), end, about.fetched).ptr != end)
    return fail("it says no time");
  head = rest;
  return about;
}

}  // namespace

Status read_pieces(int fd, std::string_view name,
                   const std::function<Status(std::string_view)>& piece) {
  std::vector<char> buffer(kPiece);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read " + std::string(name));
    if (got == 0) return {};
    auto taken = piece({buffer.data(), static_cast<std::size_t>(got)});
    if (!taken) return taken;
  }
}

FeedCache::FeedCache(std::string directory, std::string_view feed)
    : directory_(std::move(directory)), name_(std::string(feed) + ".list") {
  if (directory_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);
  // A URL may have a secret in it.
  (void)::chmod(directory_.c_str(), 0700);
  (void)::unlink(part().c_str());
}

FeedCache::~FeedCache() { drop(); }

Result<CachedText> FeedCache::read(const std::string& location,
                                   const std::function<Status(std::string_view)>& piece) {
  if (!is_on()) return fail("nothing is kept", ErrorKind::kNotFound);
  const UniqueFd file(::open(path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return fail("nothing is kept", ErrorKind::kNotFound);
  if (!file) return fail_errno("cannot read " + path());
  std::string head;
  bool has_head = false;
  CachedText about;
  auto done = read_pieces(file.get(), path(), [&](std::string_view bytes) -> Status {
    if (has_head) return piece(bytes);
    head += bytes;
    std::string_view rest = head;
    auto parsed = parse_head(rest);
    if (!parsed) {
      if (head.size() >= kMostHead) return std::unexpected(parsed.error());
      return {};
    }
    if (parsed->location != location)
      return fail("nothing of that place is kept", ErrorKind::kNotFound);
    about = std::move(*parsed);
    has_head = true;
    return rest.empty() ? Status() : piece(rest);
  });
  if (!done && done.error().kind == ErrorKind::kNotFound) return std::unexpected(done.error());
  if (!done) return fail(path() + ": " + done.error().message);
  if (!has_head) return fail(path() + " is nothing that this program wrote");
  return about;
}

Status FeedCache::begin(const CachedText& about) {
  drop();
  if (!is_on()) return {};
  writing_.reset(
      ::open(part().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!writing_) return fail_errno("cannot write " + part());
  std::string head(kMagic);
  for (const std::string* line :
       {&about.location, &about.version.etag, &about.version.last_modified}) {
    head += '\n';
    for (const char c : *line)
      if (c != '\n') head += c;
  }
  head += '\n' + std::to_string(about.fetched) + '\n';
  return add(head);
}

Status FeedCache::add(std::string_view piece) {
  if (!writing_) return {};
  if (write_all(writing_.get(), piece)) return {};
  auto failed = fail_errno("cannot write " + part());
  drop();
  return failed;
}

Status FeedCache::commit() {
  if (!writing_) return {};
  Status done;
  if (::fsync(writing_.get()) != 0) done = fail_errno("cannot write " + part());
  if (done && ::rename(part().c_str(), path().c_str()) != 0)
    done = fail_errno("cannot rename " + part());
  if (!done) {
    drop();
    return done;
  }
  writing_.reset();
  const UniqueFd folder(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) (void)::fsync(folder.get());
  return {};
}

void FeedCache::drop() {
  if (!writing_) return;
  writing_.reset();
  (void)::unlink(part().c_str());
}

}  // namespace netprobe::intel
