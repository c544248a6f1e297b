// SPDX-License-Identifier: Apache-2.0
#include "support/clickhouse_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "support/loopback.h"

namespace netprobe::test {
namespace {

constexpr int kStartSeconds = 60;
constexpr std::size_t kTail = 2'000;

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

std::string tail(const std::string& text) {
  return text.substr(text.size() - std::min(text.size(), kTail));
}

/// Chunks (RFC 9112 7.1) put together; what is not whole is left out.
std::string dechunked(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t size = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), size, 16).ptr;
    const auto line = text.find("\r\n");
    if (line == std::string_view::npos || size == 0 || end == text.data()) break;
    text.remove_prefix(line + 2);
    out += text.substr(0, size);
    text.remove_prefix(std::min(text.size(), size + 2));
  }
  return out;
}

}  // namespace

Result<PlainReply> plain_http(int port, const std::string& target, const std::string& headers,
                              const std::string& body, Nanos timeout) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return fail_errno("connect to 127.0.0.1:" + std::to_string(port));
  std::string request = (body.empty() ? "GET " : "POST ") + target +
                        " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + headers;
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n" + body;
  for (std::size_t sent = 0; sent < request.size();) {
    const ssize_t done =
        ::send(socket.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (done <= 0) return fail_errno("send");
    sent += static_cast<std::size_t>(done);
  }
  const SystemClock clock;
  const Nanos deadline = clock.monotonic() + timeout;
  std::string answer;
  std::array<char, 65'536> buffer{};
  for (;;) {
    pollfd waiting{socket.get(), POLLIN, 0};
    const Nanos left = deadline - clock.monotonic();
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left / kMillisecond) + 1) == 0)
      return fail("127.0.0.1:" + std::to_string(port) + " did not answer in time");
    const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return fail_errno("recv");
    if (got == 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const auto head = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || head == std::string::npos)
    return fail("127.0.0.1:" + std::to_string(port) + " cut its answer off");
  PlainReply reply{std::atoi(answer.c_str() + 9), answer.substr(head + 4)};
  if (answer.substr(0, head).contains("chunked")) reply.body = dechunked(reply.body);
  return reply;
}

std::string ClickHouseServer::obstacle() {
  if (!have_program("clickhouse-server"))
    return "clickhouse-server is not installed: scripts/setup.sh test";
  return {};
}

ClickHouseServer::ClickHouseServer(Options options) : options_(std::move(options)) {}

Result<std::unique_ptr<ClickHouseServer>> ClickHouseServer::start(const Options& options) {
  std::unique_ptr<ClickHouseServer> server(new ClickHouseServer(options));
  server->http_port_ = free_loopback_port();
  server->tcp_port_ = free_loopback_port();
  server->interserver_port_ = free_loopback_port();
  if (auto started = server->restart(); !started) return std::unexpected(started.error());
  return server;
}

std::string ClickHouseServer::url() const {
  return "http://127.0.0.1:" + std::to_string(http_port_);
}

void ClickHouseServer::write_config() const {
  const std::string data = options_.data_path.empty() ? dir_.file("data") : options_.data_path;
  // Newer releases take <yandex> as well. Small pools and caches: it shares a
  // machine with other tests.
  write_file(
      dir_.file("config.xml"),
      "<yandex>\n<logger><level>warning</level><console>1</console></logger>\n"
      "<http_port>" +
          std::to_string(http_port_) + "</http_port><tcp_port>" + std::to_string(tcp_port_) +
          "</tcp_port><interserver_http_port>" + std::to_string(interserver_port_) +
          "</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>\n"
          "<listen_host>127.0.0.1</listen_host>\n"
          "<max_connections>64</max_connections><keep_alive_timeout>3</keep_alive_timeout>\n"
          "<max_concurrent_queries>32</max_concurrent_queries>\n"
          "<uncompressed_cache_size>0</uncompressed_cache_size>\n"
          "<mark_cache_size>268435456</mark_cache_size>\n"
          "<path>" +
          data + "/</path><tmp_path>" + data + "/tmp/</tmp_path><user_files_path>" + data +
          "/files/</user_files_path><format_schema_path>" + data +
          "/schemas/</format_schema_path>\n"
          "<timezone>UTC</timezone>\n"
          "<users_config>users.xml</users_config><default_profile>default</default_profile>\n"
          "<default_database>default</default_database>\n</yandex>\n");
  write_file(dir_.file("users.xml"),
             "<yandex>\n<profiles><default><max_memory_usage>" +
                 std::to_string(options_.max_memory) +
                 "</max_memory_usage><background_pool_size>2</background_pool_size></default>"
                 "</profiles>\n<users><" +
                 options_.user + "><password>" + options_.password +
                 "</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>"
                 "<quota>default</quota></" +
                 options_.user + "></users>\n<quotas><default/></quotas>\n</yandex>\n");
}

Status ClickHouseServer::restart() {
  write_config();
  auto started = Process::start({"clickhouse-server", "--config-file=" + dir_.file("config.xml")},
                                {.environment = {{"TZ", "UTC"}}, .directory = dir_.path()});
  if (!started) return std::unexpected(started.error());
  server_.emplace(std::move(*started));
  const SystemClock clock;
  const Nanos deadline = clock.monotonic() + kStartSeconds * kSecond;
  while (clock.monotonic() < deadline) {
    if (!server_->running()) return fail("clickhouse-server ended: " + log_tail());
    if (ask("SELECT 1")) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return fail("clickhouse-server did not get ready: " + log_tail());
}

void ClickHouseServer::kill() {
  if (!server_) return;
  (void)server_->send_signal(SIGKILL);
  (void)server_->wait(10 * kSecond);
  server_.reset();
}

void ClickHouseServer::stop() {
  if (!server_) return;
  (void)server_->stop();
  server_.reset();
}

void ClickHouseServer::freeze(bool frozen) const {
  if (server_) (void)server_->send_signal(frozen ? SIGSTOP : SIGCONT);
}

Result<std::string> ClickHouseServer::ask(const std::string& sql) const {
  const std::string user =
      "X-ClickHouse-User: " + options_.user + "\r\nX-ClickHouse-Key: " + options_.password + "\r\n";
  auto reply = plain_http(http_port_, "/", user, sql, 30 * kSecond);
  if (!reply) return std::unexpected(reply.error());
  if (reply->status != 200)
    return fail("'" + sql.substr(0, 200) + "': " + std::to_string(reply->status) + ": " +
                tail(reply->body));
  if (reply->body.ends_with('\n')) reply->body.pop_back();
  return std::move(reply->body);
}

std::string ClickHouseServer::log_tail() const {
  return server_ ? tail(server_->err() + server_->out()) : std::string();
}

}  // namespace netprobe::test
