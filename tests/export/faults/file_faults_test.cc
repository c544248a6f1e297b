// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "export/faults/fault_table.h"
#include "export/http_receiver.h"
#include "export/json_lines/json_lines_sender.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

/// A file that is rotated and compressed all the while.
class JsonFile final : public Receiver {
 public:
  std::string url() const override {
    return "file://" + folder_ + "/flows?rotate_size=100kB&keep=1000&compress=gzip&";
  }
  ExportScheme scheme() const override { return kFileExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_file_sender(target, kClock);
  }
  void begin(Fault fault) override {
    if (fault != Fault::kDown) std::filesystem::create_directory(folder_);
    if (fault != Fault::kSlow) return;
    // As on a full disk: no file of this process grows beyond it.
    (void)std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = 50'000, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    limited_ = true;
  }
  void mend() override {
    std::filesystem::create_directory(folder_);
    if (limited_) ::setrlimit(RLIMIT_FSIZE, &before_);
    limited_ = false;
  }
  std::vector<std::uint64_t> ids() override {
    std::vector<std::uint64_t> ids;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      const bool packed = entry.path().extension() == ".gz";
      add_ids(packed ? gunzip(bytes) : bytes, ids);
    }
    return ids;
  }
  std::size_t most_twice() const override { return 0; }
  std::string_view name_of(Fault fault) const override {
    if (fault == Fault::kDown) return "folder is not there, then is";
    return fault == Fault::kSlow ? "disk is full, then is not" : "is rotated all the while";
  }

 private:
  TempDir dir_;
  const std::string folder_ = dir_.file("log");
  rlimit before_{};
  bool limited_ = false;
};

using enum Fault;

TEST(FaultTable, JsonLines) { check_faults<JsonFile>({kDown, kSlow, kBreaks}); }

}  // namespace
}  // namespace netprobe::test
