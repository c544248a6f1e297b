// SPDX-License-Identifier: Apache-2.0
#include "export/json_lines/json_lines_sender.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "export/json_lines/line_file.h"
#include "export/json_lines/line_stream.h"
#include "export/json_lines/rotation.h"
#include "outbox/read_value.h"

namespace netprobe {
namespace {

constexpr std::array kFileParameters{
    ExportParameter{"rotate_size",
                    "a new file when this one is so large (default 100MiB; 0: never)"},
    ExportParameter{"rotate_age", "… or so old (default 0: never)"},
    ExportParameter{"keep", "files that are kept beside the newest (default 5)"},
    ExportParameter{"compress", "gzip: those are compressed (default none)"},
    ExportParameter{"mode", "of new files, octal (default 0600)"},
};
constexpr std::uint64_t kLargest = 1ULL << 44U;
constexpr Nanos kOldest = 366LL * 86'400 * kSecond;
// Where a file cannot be put to the side.
constexpr Nanos kRotateAgain = 60 * kSecond;

struct FileOptions {
  std::string path;
  mode_t mode = 0600;
  std::uint64_t rotate_size = 0;
  Nanos rotate_age = 0;
  std::size_t keep = 0;
  bool compress = false;
};

Result<mode_t> read_mode(std::string_view name, std::string_view value) {
  constexpr mode_t kMost = 0777;
  constexpr mode_t kNeeded = 0200;
  mode_t mode = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), mode, /*base=*/8);
  if (error != std::errc{} || end != value.data() + value.size() || mode > kMost ||
      (mode & kNeeded) == 0)
    return fail(std::string(name) + "='" + std::string(value.substr(0, 20)) +
                    "' is not an octal mode such as 0640 with which the owner may write",
                ErrorKind::kUsage);
  return mode;
}

class FileSender final : public RecordSender {
 public:
  FileSender(const ExportTarget& target, FileOptions options, const Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        lines_(FieldSelection(target)),
        file_(options_.path, options_.mode),
        rotation_(options_.path, options_.keep, options_.compress) {}

  SendOutcome send(std::span<const RecordRef> records) override {
    rotate_if_due();
    compress_some();
    lines_.render(records);
    const auto written = file_.write(lines_);
    note_opening();
    return lines_.outcome(written.lines, written.status ? "" : written.status.error().message);
  }
  void idle() override {
    rotate_if_due();
    compress_some();
  }

 private:
  void note_opening() {
    if (file_.openings() == seen_openings_) return;
    seen_openings_ = file_.openings();
    opened_at_ = clock_.monotonic();
  }
  void rotate_if_due() {
    if (!file_.is_open() || file_.size() == 0) return;
    const Nanos now = clock_.monotonic();
    const bool large = options_.rotate_size > 0 && file_.size() >= options_.rotate_size;
    const bool old = options_.rotate_age > 0 && now - opened_at_ >= options_.rotate_age;
    if ((!large && !old) || now < rotate_not_before_) return;
    if (auto s = rotation_.rotate(); !s) {
      rotate_not_before_ = now + kRotateAgain;
      spdlog::warn("export to {}: {}; it grows until that works", options_.path, s.error().message);
    }
    file_.close();
  }
  void compress_some() {
    if (auto s = rotation_.step(); !s)
      spdlog::warn("export to {}: {}; that file stays as it is", options_.path, s.error().message);
  }

  const FileOptions options_;
  const Clock& clock_;
  LineBuffer lines_;
  LineFile file_;
  Rotation rotation_;
  std::uint64_t seen_openings_ = 0;
  Nanos opened_at_ = 0;
  Nanos rotate_not_before_ = 0;
};

class StdoutSender final : public RecordSender {
 public:
  StdoutSender(const ExportTarget& target, const Clock& clock)
      : lines_(FieldSelection(target)), stream_(STDOUT_FILENO, target.timeout, clock) {}

  SendOutcome send(std::span<const RecordRef> records) override {
    lines_.render(records);
    auto written = stream_.write(lines_);
    return lines_.outcome(written.lines, std::move(written.problem));
  }
  void stop() override { stream_.stop(); }

 private:
  LineBuffer lines_;
  LineStream stream_;
};

Status check_path(const ExportTarget& target) {
  if (!target.host.empty() || target.path.empty())
    return fail("a file's URL has three slashes: file:///" + target.host + target.path,
                ErrorKind::kUsage);
  if (target.path.ends_with('/'))
    return fail(
        target.path + " is a folder; name a file in it: file://" + target.path + "flows.jsonl",
        ErrorKind::kUsage);
  return {};
}

}  // namespace

const ExportScheme kFileExport{.scheme = "file",
                               .default_port = 0,
                               .parameters = kFileParameters,
                               .example = "file:///var/log/netprobe/flows.jsonl?rotate_size=1GiB"};
const ExportScheme kStdoutExport{
    .scheme = "stdout", .default_port = 0, .parameters = {}, .example = "stdout:?records=drops"};

Result<std::unique_ptr<RecordSender>> make_file_sender(const ExportTarget& target,
                                                       const Clock& clock) {
  static constexpr std::array<std::string_view, 2> kCompressions{"none", "gzip"};
  if (auto s = check_path(target); !s) return std::unexpected(s.error());
  FileOptions options;
  options.path = target.path;
  const auto take = [](const auto& value, auto& into) -> Status {
    if (!value) return std::unexpected(value.error());
    into = static_cast<std::remove_reference_t<decltype(into)>>(*value);
    return {};
  };
  const auto size = parameter_or<std::uint64_t>(target, "rotate_size", 100U << 20U, read_size,
                                                std::uint64_t{0}, kLargest);
  const auto age = parameter_or<Nanos>(target, "rotate_age", 0, read_duration, Nanos{0}, kOldest);
  const auto keep = parameter_or<std::uint64_t>(target, "keep", 5, read_number, std::uint64_t{0},
                                                std::uint64_t{1000});
  const auto compress = parameter_or<std::size_t>(target, "compress", 0, read_word,
                                                  std::span<const std::string_view>(kCompressions));
  const auto mode = parameter_or<mode_t>(target, "mode", 0600, read_mode);
  for (const Status& s :
       {take(size, options.rotate_size), take(age, options.rotate_age), take(keep, options.keep),
        take(compress, options.compress), take(mode, options.mode)})
    if (!s) return std::unexpected(s.error());
  return std::make_unique<FileSender>(target, std::move(options), clock);
}

Result<std::unique_ptr<RecordSender>> make_stdout_sender(const ExportTarget& target,
                                                         const Clock& clock) {
  if (!target.host.empty() || !target.path.empty())
    return fail("standard output has no place: write stdout:", ErrorKind::kUsage);
  return std::make_unique<StdoutSender>(target, clock);
}

}  // namespace netprobe
