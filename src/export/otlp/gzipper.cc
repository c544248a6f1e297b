// SPDX-License-Identifier: Apache-2.0
#include "export/otlp/gzipper.h"

#include <libdeflate.h>

#include <cstdlib>

namespace netprobe {
namespace {

constexpr int kFastest = 1;

}  // namespace

Gzipper::Gzipper() : compressor_(libdeflate_alloc_compressor(kFastest)) {
  if (compressor_ == nullptr) std::abort();  // out of memory
}
Gzipper::~Gzipper() { libdeflate_free_compressor(compressor_); }

std::string_view Gzipper::compress(std::string_view text) {
  const std::size_t most = libdeflate_gzip_compress_bound(compressor_, text.size());
  if (out_.size() < most) out_.resize(most);
  const std::size_t size =
      libdeflate_gzip_compress(compressor_, text.data(), text.size(), out_.data(), out_.size());
  return std::string_view(out_).substr(0, size);
}

}  // namespace netprobe
