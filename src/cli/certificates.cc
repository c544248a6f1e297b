// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/output.h"
#include "io/certificate_maker.h"

namespace netprobe {
namespace {

constexpr Nanos kDay = 86'400 * kSecond;

struct Asked {
  std::string folder;
  int days = 365;
  std::vector<std::string> server_names;
};

struct File {
  std::string name;
  std::string text;
  bool secret = false;
};

void add(std::vector<File>& files, const std::string& name, const PemPair& pair) {
  files.push_back({name + ".key", pair.key, true});
  files.push_back({name + ".crt", pair.certificate, false});
}

/// The whole set, made before anything is written.
Result<std::vector<File>> make_set(const Asked& asked) {
  const Nanos now = SystemClock().wall();
  const Nanos from = now - kDay;  // clocks of other machines may be behind
  const Nanos until = now + asked.days * kDay;
  const auto authority = CertificateMaker::make("NetProbe development authority", from, until);
  if (!authority) return std::unexpected(authority.error());
  CertificateWish server{.common_name = "netprobe-server",
                         .names = {"netprobe-server", "localhost", "127.0.0.1", "::1"},
                         .from = from,
                         .until = until};
  for (const std::string& name : asked.server_names) server.names.push_back(name);
  const std::vector<CertificateWish> wishes{
      server,
      {.common_name = "netprobe-agent", .names = {"netprobe-agent"}, .from = from, .until = until},
      {.common_name = "netprobe-client",
       .names = {},
       .for_server = false,
       .from = from,
       .until = until}};
  std::vector<File> files;
  add(files, "ca", authority->own());
  for (const CertificateWish& wish : wishes) {
    const auto pair = authority->issue(wish);
    if (!pair) return std::unexpected(pair.error());
    add(files, wish.common_name.substr(wish.common_name.find('-') + 1), *pair);
  }
  return files;
}

Status write_set(const std::string& folder, const std::vector<File>& files) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(fmt::format("cannot make the folder {}", folder));
  // Looked at first, so that there is all of a set or nothing of it.
  for (const File& file : files) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(folder + "/" + file.name, error)))
      return fail(fmt::format("{}/{} is there already, and nothing is written over: take another "
                              "folder, or remove it first",
                              folder, file.name),
                  ErrorKind::kBusy);
  }
  for (const File& file : files)
    if (auto written = write_new_file(folder + "/" + file.name, file.text, file.secret); !written)
      return written;
  return {};
}

int certificates(const Asked& asked) {
  const auto files = make_set(asked);
  if (!files)
    return complain(files.error().message,
                    files.error().kind == ErrorKind::kUsage ? kExitUsage : kExitFailed);
  if (auto written = write_set(asked.folder, *files); !written)
    return complain(written.error().message, kExitFailed);
  Output out;
  for (const File& file : *files) out.text() += asked.folder + "/" + file.name + "\n";
  (void)out.flush();
  return kExitOk;
}

}  // namespace

void add_certificates(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "certificates", "Make certificates for agents and server, for development and tests");
  auto asked = std::make_shared<Asked>();
  command->add_option("DIR", asked->folder, "folder for them; made where it is not there")
      ->required();
  command->add_option("--days", asked->days, "how long they are good (default 365)")
      ->check(CLI::Range(1, 3650));
  command->add_option("--server-name", asked->server_names,
                      "another name or address of the server; may be repeated");
  command->footer(
      "ca, server, agent and client, each NAME.crt and NAME.key (EC P-256); keys can be read\n"
      "by their owner alone. Nothing that is there is written over.\n"
      "Example:\n"
      "  netprobe certificates ./tls --server-name netprobe.example\n"
      "Exit codes: 0, 1 it did not work, 2 wrong usage.");
  command->callback([asked, &exit_code] { exit_code = certificates(*asked); });
}

}  // namespace netprobe
