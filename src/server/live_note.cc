// SPDX-License-Identifier: Apache-2.0
#include "server/live_note.h"

#include "base/json_writer.h"

namespace netprobe {

void append_note(std::string& out, const LiveItem& item) {
  const bool lost = item.kind == LiveItem::Kind::kLost;
  out += lost ? "event: lost\ndata: " : "event: agent\ndata: ";
  JsonObject json(out);
  if (lost) json.number("lost", item.count);
  if (!item.node.empty()) json.text("node", item.node);
  if (!lost) json.text("state", item.kind == LiveItem::Kind::kJoined ? "joined" : "left");
  if (!item.problem.empty()) json.text("problem", item.problem);
  json.close();
  out += "\n\n";
}

}  // namespace netprobe
