// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/detector.h"

namespace netprobe {

/// Gives a detector what it had learnt: DIRECTORY/NAME.state. Without such a file it begins
/// anew, which is no error; a file that cannot be read or is none of it is one, and the
/// detector begins anew as well.
[[nodiscard]] Status load_learnt(const std::string& directory, Detector& detector);
/// Keeps what it has learnt, as a whole or not at all: the file before stays until the new one
/// is on disk. `room` is used for the text, and may be given again. Nothing is written of a
/// detector that learns nothing.
[[nodiscard]] Status save_learnt(const std::string& directory, Detector& detector,
                                 std::string& room);

}  // namespace netprobe
