// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace netprobe {

/// The deleter of what a C library makes and takes back by a function of its own:
/// std::unique_ptr<X509, Freed<X509_free>>.
template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

}  // namespace netprobe
