// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cluster/pages.h"
#include "io/http_server.h"

namespace netprobe {

/// Routes of pages that are all agents' joined: /api/flows, /api/stats and the lists.
/// `pages` outlives the server's stop().
void add_page_routes(HttpServer& server, const ClusterPages& pages);

}  // namespace netprobe
