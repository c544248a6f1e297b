// SPDX-License-Identifier: Apache-2.0
#include "kube/control_plane.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/unique_fd.h"

namespace netprobe::test {
namespace {

constexpr int kStartSeconds = 60;

/// $NETPROBE_KUBE_APISERVER, one in PATH, or the one that was built into the
/// cache; empty: none.
std::string server_binary() {
  if (const char* named = std::getenv("NETPROBE_KUBE_APISERVER"); named != nullptr && *named != 0)
    return named;
  if (have_program("kube-apiserver")) return "kube-apiserver";
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string folder = cache != nullptr && *cache != 0 ? std::string(cache)
                             : home != nullptr               ? std::string(home) + "/.cache"
                                                             : "/root/.cache";
  const std::string built = folder + "/netprobe/kube/kube-apiserver";
  return ::access(built.c_str(), X_OK) == 0 ? built : std::string();
}

int free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0)
    std::abort();
  return ntohs(address.sin_port);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

std::string tail(const std::string& text) {
  return text.substr(text.size() - std::min<std::size_t>(text.size(), 1'500));
}

extern "C" std::size_t netprobe_test_take(char* data, std::size_t size, std::size_t count,
                                          void* user) {
  static_cast<std::string*>(user)->append(data, size * count);
  return size * count;
}

}  // namespace

std::string ControlPlane::obstacle() {
  if (!have_program("etcd")) return "etcd is not installed: scripts/setup.sh test";
  if (!have_program("openssl")) return "openssl is not installed: scripts/setup.sh test";
  if (server_binary().empty())
    return "there is no kube-apiserver: scripts/kube_apiserver.sh --build makes one";
  return {};
}

Result<std::unique_ptr<ControlPlane>> ControlPlane::start() {
  std::unique_ptr<ControlPlane> plane(new ControlPlane);
  const auto& dir = plane->dir_;
  plane->etcd_port_ = free_port();
  plane->port_ = free_port();
  if (auto made = run_ok({"openssl", "genrsa", "-out", dir.file("accounts.key"), "2048"}); !made)
    return std::unexpected(made.error());
  write_file(dir.file("tokens.csv"), std::string(kAdminToken) +
                                         ",admin,1,system:masters\n"
                                         "reader-token,reader,2,readers\n");
  if (auto started = plane->start_etcd(); !started) return std::unexpected(started.error());
  if (auto started = plane->start_server(); !started) return std::unexpected(started.error());
  Admin admin(*plane);
  const std::string role = R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",
    "metadata":{"name":"reader"},"rules":[
      {"apiGroups":["","discovery.k8s.io","apps","batch"],"verbs":["list","watch"],
       "resources":["pods","services","nodes","namespaces","endpointslices","replicasets","jobs"]}]})";
  const std::string binding = R"({"apiVersion":"rbac.authorization.k8s.io/v1",
    "kind":"ClusterRoleBinding","metadata":{"name":"reader"},
    "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"reader"},
    "subjects":[{"kind":"User","name":"reader","apiGroup":"rbac.authorization.k8s.io"}]})";
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
  if (auto made = admin.create(rbac + "clusterroles", role); !made)
    return std::unexpected(made.error());
  if (auto made = admin.create(rbac + "clusterrolebindings", binding); !made)
    return std::unexpected(made.error());
  // The server makes this namespace some time after it is ready.
  for (int i = 0; i < kStartSeconds * 10; ++i) {
    if (admin.ask("GET", "/api/v1/namespaces/default")) return plane;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return fail("the server did not make the namespace 'default'");
}

Status ControlPlane::start_etcd() {
  const std::string url = "http://127.0.0.1:" + std::to_string(etcd_port_);
  const std::string peers = "http://127.0.0.1:" + std::to_string(free_port());
  auto started = Process::start({"etcd", "--name", "test", "--data-dir", dir_.file("etcd"),
                                 "--unsafe-no-fsync", "--log-level", "error",
                                 "--listen-client-urls", url, "--advertise-client-urls", url,
                                 "--listen-peer-urls", peers, "--initial-advertise-peer-urls",
                                 peers, "--initial-cluster", "test=" + peers});
  if (!started) return std::unexpected(started.error());
  etcd_.emplace(std::move(*started));
  return {};
}

