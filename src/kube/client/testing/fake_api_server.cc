// SPDX-License-Identifier: Apache-2.0
#include "kube/client/testing/fake_api_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace netprobe::kube::testing {
namespace {

/// Value of a query's parameter; empty without.
std::string parameter(const std::string& target, const std::string& name) {
  auto at = target.find("?" + name + "=");
  if (at == std::string::npos) at = target.find("&" + name + "=");
  if (at == std::string::npos) return {};
  at += name.size() + 2;
  std::string value;
  for (; at < target.size() && target[at] != '&'; ++at) {
    if (target[at] == '%' && at + 2 < target.size()) {
      value += static_cast<char>(std::strtoul(target.substr(at + 1, 2).c_str(), nullptr, 16));
      at += 2;
    } else {
      value += target[at];
    }
  }
  return value;
}

std::string header(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::uint64_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

}  // namespace

std::string raw_answer(int status, const std::string& body, const std::string& headers,
                       const std::string& type) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string raw_status(int status, const std::string& message, const std::string& headers) {
  return raw_answer(
      status,
      R"({"kind":"Status","code":)" + std::to_string(status) + R"(,"message":")" + message + "\"}",
      headers);
}

FakeApiServer::FakeApiServer(TlsFiles tls) : tls_(std::move(tls)) {
  // SSL_write() has no MSG_NOSIGNAL.
  ::signal(SIGPIPE, SIG_IGN);
  if (!tls_.certificate.empty()) tls_server_ = std::make_shared<TlsServer>(tls_);
  listen();
}

FakeApiServer::~FakeApiServer() { go_away(); }

std::string FakeApiServer::url() const {
  return (tls_server_ ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(port_);
}

void FakeApiServer::listen() {
  listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  stop_.reset(::eventfd(0, EFD_CLOEXEC));
  const int one = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0)
    std::abort();
  port_ = ntohs(address.sin_port);
  away_ = false;
  accept_ = std::thread([this] { accept_loop(); });
}

void FakeApiServer::accept_loop() {
  for (;;) {
    pollfd waits[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) continue;
    if (waits[1].revents != 0) return;
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    auto connection = std::make_shared<FakeConnection>(std::move(socket), tls_server_);
    const std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    threads_.emplace_back([this, connection = std::move(connection)] { serve(*connection); });
  }
}

void FakeApiServer::shut_connections() {
  const std::lock_guard lock(mutex_);
  for (const auto& weak : connections_)
    if (const auto connection = weak.lock()) connection->shut();
}

void FakeApiServer::go_away() {
  if (!accept_.joinable()) return;
  const std::uint64_t one = 1;
  if (::write(stop_.get(), &one, sizeof(one)) != sizeof(one)) std::abort();
  accept_.join();
  listener_.reset();
  away_ = true;
  shut_connections();
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void FakeApiServer::come_back() { listen(); }

void FakeApiServer::serve(FakeConnection& connection) {
  if (connection.handshake()) {
    for (;;) {
      const std::string head = connection.read_head();
      if (head.empty() || !answer_one(connection, head)) break;
    }
  }
  connection.shut();
}

bool FakeApiServer::answer_one(FakeConnection& connection, const std::string& head) {
  const auto begin = head.find(' ') + 1;
  const std::string target = head.substr(begin, head.find(' ', begin) - begin);
  const std::string authorization = header(head, "Authorization");
  std::string raw;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(target + (authorization.empty() ? "" : " " + authorization));
    for (auto& prepared : prepared_) {
      if (prepared.times == 0 || !target.contains(prepared.part) ||
          (!prepared.without.empty() && target.contains(prepared.without)))
        continue;
      if (prepared.times > 0) --prepared.times;
      raw = prepared.raw;
      break;
    }
    if (raw.empty() && !authorization_.empty() && authorization != authorization_)
      raw = raw_status(401, "Unauthorized");
    if (raw.empty() && target == "/version") raw = raw_answer(200, R"({"gitVersion":"v1.20.2"})");
    if (raw.empty() && target == "/apis/discovery.k8s.io")
      raw = raw_answer(200, R"({"kind":"APIGroup","versions":[{"version":")" + slices_ + "\"}]}");
    const auto slices = target.find("/apis/discovery.k8s.io/");
    if (raw.empty() && slices == 0 &&
        !target.starts_with("/apis/discovery.k8s.io/" + slices_ + "/"))
      raw = raw_status(404, "the server could not find the requested resource");
  }
  if (!raw.empty()) {
    // Without a length the end of the connection ends it.
    return connection.write(raw) && raw.contains("Content-Length:");
  }
  const auto path = target.substr(0, target.find('?'));
  const std::string resource = path.substr(path.rfind('/') + 1);
  if (target.contains("watch=1")) return watch(connection, target, resource);
  return connection.write(list(target, resource));
}

std::string FakeApiServer::list(const std::string& target, const std::string& resource) {
  const std::lock_guard lock(mutex_);
  const auto& objects = resources_[resource].objects;
  const auto limit = number(parameter(target, "limit"));
  // A continue token is the name that comes next.
  const std::string from = parameter(target, "continue");
  std::string items;
  std::string next;
  std::uint64_t count = 0;
  for (auto at = objects.lower_bound(from); at != objects.end(); ++at) {
    if (limit != 0 && count == limit) {
      next = at->first;
      break;
    }
    items += (count++ == 0 ? "" : ",") + at->second.text;
  }
  return raw_answer(200, R"({"kind":"XList","apiVersion":"v1","metadata":{"resourceVersion":")" +
                             std::to_string(version_) + "\"" +
                             (next.empty() ? "" : R"(,"continue":")" + next + "\"") +
                             R"(},"items":[)" + items + "]}\n");
}

