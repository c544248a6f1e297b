// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "abi/socket_abi.h"
#include "base/result.h"
#include "probes/socket/socket_programs.h"

namespace netprobe {

/// Runs the iterators: what is known of sockets, fresh, and which process has
/// which. One thread.
class Sweeper {
 public:
  [[nodiscard]] static Result<Sweeper> make(const SocketPrograms& programs);

  /// Every TCP socket of connection_map, sorted by id, each once.
  [[nodiscard]] Status sweep_tcp(std::vector<np_swept>& out);
  [[nodiscard]] Status sweep_udp(std::vector<np_swept_udp>& out);
  /// Walks the open files of all processes: sockets from before the agent get
  /// an entry, and entries without a process get theirs.
  [[nodiscard]] Status walk_files();

 private:
  Sweeper() = default;
  BpfLink tcp_;
  BpfLink udp_;
  BpfLink files_;
  std::vector<std::byte> buffer_;
};

}  // namespace netprobe
