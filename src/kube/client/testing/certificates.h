// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe::kube::testing {

inline std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

/// Certificates that the openssl program made: an authority, a server at
/// 127.0.0.1 and "kube.test", a client; and a client's that ran out.
class Certificates {
 public:
  Certificates() {
    const auto config = dir_.file("openssl.cnf");
    write_file(config,
               "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n"
               "[server]\nsubjectAltName=IP:127.0.0.1,DNS:kube.test\n[client]\n"
               "extendedKeyUsage=clientAuth\n");
    run("openssl req -x509 -config " + config +
        " -extensions ca -newkey ec -pkeyopt "
        "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout " +
        key("ca") + " -out " + file("ca"));
    issue("server", "server", "2");
    issue("client", "client", "2");
    issue("old", "client", "-1");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return dir_.file(name + ".pem"); }
  [[nodiscard]] std::string key(const std::string& name) const { return dir_.file(name + ".key"); }
  /// Empty: they could be made.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  void run(const std::string& command) {
    if (!trouble_.empty()) return;
    const auto done = test::run_ok({"sh", "-c", command + " 2>&1"});
    if (!done) trouble_ = done.error().message;
  }
  void issue(const std::string& name, const std::string& extensions, const std::string& days) {
    const auto config = dir_.file("openssl.cnf");
    const auto request = dir_.file(name + ".csr");
    run("openssl req -new -config " + config +
        " -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
        "-nodes -subj /CN=" +
        name + " -keyout " + key(name) + " -out " + request);
    run("openssl x509 -req -in " + request + " -CA " + file("ca") + " -CAkey " + key("ca") +
        " -CAcreateserial -days " + days + " -extfile " + config + " -extensions " + extensions +
        " -out " + file(name));
  }
  test::TempDir dir_;
  std::string trouble_;
};

}  // namespace netprobe::kube::testing
