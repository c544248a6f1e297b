// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace netprobe {

/// Keeps gRPC's threads of callbacks from now on to the end of the process. They would
/// end with the last channel or server; where that goes on one of them, which is where
/// calls end, it would wait for itself, and what it then frees is still in use (gRPC
/// 1.51, CallbackAlternativeCQ). Call before any channel or server is made.
void keep_callback_threads();

}  // namespace netprobe
