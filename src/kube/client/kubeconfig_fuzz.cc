// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "kube/client/exec_plugin.h"
#include "kube/client/kubeconfig.h"

/// Any text is a configuration or one sentence; what is taken can be put into
/// a header as it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe::kube;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // Relative names are looked for where nothing is.
  const auto read = parse_kubeconfig(text, "/nonexistent/netprobe/config", "", 0);
  if (read) {
    if (!read->url.starts_with("http")) std::abort();
    if (read->credentials.token.find_first_of("\r\n") != std::string::npos) std::abort();
    if (read->impersonate.find_first_of("\r\n") != std::string::npos) std::abort();
  } else if (read.error().message.empty()) {
    std::abort();
  }
  const auto credential = parse_exec_credential(text, "client.authentication.k8s.io/v1", 0);
  if (!credential && credential.error().message.empty()) std::abort();
  return 0;
}
