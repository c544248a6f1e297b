// SPDX-License-Identifier: Apache-2.0
#include "link/callback_threads.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "link/grpc_log.h"

namespace netprobe {

void keep_callback_threads() {
  log_grpc_here();
  // A server without a port: it holds the threads and does nothing. Never freed.
  static const grpc::Server* const kKept = [] {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(new grpc::CallbackGenericService);
    return builder.BuildAndStart().release();
  }();
  (void)kKept;
}

}  // namespace netprobe
