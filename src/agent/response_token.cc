// SPDX-License-Identifier: Apache-2.0
#include "agent/response_token.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "base/unique_fd.h"
#include "base/write_all.h"

namespace netprobe {
namespace {

constexpr std::size_t kShortest = 16;  ///< of a token that a user wrote
constexpr std::size_t kLongest = 4'096;

Result<std::string> make(const std::string& path) {
  std::array<std::uint8_t, 32> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return fail_errno("no random bytes for the token " + path);
  std::string token;
  for (const std::uint8_t byte : random) token += fmt::format("{:02x}", byte);
  // Whole or not at all: written aside, then linked, which takes no other's place.
  const std::string aside = fmt::format("{}.{}", path, ::getpid());
  (void)::unlink(aside.c_str());
  UniqueFd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("the token " + path + " cannot be made");
  const bool written = write_all(fd.get(), token + "\n") && ::fsync(fd.get()) == 0 &&
                       ::link(aside.c_str(), path.c_str()) == 0;
  const int why = errno;
  (void)::unlink(aside.c_str());
  if (!written) return fail_errno("the token " + path + " cannot be written", why);
  return token;
}

}  // namespace

Result<std::string> read_or_make_token(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOENT) return make(path);
  if (!fd) return fail_errno("the token " + path + " cannot be read");
  struct stat about{};
  if (::fstat(fd.get(), &about) != 0) return fail_errno("the token " + path + " cannot be read");
  if (!S_ISREG(about.st_mode)) return fail("the token " + path + " is no file");
  if ((about.st_mode & 077) != 0)
    return fail("others may read or write the token " + path + ": chmod 600 " + path);
  std::array<char, kLongest + 1> text{};
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return fail_errno("the token " + path + " cannot be read");
  std::string token(text.data(), static_cast<std::size_t>(size));
  constexpr const char* kBlanks = " \t\r\n";
  token.erase(0, token.find_first_not_of(kBlanks));
  token.erase(token.find_last_not_of(kBlanks) + 1);
  if (token.size() < kShortest || token.size() > kLongest ||
      token.find_first_of(kBlanks) != std::string::npos)
    return fail(
        fmt::format("{} has no token: one line of {} to {} bytes; remove the file and one "
                    "is made",
                    path, kShortest, kLongest));
  return token;
}

}  // namespace netprobe
