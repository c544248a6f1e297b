// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/spill.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "base/write_all.h"

namespace netprobe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".batch";
constexpr std::string_view kAgain = ".again";
constexpr std::size_t kNumberDigits = 20;
/// Larger is nothing that this program wrote.
constexpr std::uint64_t kMostFile = 1ULL << 30U;

/// "NUMBER-ROWS.batch"; number 0 where it is none.
std::pair<std::uint64_t, SpilledFile> parse_name(const std::string& name) {
  SpilledFile file{.name = name, .out_of_order = name.ends_with(kAgain)};
  std::uint64_t number = 0;
  if ((!name.ends_with(kSuffix) && !file.out_of_order) || name.size() < kNumberDigits + 2)
    return {};
  const char* digits = name.data() + kNumberDigits;
  if (std::from_chars(name.data(), digits, number).ptr != digits || *digits != '-') return {};
  std::from_chars(digits + 1, name.data() + name.size(), file.rows);
  return {number, file};
}

}  // namespace

std::string Spill::path(std::string_view name) const {
  return directory_ + "/" + std::string(name);
}

Result<Spill> Spill::open(std::string directory) {
  Spill spill;
  spill.directory_ = std::move(directory);
  std::error_code error;
  fs::create_directories(spill.directory_, error);
  // What is in it names everybody who talked to anybody.
  if (::chmod(spill.directory_.c_str(), 0700) != 0)
    return fail_errno("cannot use the spill directory " + spill.directory_);
  const std::string lock = spill.path("lock");
  spill.lock_.reset(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!spill.lock_) return fail_errno("cannot use the spill directory " + spill.directory_);
  if (::flock(spill.lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return fail("another process has the spill directory " + spill.directory_, ErrorKind::kBusy);
  for (auto entry = fs::directory_iterator(spill.directory_, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".part")) {
      ::unlink(entry->path().c_str());
      continue;
    }
    auto [number, file] = parse_name(name);
    if (number == 0) continue;
    std::error_code ignored;
    file.bytes = entry->file_size(ignored);
    spill.last_number_ = std::max(spill.last_number_, number);
    spill.found_.push_back(std::move(file));
  }
  if (error)
    return fail("cannot read the spill directory " + spill.directory_ + ": " + error.message());
  std::ranges::sort(spill.found_, {}, &SpilledFile::name);
  return spill;
}

Result<SpilledFile> Spill::write(const InsertGroup& group) {
  const std::string bytes = encode_group(group);
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "%020llu-%llu%s",
                static_cast<unsigned long long>(++last_number_),
                static_cast<unsigned long long>(group.rows()), kSuffix.data());
  SpilledFile file{.name = name.data(), .bytes = bytes.size(), .rows = group.rows()};
  const std::string part = path(file.name + ".part");
  const UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("cannot write " + part);
  Status written;
  if (!write_all(fd.get(), bytes) || ::fsync(fd.get()) != 0)
    written = fail_errno("cannot write " + part);
  if (written && ::rename(part.c_str(), path(file.name).c_str()) != 0)
    written = fail_errno("cannot rename " + part);
  if (!written) {
    ::unlink(part.c_str());
    return std::unexpected(written.error());
  }
  flush_folder();
  return file;
}

void Spill::flush_folder() const {
  const UniqueFd folder(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) (void)::fsync(folder.get());
}

Result<InsertGroup> Spill::read(const SpilledFile& file) const {
  const std::string name = path(file.name);
  const UniqueFd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot read " + name);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("cannot read " + name);
  if (static_cast<std::uint64_t>(info.st_size) > kMostFile) return fail(name + " is too large");
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t now = ::read(fd.get(), bytes.data() + got, bytes.size() - got);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return fail_errno("cannot read " + name);
    if (now == 0) break;
    got += static_cast<std::size_t>(now);
  }
  bytes.resize(got);
  auto group = decode_group(bytes);
  if (!group) return fail(name + ": " + group.error().message);
  group->out_of_order = file.out_of_order;
  return group;
}

void Spill::remove(const SpilledFile& file) const { ::unlink(path(file.name).c_str()); }

void Spill::quarantine(const SpilledFile& file) const {
  const std::string folder = path("corrupt");
  ::mkdir(folder.c_str(), 0700);
  if (::rename(path(file.name).c_str(), (folder + "/" + file.name).c_str()) != 0) remove(file);
}

void Spill::reject(const SpilledFile& file, std::uint64_t most) const {
  const std::string folder = path("rejected");
  ::mkdir(folder.c_str(), 0700);
  std::string name = file.name;
  if (name.ends_with(kSuffix)) name.replace(name.size() - kSuffix.size(), kSuffix.size(), kAgain);
  if (::rename(path(file.name).c_str(), (folder + "/" + name).c_str()) != 0) return remove(file);
  std::vector<std::pair<std::string, std::uint64_t>> files;
  std::uint64_t sum = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    files.emplace_back(entry.path().string(), entry.file_size(ignored));
    sum += files.back().second;
  }
  std::ranges::sort(files);
  for (const auto& [oldest, bytes] : files) {
    if (sum <= most) return;
    ::unlink(oldest.c_str());
    sum -= bytes;
  }
}

}  // namespace netprobe
