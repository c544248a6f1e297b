// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace netprobe {

/// Where a side's certificate, its key and the authority of the others are (PEM).
struct LinkFiles {
  std::string certificate;
  std::string key;
  std::string ca;
};

/// What a certificate is shown for.
enum class CertificateUse : std::uint8_t { kServer, kClient };

/// Is a certificate good, as of now: signed by an authority of `ca_file`, in its time,
/// made for this use, and for `name` (a DNS name; empty: any)? The error is one
/// sentence that begins with `who`: "the certificate of the agent at 10.0.0.1:8082".
/// `leaf`, `chain`: PEM; the chain may have the leaf, too, or be empty.
[[nodiscard]] Status check_certificate(std::string_view leaf, std::string_view chain,
                                       const std::string& ca_file, CertificateUse use,
                                       const std::string& name, std::string_view who);

/// Can these files be used at all: are they there, are they what they should be, and
/// does the key belong to the certificate? Whether it is in its time is not asked: it
/// may be renewed while the program runs.
[[nodiscard]] Status check_files(const LinkFiles& files);
/// What others will find wrong with our own certificate; empty: nothing.
[[nodiscard]] std::string own_problem(const LinkFiles& files, CertificateUse use);

}  // namespace netprobe
