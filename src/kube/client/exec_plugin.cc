// SPDX-License-Identifier: Apache-2.0
#include "kube/client/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/duration.h"
#include "base/json_writer.h"
#include "kube/client/json_fields.h"

extern char** environ;

namespace netprobe::kube {
namespace {

constexpr std::size_t kMostOutput = 1U << 20U;
/// Of standard error, in a sentence that a log has room for.
constexpr std::size_t kMostErrors = 400;

std::string exec_info(const ExecConfig& config) {
  std::string out;
  JsonObject object(out);
  object.text("apiVersion", config.api_version);
  object.text("kind", "ExecCredential");
  object.key("spec");
  JsonObject spec(out);
  if (!config.cluster_info.empty()) {
    spec.key("cluster");
    out += config.cluster_info;
  }
  spec.flag("interactive", false);
  spec.close();
  object.close();
  return out;
}

/// Ours with the plugin's own on top.
std::vector<std::string> environment_of(const ExecConfig& config) {
  auto added = config.environment;
  added.emplace_back("KUBERNETES_EXEC_INFO", exec_info(config));
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& [key, value] : added) replaced |= key == name;
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [key, value] : added) all.push_back(key + "=" + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// posix_spawn's two objects, which need an end of their own.
struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

/// A group of its own, so that what it starts can be ended with it; signals as
/// a shell would give them; nothing of ours open.
void prepare(SpawnSettings& settings, int out, int err) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&settings.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.actions, out, 1);
  posix_spawn_file_actions_adddup2(&settings.actions, err, 2);
  posix_spawn_file_actions_addclosefrom_np(&settings.actions, 3);
}

/// Everything that is there, at most `most` bytes of it kept.
bool drain(UniqueFd& from, std::string& to, std::size_t most) {
  std::array<char, 4096> buffer{};
  bool all = true;
  while (from) {
    const auto got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      from.reset();
      break;
    }
    const auto room = most - to.size();
    const auto size = static_cast<std::size_t>(got);
    to.append(buffer.data(), std::min(size, room));
    all &= size <= room;
  }
  return all;
}

/// One line that fits a sentence.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = static_cast<unsigned char>(c) < 0x20;
    if (!space)
      line += c;
    else if (!line.empty() && !line.ends_with(' '))
      line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

Result<ExecPlugin> ExecPlugin::start(const ExecConfig& config, Nanos deadline) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0) return fail_errno("exec plugin: no pipe");
  const UniqueFd out_write(out[1]);
  ExecPlugin plugin;
  plugin.out_.reset(out[0]);
  if (::pipe2(err.data(), O_CLOEXEC) != 0) return fail_errno("exec plugin: no pipe");
  const UniqueFd err_write(err[1]);
  plugin.err_.reset(err[0]);
  plugin.config_ = config;
  plugin.deadline_ = deadline;

  std::vector<std::string> arguments{config.command};
  arguments.insert(arguments.end(), config.arguments.begin(), config.arguments.end());
  auto environment = environment_of(config);
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(environment);
  SpawnSettings settings;
  prepare(settings, out[1], err[1]);
  const int error = ::posix_spawnp(&plugin.pid_, config.command.c_str(), &settings.actions,
                                   &settings.attributes, argv.data(), envp.data());
  if (error != 0) {
    plugin.pid_ = -1;
    std::string message = "exec plugin '" + config.command + "' cannot be started: ";
    message += std::strerror(error);
    if (!config.install_hint.empty())
      message += "; " + one_line(config.install_hint).substr(0, 400);
    return fail(std::move(message));
  }
  plugin.pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, plugin.pid_, 0)));
  if (!plugin.pidfd_) return fail_errno("exec plugin '" + config.command + "'");
  for (const int fd : {plugin.out_.get(), plugin.err_.get()})
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return fail_errno("exec plugin: pipe");
  return plugin;
}

ExecPlugin::ExecPlugin(ExecPlugin&& other) noexcept
    : config_(std::move(other.config_)),
      deadline_(other.deadline_),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      too_long_(other.too_long_) {}

