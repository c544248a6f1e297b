// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace netprobe::bench {

/// Members of a pod's JSON as a cluster of today has them, with all that nobody
/// here looks at: about 5 KB with what a server puts around them.
struct KubePodText {
  std::string metadata;  ///< behind name, namespace, uid and resourceVersion
  std::string fields;    ///< spec and status
};

/// `number` tells pods apart, `change` one state of a pod from the next.
[[nodiscard]] KubePodText kube_pod_text(int number, const std::string& ip, int change,
                                        const std::string& label);

}  // namespace netprobe::bench
