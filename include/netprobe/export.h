// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the shared library shows.
#define NETPROBE_API __attribute__((visibility("default")))
/// What it does not, inside of what it shows.
#define NETPROBE_HIDDEN __attribute__((visibility("hidden")))

/// Everything public is in netprobe::v0, an inline namespace: write
/// netprobe::Manager. The version is in the symbols, so that a program never
/// runs against a library that means something else by the same name.
#ifdef NETPROBE_BUILDING_LIBRARY
// The library's own types live in netprobe as well; there, both have to be told
// apart.
#define NETPROBE_BEGIN_API \
  namespace netprobe {     \
  namespace v0 {
#else
#define NETPROBE_BEGIN_API \
  namespace netprobe {     \
  inline namespace v0 {
#endif
#define NETPROBE_END_API \
  }                      \
  }
