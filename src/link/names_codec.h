// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "model/kube.h"

namespace netprobe::v1 {
class NameChange;
}

namespace netprobe {

/// Fills an empty message.
void encode_change(const KubeChange& change, v1::NameChange& to);

/// The change of a message, which may be anything: addresses that are none are left
/// out, numbers that do not fit are errors, and so is an object that this version
/// does not know: whoever asks passes over it.
[[nodiscard]] Result<KubeChange> decode_change(const v1::NameChange& from);

}  // namespace netprobe
