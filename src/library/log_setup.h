// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace netprobe::v0 {

/// Before anything of the library can log: from here on its words go to the
/// program's handler, or nowhere. Idempotent, from any thread.
void own_the_log();

}  // namespace netprobe::v0
