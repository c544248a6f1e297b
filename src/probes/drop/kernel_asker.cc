// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/kernel_asker.h"

#include <bpf/bpf.h>

#include <utility>

#include "abi/drop_abi.h"
#include "kernel_name.skel.h"

namespace netprobe {

std::string name_in(std::string_view printed) {
  if (printed.starts_with("0x")) return {};  // in no function: the kernel prints the number
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
