// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/error_names.h"

#include <cstring>

namespace netprobe {

std::string error_name(int error) {
  if (error == 0) return "none";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

}  // namespace netprobe
