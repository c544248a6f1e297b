// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/kernel_asker.h"

#include <bpf/bpf.h>

#include <utility>

#include "abi/drop_abi.h"
#include "kernel_name.skel.h"

namespace netprobe {

namespace {

/// Code that comes and goes: its address may be another's soon, and its name says
/// nothing of a drop. (bpf_prog_test_run is a function like others.)
bool is_bpf_code(std::string_view name) {
  if (name.starts_with("bpf_trampoline_") || name.starts_with("bpf_dispatcher_")) return true;
  constexpr std::string_view kProgram = "bpf_prog_";
  constexpr std::size_t kTag = 16;  // hexadecimal digits
  if (!name.starts_with(kProgram)) return false;
  name = name.substr(kProgram.size());
  return name.size() > kTag && name.find_first_not_of("0123456789abcdef") == kTag;
}

}  // namespace

std::string name_in(std::string_view printed) {
  // In no function: the kernel prints the number.
  if (printed.starts_with("0x") || is_bpf_code(printed)) return {};
  return std::string(printed.substr(0, printed.find_first_of("/ ")));
}

Result<KernelAsker> KernelAsker::make() {
  std::size_t size = 0;
  const void* const data = kernel_name_bpf__elf_bytes(&size);
  auto object = BpfObject::open("kernel_name", {static_cast<const std::byte*>(data), size});
  if (!object) return std::unexpected(object.error());
  if (auto s = object->load(); !s) return std::unexpected(s.error());
  return KernelAsker(std::move(*object));
}

std::optional<std::string> KernelAsker::name_of(std::uint64_t address) const {
  const int map = object_.map_fd(".data");
  const __u32 only = 0;
  np_kernel_name question{};
  question.address = address;
  LIBBPF_OPTS(bpf_test_run_opts, run);
  if (bpf_map_update_elem(map, &only, &question, BPF_ANY) != 0 ||
      bpf_prog_test_run_opts(object_.program_fd("netprobe_kernel_name"), &run) != 0 ||
      run.retval != 0 || bpf_map_lookup_elem(map, &only, &question) != 0)
    return std::nullopt;
  question.name[sizeof(question.name) - 1] = '\0';
  return name_in(question.name);
}

}  // namespace netprobe
