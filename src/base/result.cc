// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <system_error>

namespace netprobe {

std::unexpected<Error> fail_errno(std::string what, int code) {
  auto kind = ErrorKind::kFailed;
  switch (code) {
    case EPERM:
    case EACCES:
      kind = ErrorKind::kNoPermission;
      break;
    case ENOENT:
    case ENODEV:
      kind = ErrorKind::kNotFound;
      break;
    case EBUSY:
    case EADDRINUSE:
    case EEXIST:
      kind = ErrorKind::kBusy;
      break;
    case EOPNOTSUPP:
    case ENOSYS:
      kind = ErrorKind::kUnsupported;
      break;
    default:
      break;
  }
  what += ": ";
  what += std::generic_category().message(code);
  return std::unexpected(Error{std::move(what), kind, code});
}

}  // namespace netprobe
