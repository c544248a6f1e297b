// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <utility>

namespace netprobe {

/// What kind of failure an Error is; main() turns it into an exit code.
enum class ErrorKind {
  kFailed,        ///< the operation did not work: exit code 1
  kUsage,         ///< the user's input is wrong: exit code 2
  kUnsupported,   ///< the kernel or the system cannot do it
  kNotFound,      ///< the named thing does not exist
  kNoPermission,  ///< the system refuses it to this user
  kBusy,          ///< somebody else has it
};

/// A recoverable failure: one clear sentence that names the thing and, where
/// there is one, the way out. No trailing full stop, no newline.
struct Error {
  std::string message;
  ErrorKind kind = ErrorKind::kFailed;
  int code = 0;  ///< errno where a system call failed, else 0
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// An Error in the form that a Result is returned from.
[[nodiscard]] inline std::unexpected<Error> fail(std::string message,
                                                 ErrorKind kind = ErrorKind::kFailed) {
  return std::unexpected(Error{std::move(message), kind, 0});
}

/// The same for a failed system call: appends the text of `code`.
[[nodiscard]] std::unexpected<Error> fail_errno(std::string what, int code = errno);

}  // namespace netprobe
