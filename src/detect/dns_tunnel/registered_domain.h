// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace netprobe {

/// The part of a name that somebody registered: "example.co.uk" of "a.b.example.co.uk", by
/// the public suffix list that libpsl was built with; of an unknown top level its second
/// one. `name` in small letters, without a dot at its end. Empty: the name is a public
/// suffix itself, or of a place that nobody registers names in (arpa, local, internal …).
[[nodiscard]] std::string_view registered_domain(const std::string& name);

/// Does it end in a top level that the list has: is it whole, as it stands?
[[nodiscard]] bool is_whole_name(const std::string& name);

}  // namespace netprobe