Status ControlPlane::start_server(bool elsewhere) {
  const std::string port = std::to_string(elsewhere ? free_port() : port_);
  url_ = "https://127.0.0.1:" + port;
  auto started = Process::start(
      {server_binary(), "--etcd-servers=http://127.0.0.1:" + std::to_string(etcd_port_),
       "--bind-address=127.0.0.1", "--secure-port=" + port, "--cert-dir=" + dir_.file("certs"),
       "--token-auth-file=" + dir_.file("tokens.csv"), "--authorization-mode=RBAC",
       "--service-cluster-ip-range=10.96.0.0/16", "--disable-admission-plugins=ServiceAccount",
       "--etcd-compaction-interval=0", "--service-account-issuer=https://kubernetes.default.svc",
       "--service-account-key-file=" + dir_.file("accounts.key"),
       "--service-account-signing-key-file=" + dir_.file("accounts.key"),
       // Loopback is no address for others, and there is nobody to advertise to.
       "--endpoint-reconciler-type=none", "--advertise-address=192.0.2.1"});
  if (!started) return std::unexpected(started.error());
  server_.emplace(std::move(*started));
  for (int i = 0; i < kStartSeconds * 10; ++i) {
    if (!server_->running()) return fail("kube-apiserver ended: " + tail(server_->err()));
    // Its certificate is there before it answers.
    if (std::filesystem::exists(ca_file()) && Admin(*this).ask("GET", "/readyz")) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return fail("kube-apiserver did not get ready: " + tail(server_->err()));
}

void ControlPlane::kill_server() {
  if (!server_) return;
  (void)server_->send_signal(SIGKILL);
  (void)server_->wait(10 * kSecond);
  server_.reset();
}

Status ControlPlane::compact() const {
  const std::string url = "http://127.0.0.1:" + std::to_string(etcd_port_) + "/v3/kv/";
  const auto now =
      run_ok({"curl", "-sSf", "--noproxy", "*", "-d", R"({"key":"AA=="})", url + "range"});
  if (!now) return std::unexpected(now.error());
  const auto at = now->find(R"("revision":")");
  if (at == std::string::npos) return fail("etcd does not tell its revision: " + *now);
  const std::string revision = now->substr(at + 12, now->find('"', at + 12) - at - 12);
  const auto done =
      run_ok({"curl", "-sSf", "--noproxy", "*", "-d",
              R"({"physical":true,"revision":")" + revision + "\"}", url + "compaction"});
  if (!done) return std::unexpected(done.error());
  return {};
}

std::string ControlPlane::kubeconfig(const std::string& user) const {
  const std::string path = dir_.file(user + ".kubeconfig");
  write_file(path,
             "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
             "contexts: [{name: test, context: {cluster: test, user: " +
                 user +
                 "}}]\n"
                 "clusters: [{name: test, cluster: {server: '" +
                 url_ +
                 "', certificate-authority: certs/apiserver.crt}}]\n"
                 "users: [{name: " +
                 user + ", user: {token: " + user + "-token}}]\n");
  return path;
}

class Admin::Impl {
 public:
  explicit Impl(const ControlPlane& plane) : url_(plane.url()), ca_(plane.ca_file()) {
    handle_ = curl_easy_init();
    if (handle_ == nullptr) std::abort();
  }
  ~Impl() { curl_easy_cleanup(handle_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<std::string> ask(const std::string& method, const std::string& path,
                          const std::string& body, const std::string& type) {
    std::string answer;
    curl_easy_reset(handle_);
    curl_slist* headers = curl_slist_append(nullptr, ("Content-Type: " + type).c_str());
    headers = curl_slist_append(
        headers, (std::string("Authorization: Bearer ") + ControlPlane::kAdminToken).c_str());
    curl_easy_setopt(handle_, CURLOPT_URL, (url_ + path).c_str());
    curl_easy_setopt(handle_, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(handle_, CURLOPT_CAINFO, ca_.c_str());
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
    if (!body.empty()) {
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, body.c_str());
    }
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, netprobe_test_take);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer);
    const CURLcode code = curl_easy_perform(handle_);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) return fail(path + ": " + curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 != 2)
      return fail(method + " " + path + ": " + std::to_string(status) + ": " + tail(answer));
    return answer;
  }

 private:
  CURL* handle_ = nullptr;
  std::string url_;
  std::string ca_;
};

Admin::Admin(const ControlPlane& plane) : impl_(std::make_unique<Impl>(plane)) {}
Admin::~Admin() = default;

Result<std::string> Admin::ask(const std::string& method, const std::string& path,
                               const std::string& body, const std::string& type) {
  return impl_->ask(method, path, body, type);
}

Status Admin::create(const std::string& path, const std::string& object) {
  if (auto done = ask("POST", path, object); !done) return std::unexpected(done.error());
  return {};
}

Status Admin::patch(const std::string& path, const std::string& merge) {
  if (auto done = ask("PATCH", path, merge, "application/merge-patch+json"); !done)
    return std::unexpected(done.error());
  return {};
}

Status Admin::remove(const std::string& path) {
  if (auto done = ask("DELETE", path + "?gracePeriodSeconds=0"); !done)
    return std::unexpected(done.error());
  return {};
}

std::string pod_json(const std::string& name, const std::string& node) {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
         R"(","labels":{"app":"web","pod-template-hash":"5d4f8c7b9"}},"spec":{"nodeName":")" +
         node +
         R"(","containers":[{"name":"web","image":"example.org/web:1","ports":[{"name":"http","containerPort":8080}]}]}})";
}

std::string pod_status_json(const std::string& ip) {
  return R"({"status":{"phase":"Running","startTime":"2026-01-02T03:04:05Z","podIP":")" + ip +
         R"(","podIPs":[{"ip":")" + ip +
         R"("}],"containerStatuses":[{"name":"web","image":"i","imageID":"i","ready":true,"restartCount":0,
         "containerID":"containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
         "state":{"running":{"startedAt":"2026-01-02T03:04:06Z"}}}]}})";
}

}  // namespace netprobe::test
