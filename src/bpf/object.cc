// SPDX-License-Identifier: Apache-2.0
#include "bpf/object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace netprobe {
namespace {

/// The last lines that libbpf said, kept for the error of a failed load: on
/// success nobody wants them, on failure they are the whole explanation.
thread_local std::string last_words;

constexpr std::size_t kMessagePart = 2048;

int on_libbpf_message(libbpf_print_level level, const char* format, va_list args) {
  if (level == LIBBPF_DEBUG && !spdlog::should_log(spdlog::level::trace)) return 0;
  va_list again;
  va_copy(again, args);
  const int size = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (size <= 0) return 0;
  std::string line(static_cast<std::size_t>(size) + 1, '\0');
  std::vsnprintf(line.data(), line.size(), format, args);
  line.pop_back();
  // A verifier's log can be megabytes; what it fell over stands at its end.
  if (line.size() > 2 * kMessagePart)
    line.replace(kMessagePart, line.size() - 2 * kMessagePart, "\n[…]\n");
  std::string_view text(line);
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (level == LIBBPF_WARN) {
    last_words.append(text).append("\n");
    if (last_words.size() > 8192) last_words.erase(0, last_words.size() - 4096);
  }
  spdlog::debug("{}", text);
  return size;
}

}  // namespace

void BpfObject::Closer::operator()(bpf_object* object) const { bpf_object__close(object); }

BpfObject::BpfObject(std::string name, bpf_object* object)
    : name_(std::move(name)), object_(object) {}

Result<BpfObject> BpfObject::open(std::string_view name, std::span<const std::byte> elf) {
  libbpf_set_print(on_libbpf_message);
  const std::string copy(name);
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = copy.c_str());
  bpf_object* object = bpf_object__open_mem(elf.data(), elf.size(), &options);
  if (object == nullptr) return fail_errno("cannot read the BPF object " + copy);
  return BpfObject(copy, object);
}

bpf_map* BpfObject::map(std::string_view name) const {
  return bpf_object__find_map_by_name(object_.get(), std::string(name).c_str());
}

bpf_program* BpfObject::program(std::string_view name) const {
  return bpf_object__find_program_by_name(object_.get(), std::string(name).c_str());
}

Status BpfObject::set_max_entries(std::string_view name, std::uint32_t entries) {
  bpf_map* found = map(name);
  if (found == nullptr) return fail("the BPF object " + name_ + " has no map " + std::string(name));
  if (const int error = bpf_map__set_max_entries(found, entries); error != 0)
    return fail_errno("cannot size the BPF map " + std::string(name), -error);
  return {};
}

Status BpfObject::set_map_flags(std::string_view name, std::uint32_t flags) {
  bpf_map* found = map(name);
  if (found == nullptr) return fail("the BPF object " + name_ + " has no map " + std::string(name));
  if (const int error = bpf_map__set_map_flags(found, flags); error != 0)
    return fail_errno("cannot set the flags of the BPF map " + std::string(name), -error);
  return {};
}

Status BpfObject::reuse_map(std::string_view name, int fd) {
  bpf_map* found = map(name);
  if (found == nullptr) return fail("the BPF object " + name_ + " has no map " + std::string(name));
  if (const int error = bpf_map__reuse_fd(found, fd); error != 0)
    return fail_errno("cannot share the BPF map " + std::string(name), -error);
  return {};
}

void BpfObject::leave_out(std::string_view program) {
  if (bpf_program* found = this->program(program)) bpf_program__set_autoload(found, false);
}

Status BpfObject::set_rodata_bytes(std::span<const std::byte> bytes) {
  bpf_map* found = nullptr;
  bpf_object__for_each_map(found, object_.get()) {
    if (!std::string_view(bpf_map__name(found)).ends_with(".rodata")) continue;
    std::size_t size = 0;
    void* value = bpf_map__initial_value(found, &size);
    // The section may be padded, but holds this one variable.
    if (value == nullptr || size < bytes.size() || size > bytes.size() + 64) break;
    std::memcpy(value, bytes.data(), bytes.size());
    return {};
  }
  return fail("the BPF object " + name_ + " has no constants of the expected size");
}

/// For tests of what happens when a kernel refuses a program: names of objects
/// in NETPROBE_FAULT_LOAD ("drop,socket") get a program that no verifier takes,
/// so that the refusal and its words are the kernel's own.
static void break_if_asked(std::string_view name, bpf_object* object) {
  const char* asked = std::getenv("NETPROBE_FAULT_LOAD");
  if (asked == nullptr || name.empty() ||
      fmt::format(",{},", asked).find(fmt::format(",{},", name)) == std::string::npos)
    return;
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, object) {
    // Of the same length: relocations, which come later, point into it.
    const bpf_insn* insns = bpf_program__insns(each);
    std::vector<bpf_insn> broken(insns, insns + bpf_program__insn_cnt(each));
    broken.front() = bpf_insn{};
    broken.front().code = BPF_JMP | BPF_EXIT;  // with nothing in R0
    bpf_program__set_insns(each, broken.data(), broken.size());
  }
}

/// What the verifier fell over: the line before its statistics.
static std::string verifier_words() {
  std::string_view text(last_words);
  const auto end = text.find("\nprocessed ");
  if (end == std::string_view::npos) return std::string(text.substr(0, text.find('\n')));
  text = text.substr(0, end);
  const auto begin = text.rfind('\n');
  return std::string(begin == std::string_view::npos ? text : text.substr(begin + 1));
}

Status BpfObject::load(std::string_view part) {
  last_words.clear();
  break_if_asked(name_, object_.get());
  break_if_asked(part, object_.get());
  const int error = bpf_object__load(object_.get());
  if (error == 0) return {};
  if (!last_words.empty()) spdlog::debug("loading {}: {}", name_, last_words);
  if (error == -EPERM || error == -EACCES) {
    // The verifier says EACCES too; it always has an explanation with it.
    if (last_words.find("processed") == std::string::npos) {
      return std::unexpected(Error{
          "loading BPF programs is not permitted: run as root or grant CAP_BPF, CAP_NET_ADMIN and "
          "CAP_PERFMON",
          ErrorKind::kNoPermission, -error});
    }
  }
  return fail_errno("the kernel does not take the BPF programs of " + name_ + ": " +
                        verifier_words() + " (--log-level=debug shows all that it said)",
                    -error);
}

int BpfObject::map_fd(std::string_view name) const {
  const bpf_map* found = map(name);
  return found == nullptr ? -1 : bpf_map__fd(found);
}

int BpfObject::program_fd(std::string_view name) const {
  const bpf_program* found = program(name);
  return found == nullptr ? -1 : bpf_program__fd(found);
}

std::vector<std::string> BpfObject::program_names() const {
  std::vector<std::string> names;
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, object_.get()) names.emplace_back(bpf_program__name(each));
  return names;
}

template <typename Each>
void BpfObject::for_each_info(Each each) const {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object_.get()) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    if (bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0)
      each(bpf_program__name(program), info);
  }
}

std::vector<ProgramStats> BpfObject::program_stats() const {
  std::vector<ProgramStats> result;
  for_each_info([&](const char* name, const bpf_prog_info& info) {
    result.push_back({name, info.id, info.run_cnt, static_cast<Nanos>(info.run_time_ns)});
  });
  return result;
}

std::uint64_t BpfObject::recursion_misses() const {
  std::uint64_t sum = 0;
  for_each_info([&](const char*, const bpf_prog_info& info) { sum += info.recursion_misses; });
  return sum;
}

}  // namespace netprobe
