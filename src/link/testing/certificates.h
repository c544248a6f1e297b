// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/clock.h"
#include "io/certificate_maker.h"
#include "link/credentials.h"

namespace netprobe::testing {

constexpr Nanos kDay = 86'400 * kSecond;

/// A folder with an authority and what it has signed; gone with the object.
class Certificates {
 public:
  explicit Certificates(const std::string& name = "test authority")
      : maker_(*CertificateMaker::make(name, now() - kDay, now() + kDay)) {
    std::string folder = ::testing::TempDir() + "netprobe-link-XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    write("ca.crt", maker_.own().certificate);
    issue("agent", {.common_name = "netprobe-agent", .names = {"netprobe-agent"}});
    issue("server", {.common_name = "netprobe-server", .names = {"netprobe-server"}});
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  static Nanos now() { return SystemClock().wall(); }
  /// Writes NAME.crt and NAME.key anew.
  void issue(const std::string& name, CertificateWish wish) {
    if (wish.from == 0) wish.from = now() - kDay;
    if (wish.until == 0) wish.until = now() + kDay;
    const auto pair = maker_.issue(wish);
    ASSERT_TRUE(pair) << pair.error().message;
    write(name + ".key", pair->key);
    write(name + ".crt", pair->certificate);
  }
  void write(const std::string& file, const std::string& text) const {
    // As a renewal does: none reads half a file.
    const std::string path = folder_ + "/" + file;
    std::ofstream(path + ".new") << text;
    std::filesystem::rename(path + ".new", path);
  }
  [[nodiscard]] const CertificateMaker& maker() const { return maker_; }
  [[nodiscard]] std::string path(const std::string& file) const { return folder_ + "/" + file; }
  [[nodiscard]] LinkFiles files(const std::string& name) const {
    return {path(name + ".crt"), path(name + ".key"), path("ca.crt")};
  }
  [[nodiscard]] LinkCredentialsPtr credentials(const std::string& name,
                                               const std::string& peer = "") const {
    static const SystemClock clock;
    auto made = LinkCredentials::make({.files = files(name), .peer_name = peer}, clock, kSecond);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
  }

 private:
  CertificateMaker maker_;
  std::string folder_;
};

}  // namespace netprobe::testing