ExecPlugin& ExecPlugin::operator=(ExecPlugin&& other) noexcept {
  if (this == &other) return *this;
  end();
  config_ = std::move(other.config_);
  deadline_ = other.deadline_;
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  out_ = std::move(other.out_);
  err_ = std::move(other.err_);
  output_ = std::move(other.output_);
  errors_ = std::move(other.errors_);
  too_long_ = other.too_long_;
  return *this;
}

ExecPlugin::~ExecPlugin() { end(); }

/// Ends it and its group, and reaps it: its exit status.
int ExecPlugin::end() noexcept {
  if (pid_ < 0) return 0;
  int status = 0;
  // The group outlives its leader while anybody is in it; not reaped yet, so
  // the number cannot be somebody else's.
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

std::vector<int> ExecPlugin::descriptors() const {
  std::vector<int> all{pidfd_.get()};
  if (out_) all.push_back(out_.get());
  if (err_) all.push_back(err_.get());
  return all;
}

void ExecPlugin::read_all() {
  if (!drain(out_, output_, kMostOutput)) too_long_ = true;
  (void)drain(err_, errors_, kMostErrors);
}

std::optional<Result<Credentials>> ExecPlugin::step(Nanos monotonic, Nanos wall) {
  read_all();
  pollfd ended{pidfd_.get(), POLLIN, 0};
  const bool over = ::poll(&ended, 1, 0) == 1;
  if (!over && monotonic < deadline_ && !too_long_) return std::nullopt;
  if (over) read_all();
  // Its exit status is kept for us; the signal only meets what it left behind.
  const int status = end();
  if (!over) return broken(too_long_ ? "prints more than 1 MiB" : "did not end in time");
  return judge(status, wall);
}

std::unexpected<Error> ExecPlugin::broken(const std::string& how) const {
  std::string message = "exec plugin '" + config_.command + "' " + how;
  if (const auto said = one_line(errors_); !said.empty()) message += "; it says: " + said;
  return fail(std::move(message));
}

Result<Credentials> ExecPlugin::judge(int status, Nanos wall) const {
  if (WIFSIGNALED(status)) return broken("was ended by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    return broken("failed with exit code " + std::to_string(WEXITSTATUS(status)));
  if (too_long_) return broken("prints more than 1 MiB");
  auto credentials = parse_exec_credential(output_, config_.api_version, wall);
  if (!credentials) return broken(credentials.error().message);
  return credentials;
}

Result<Credentials> parse_exec_credential(const std::string& output, const std::string& api_version,
                                          Nanos wall) {
  simdjson::dom::parser parser;
  JsonElement root;
  JsonElement status;
  if (parser.parse(output).get(root) != simdjson::SUCCESS || !root.is_object() ||
      text_view(root, "kind") != "ExecCredential")
    return fail("printed no ExecCredential");
  if (text_view(root, "apiVersion") != api_version)
    return fail("printed an ExecCredential of another apiVersion than " + api_version);
  if (root["status"].get(status) != simdjson::SUCCESS || !status.is_object())
    return fail("printed an ExecCredential without status");
  Credentials credentials;
  if (const auto token = text_view(status, "token"); !token.empty()) {
    auto clean = clean_token(std::string(token), "token");
    if (!clean) return fail("printed a bad token: " + clean.error().message);
    credentials.token = std::move(*clean);
  }
  credentials.certificate = text(status, "clientCertificateData");
  credentials.key = text(status, "clientKeyData");
  if (credentials.certificate.empty() != credentials.key.empty())
    return fail("printed only one of clientCertificateData and clientKeyData");
  if (credentials.token.empty() && credentials.certificate.empty())
    return fail("printed neither a token nor a client certificate");
  if (!credentials.certificate.empty()) {
    if (auto checked =
            check_client_certificate(credentials.certificate, credentials.key, "the plugin", wall);
        !checked)
      return fail("printed what cannot be used: " + checked.error().message);
  }
  if (const auto when = text_view(status, "expirationTimestamp"); !when.empty()) {
    const auto time = when.size() >= 20 ? parse_time(when, 0) : Result<Nanos>(0);
    if (!time || *time == 0) return fail("printed an expirationTimestamp that is no time");
    if (*time <= wall) return fail("printed credentials that have expired already");
    credentials.expires = *time;
  }
  return credentials;
}

}  // namespace netprobe::kube
