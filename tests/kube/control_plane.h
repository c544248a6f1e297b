// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe::test {

/// A real etcd and kube-apiserver on loopback, with free ports and a folder of
/// their own; both are gone with the object.
class ControlPlane {
 public:
  /// Why there can be none here; empty where there can.
  [[nodiscard]] static std::string obstacle();
  /// Starts both and waits until the server is ready.
  [[nodiscard]] static Result<std::unique_ptr<ControlPlane>> start();

  [[nodiscard]] const std::string& url() const { return url_; }
  /// Of the server's certificate, PEM.
  [[nodiscard]] std::string ca_file() const { return dir_.file("certs/apiserver.crt"); }
  /// A kubeconfig for "admin", who may do all, or "reader", who may read all
  /// that the client asks for except network policies.
  [[nodiscard]] std::string kubeconfig(const std::string& user) const;
  static constexpr const char* kAdminToken = "admin-token";

  /// As kill -9 does it.
  void kill_server();
  /// Starts it again and waits until it is ready. Elsewhere: on another port,
  /// where those who knew it do not find it.
  [[nodiscard]] Status start_server(bool elsewhere = false);
  /// Forgets all history up to now.
  [[nodiscard]] Status compact() const;

 private:
  ControlPlane() = default;
  [[nodiscard]] Status start_etcd();

  TempDir dir_;
  int etcd_port_ = 0;
  int port_ = 0;
  std::string url_;
  std::optional<Process> etcd_;
  std::optional<Process> server_;
};

/// Asks the server as admin; one thread an object, the connection is kept.
class Admin {
 public:
  explicit Admin(const ControlPlane& plane);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  /// The answer's body; an error where the status is not 2xx.
  [[nodiscard]] Result<std::string> ask(const std::string& method, const std::string& path,
                                        const std::string& body = "",
                                        const std::string& type = "application/json");
  [[nodiscard]] Status create(const std::string& path, const std::string& object);
  [[nodiscard]] Status patch(const std::string& path, const std::string& merge);
  /// At once, without a kubelet to wait for.
  [[nodiscard]] Status remove(const std::string& path);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A pod in JSON that the server takes.
[[nodiscard]] std::string pod_json(const std::string& name, const std::string& node);
[[nodiscard]] std::string pod_status_json(const std::string& ip);

}  // namespace netprobe::test
