// SPDX-License-Identifier: Apache-2.0
#include "bpf/mapped_array.h"

#include <sys/mman.h>
#include <unistd.h>

namespace netprobe {

Result<MappedMemory> MappedMemory::make(int map_fd, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t size = (bytes + page - 1) / page * page;
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
  if (data == MAP_FAILED) return fail_errno("cannot map a BPF array into memory");
  return MappedMemory(data, size);
}

MappedMemory::~MappedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace netprobe
