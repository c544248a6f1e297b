// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "kube/client/server_config.h"

namespace netprobe::kube {

/// One run of a credential plugin, beside the thread's other work: wait for
/// any of its descriptors, then step(). It and what it started are gone with
/// the object.
/// Source: kubernetes.io/docs/reference/config-api/client-authentication.v1.
class ExecPlugin {
 public:
  /// `deadline`: monotonic; it is killed then. An error where it cannot start.
  [[nodiscard]] static Result<ExecPlugin> start(const ExecConfig& config, Nanos deadline);
  ExecPlugin(ExecPlugin&& other) noexcept;
  ExecPlugin& operator=(ExecPlugin&& other) noexcept;
  ~ExecPlugin();

  /// To wait for (POLLIN): output, errors, its end.
  [[nodiscard]] std::vector<int> descriptors() const;
  /// Nothing while it runs. `monotonic` and `wall` are now.
  [[nodiscard]] std::optional<Result<Credentials>> step(Nanos monotonic, Nanos wall);

 private:
  ExecPlugin() = default;
  void read_all();
  [[nodiscard]] Result<Credentials> judge(int status, Nanos wall) const;
  [[nodiscard]] std::unexpected<Error> broken(const std::string& how) const;
  int end() noexcept;

  ExecConfig config_;
  Nanos deadline_ = 0;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd out_;
  UniqueFd err_;
  std::string output_;
  std::string errors_;
  bool too_long_ = false;
};

/// What a plugin printed: an ExecCredential in JSON. Errors have no subject.
[[nodiscard]] Result<Credentials> parse_exec_credential(const std::string& output,
                                                        const std::string& api_version, Nanos wall);

}  // namespace netprobe::kube
