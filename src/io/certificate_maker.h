// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe {

/// A certificate and its key, in PEM.
struct PemPair {
  std::string certificate;
  std::string key;
};

/// What a certificate is asked to say.
struct CertificateWish {
  std::string common_name;
  std::vector<std::string> names;  ///< DNS names, or IP addresses
  bool for_server = true;
  bool for_client = true;
  Nanos from = 0;  ///< wall
  Nanos until = 0;
};

/// A small authority for development and tests: EC P-256, signed with SHA-256. Whoever
/// has a real one does not need this.
class CertificateMaker {
 public:
  [[nodiscard]] static Result<CertificateMaker> make(const std::string& common_name, Nanos from,
                                                     Nanos until);
  ~CertificateMaker();
  CertificateMaker(CertificateMaker&&) noexcept;
  CertificateMaker& operator=(CertificateMaker&&) noexcept;

  [[nodiscard]] const PemPair& own() const;
  [[nodiscard]] Result<PemPair> issue(const CertificateWish& wish) const;

 private:
  class Impl;
  explicit CertificateMaker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Writes text to a file that is not there yet, with rights that none but the owner has
/// where `secret`. The error names the file.
[[nodiscard]] Status write_new_file(const std::string& path, const std::string& text, bool secret);

}  // namespace netprobe
