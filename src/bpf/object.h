// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/snapshot.h"

struct bpf_object;
struct bpf_map;
struct bpf_program;

namespace netprobe {

/// A BPF object file: opened, configured, then loaded. Owns its programs and
/// maps; all go when it goes. Not thread-safe.
class BpfObject {
 public:
  /// `elf` must outlive the object (skeletons have it in static memory).
  [[nodiscard]] static Result<BpfObject> open(std::string_view name,
                                              std::span<const std::byte> elf);

  /// Before load: the number of entries of a map.
  [[nodiscard]] Status set_max_entries(std::string_view map, std::uint32_t entries);
  /// Before load: BPF_F_… of a map, in place of what its source says.
  [[nodiscard]] Status set_map_flags(std::string_view map, std::uint32_t flags);
  /// Before load: a map of another object in place of one's own.
  [[nodiscard]] Status reuse_map(std::string_view map, int fd);
  /// Before load: leaves a program out, if the object has it. The verifier's
  /// work on it is most of what a load takes.
  void leave_out(std::string_view program);
  /// Before load: the constants of the programs ("const volatile"); the one
  /// variable's type is T.
  template <typename T>
  [[nodiscard]] Status set_rodata(const T& value) {
    return set_rodata_bytes(std::as_bytes(std::span(&value, 1)));
  }
  /// Verifies and loads everything. The error has the verifier's last words.
  /// `part`: of this object, a name by which tests can have it refused too.
  [[nodiscard]] Status load(std::string_view part = {});

  /// File descriptors stay the object's; -1 where there is no such name.
  [[nodiscard]] int map_fd(std::string_view name) const;
  [[nodiscard]] int program_fd(std::string_view name) const;
  [[nodiscard]] bpf_program* program(std::string_view name) const;
  /// Of all programs, loaded or not.
  [[nodiscard]] std::vector<std::string> program_names() const;
  /// What the kernel counted of each program (runs only while
  /// kernel.bpf_stats_enabled is on).
  [[nodiscard]] std::vector<ProgramStats> program_stats() const;
  /// Runs that were due while the program was already at work on that CPU: the
  /// kernel does not run it again, and counts that. Of all programs, since they
  /// were loaded (kernels before 5.12 do not count).
  [[nodiscard]] std::uint64_t recursion_misses() const;

 private:
  struct Closer {
    void operator()(bpf_object* object) const;
  };
  BpfObject(std::string name, bpf_object* object);
  [[nodiscard]] Status set_rodata_bytes(std::span<const std::byte> bytes);
  [[nodiscard]] bpf_map* map(std::string_view name) const;
  /// Of every loaded program.
  template <typename Each>
  void for_each_info(Each each) const;

  std::string name_;
  std::unique_ptr<bpf_object, Closer> object_;
};

}  // namespace netprobe
