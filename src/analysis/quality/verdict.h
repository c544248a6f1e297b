// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "model/connection.h"
#include "model/flow.h"
#include "model/verdict.h"

namespace netprobe {

/// So long an answer may take before its absence is a verdict: a second SYN
/// goes out after 1 s, a third after 3 (RFC 6298, 5.7).
inline constexpr Nanos kAnswerTime = 3 * kSecond;

/// What the packets of a flow say of it at `now` (wall). docs/verdicts.md.
[[nodiscard]] Verdict flow_verdict(const Flow& flow, Nanos now);

/// The same with what the kernel says of one of its sockets, here on this
/// node. An end that packets showed stands; else the socket's error decides.
/// `client`: the socket is that of the side that began the flow.
[[nodiscard]] Verdict with_socket(Verdict packets, const Connection& socket, bool client);

}  // namespace netprobe
