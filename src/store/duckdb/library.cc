// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/library.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

namespace netprobe::duck {
namespace {

constexpr const char* kFileName = "libduckdb.so";
// Those before it lost committed rows when the disk was full.
constexpr std::array kOldest{1, 5, 5};

/// "v1.5.6" and what may stand behind it.
std::array<int, 3> numbers_of(std::string_view version) {
  std::array<int, 3> numbers{};
  if (version.starts_with('v')) version.remove_prefix(1);
  for (int& number : numbers) {
    const auto [end, error] =
        std::from_chars(version.data(), version.data() + version.size(), number);
    if (error != std::errc{}) break;
    version.remove_prefix(static_cast<std::size_t>(end - version.data()));
    if (!version.starts_with('.')) break;
    version.remove_prefix(1);
  }
  return numbers;
}

std::vector<std::string> usual_places() {
  std::error_code error;
  std::vector<std::string> places;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    places.push_back(program.parent_path() / kFileName);
    places.push_back(program.parent_path().parent_path() / "lib/netprobe" / kFileName);
  }
  return places;
}

}  // namespace

Result<LibraryPtr> Library::load(const std::string& path) {
  // Its allocator keeps what was freed for ten seconds and in an arena for every four
  // threads of each CPU, far beyond any limit that the database has. One arena: what one
  // thread has freed another takes, and none is left to itself with what it holds. And
  // blocks are cut from what is free however large it is: usually not from more than 64
  // times their size, so that freed blocks that lie side by side, which make one such
  // piece, were of no use to the next ones. It reads this once, when it is loaded; what
  // the user has set stays.
  ::setenv("DUCKDB_JE_MALLOC_CONF",
           "narenas:1,dirty_decay_ms:200,muzzy_decay_ms:0,lg_extent_max_active_fit:12", 0);
  // Not global: its symbols are its own affair, among them a malloc of its own.
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return fail(fmt::format("cannot load DuckDB: {}", ::dlerror()));
  const std::shared_ptr<Library> library(new Library);
  library->path_ = path;
  const char* missing = nullptr;
#define NETPROBE_DUCKDB_FIND(result, name, arguments)                                   \
  library->api_.name =                                                                  \
      reinterpret_cast<decltype(library->api_.name)>(::dlsym(handle, "duckdb_" #name)); \
  if (library->api_.name == nullptr) missing = "duckdb_" #name;
  NETPROBE_DUCKDB_FUNCTIONS(NETPROBE_DUCKDB_FIND)
#undef NETPROBE_DUCKDB_FIND
  if (missing != nullptr) {
    return fail(fmt::format("{} is not a DuckDB that can be used: it has no {}", path, missing),
                ErrorKind::kUnsupported);
  }
  library->version_ = library->api_.library_version();
  if (numbers_of(library->version_) < kOldest) {
    return fail(fmt::format("{} is DuckDB {}, which may lose rows on a full disk; take {}.{}.{} or "
                            "newer",
                            path, library->version_, kOldest[0], kOldest[1], kOldest[2]),
                ErrorKind::kUnsupported);
  }
  return library;
}

// Only segments that are never written to: pages of others are the process's own.
void Library::let_pages_go() const {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(api_.library_version), &info) == 0) return;
  const auto go = [](dl_phdr_info* object, std::size_t /*size*/, void* base) {
    if (reinterpret_cast<void*>(object->dlpi_addr) != base) return 0;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
      const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
      const std::uintptr_t from = begin / page * page;
      // NOLINTNEXTLINE(performance-no-int-to-ptr)
      (void)::madvise(reinterpret_cast<void*>(from), begin + segment.p_memsz - from, MADV_DONTNEED);
    }
    return 1;
  };
  (void)::dl_iterate_phdr(go, info.dli_fbase);
}

Result<LibraryPtr> Library::load() {
  if (const char* named = std::getenv("NETPROBE_DUCKDB"); named != nullptr && *named != '\0') {
    if (std::string_view(named) == "off")
      return fail("NETPROBE_DUCKDB=off leaves DuckDB out", ErrorKind::kNotFound);
    return load(std::string(named));
  }
  std::error_code error;
  for (const std::string& place : usual_places())
    if (std::filesystem::exists(place, error)) return load(place);
  auto system = load(std::string(kFileName));
  if (system || system.error().kind == ErrorKind::kUnsupported) return system;
  return fail(
      "DuckDB's library is not there: libduckdb.so is neither beside the program, nor in "
      "../lib/netprobe, nor the system's; put it there or name it with NETPROBE_DUCKDB",
      ErrorKind::kNotFound);
}

}  // namespace netprobe::duck