bool FakeApiServer::watch(FakeConnection& connection, const std::string& target,
                          const std::string& resource) {
  const auto version = number(parameter(target, "resourceVersion"));
  std::unique_lock lock(mutex_);
  const auto cuts = cuts_;
  ++watches_;
  if (!connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n"))
    return false;
  if (version < oldest_) {
    connection.write_chunk(
        R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}})"
        "\n");
    return connection.write("0\r\n\r\n");
  }
  std::size_t sent = 0;
  for (;;) {
    const auto& events = resources_[resource].events;
    std::string lines;
    for (; sent < events.size(); ++sent)
      if (events[sent].version > version || events[sent].version == 0)
        lines += events[sent].line + "\n";
    const bool cut = cuts != cuts_;
    if (cut) lines += cut_text_;
    // A client that does not read must not stop everybody else.
    lock.unlock();
    const bool written = lines.empty() || connection.write_chunk(lines);
    const bool over = cut || away_ || connection.ended();
    lock.lock();
    if (!written || over) return false;
    // What came in the meantime told nobody who waited.
    if (sent == resources_[resource].events.size())
      changed_.wait_for(lock, std::chrono::milliseconds(10));
  }
}

void FakeApiServer::put(const std::string& resource, const std::string& name,
                        const std::string& fields, const std::string& metadata) {
  const std::lock_guard lock(mutex_);
  auto& of = resources_[resource];
  auto& object = of.objects[name];
  const bool is_new = object.uid.empty();
  if (is_new) object.uid = "uid-" + std::to_string(++uids_);
  object.version = ++version_;
  const auto slash = name.find('/');
  object.text =
      R"({"metadata":{"name":")" + name.substr(slash == std::string::npos ? 0 : slash + 1) + "\"" +
      (slash == std::string::npos ? "" : R"(,"namespace":")" + name.substr(0, slash) + "\"") +
      R"(,"uid":")" + object.uid + R"(","resourceVersion":")" + std::to_string(object.version) +
      "\"" + metadata + "}" + fields + "}";
  of.events.push_back({version_, R"({"type":")" + std::string(is_new ? "ADDED" : "MODIFIED") +
                                     R"(","object":)" + object.text + "}"});
  changed_.notify_all();
}

void FakeApiServer::remove(const std::string& resource, const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& of = resources_[resource];
  const auto found = of.objects.find(name);
  if (found == of.objects.end()) std::abort();
  // The event has the version of the end, not that of the last change.
  std::string text = found->second.text;
  const std::string before =
      R"("resourceVersion":")" + std::to_string(found->second.version) + "\"";
  text.replace(text.find(before), before.size(),
               R"("resourceVersion":")" + std::to_string(++version_) + "\"");
  of.events.push_back({version_, R"({"type":"DELETED","object":)" + text + "}"});
  of.objects.erase(found);
  changed_.notify_all();
}

void FakeApiServer::say(const std::string& resource, const std::string& line) {
  const std::lock_guard lock(mutex_);
  resources_[resource].events.push_back({++version_, line});
  changed_.notify_all();
}

void FakeApiServer::bookmark(const std::string& resource) {
  const std::lock_guard lock(mutex_);
  // After a reset() it is below what watchers know.
  resources_[resource].events.push_back(
      {0, R"({"type":"BOOKMARK","object":{"kind":"X","metadata":{"resourceVersion":")" +
              std::to_string(version_) + "\"}}}"});
  changed_.notify_all();
}

void FakeApiServer::compact() {
  const std::lock_guard lock(mutex_);
  oldest_ = ++version_;
  for (auto& [name, resource] : resources_) resource.events.clear();
}

void FakeApiServer::reset() {
  const std::lock_guard lock(mutex_);
  resources_.clear();
  version_ = 1;
  oldest_ = 0;
}

void FakeApiServer::cut(const std::string& partial) {
  {
    const std::lock_guard lock(mutex_);
    ++cuts_;
    cut_text_ = partial;
  }
  changed_.notify_all();
}

void FakeApiServer::answer(const std::string& part, std::string raw, int times) {
  answer_without(part, "", std::move(raw), times);
}

void FakeApiServer::answer_without(const std::string& part, const std::string& without,
                                   std::string raw, int times) {
  const std::lock_guard lock(mutex_);
  prepared_.push_back({part, without, std::move(raw), times});
}

void FakeApiServer::answer_as_usual() {
  const std::lock_guard lock(mutex_);
  prepared_.clear();
}

void FakeApiServer::require_authorization(std::string value) {
  const std::lock_guard lock(mutex_);
  authorization_ = std::move(value);
}

void FakeApiServer::serve_slices(const std::string& version) {
  const std::lock_guard lock(mutex_);
  slices_ = version;
}

std::vector<std::string> FakeApiServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int FakeApiServer::count(const std::string& part) const {
  const std::lock_guard lock(mutex_);
  int count = 0;
  for (const auto& request : requests_) count += request.contains(part) ? 1 : 0;
  return count;
}

int FakeApiServer::watches() const {
  const std::lock_guard lock(mutex_);
  return watches_;
}

}  // namespace netprobe::kube::testing
