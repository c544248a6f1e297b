// SPDX-License-Identifier: Apache-2.0
#include "model/loss_json.h"

#include "base/json_writer.h"

namespace netprobe {
namespace {

void append_point(JsonObject& json, std::string& out, std::string_view name,
                  std::string_view interface, Role role, Direction direction) {
  json.key(name);
  JsonObject point(out);
  point.text("interface", interface);
  point.text("role", to_string(role));
  point.text("direction", to_string(direction));
  point.close();
}

}  // namespace

void append_json(std::string& out, const Loss& loss,
                 const std::function<void(JsonObject& flow)>& more) {
  JsonObject json(out);
  append_point(json, out, "from", loss.from_interface, loss.from_role, loss.from_direction);
  if (loss.to_interface.empty()) {
    json.null("to");
  } else {
    append_point(json, out, "to", loss.to_interface, loss.to_role, loss.to_direction);
  }
  json.key("flow");
  JsonObject flow(out);
  flow.number("id", loss.flow_id);
  flow.address("src_ip", loss.tuple.src);
  flow.address("dst_ip", loss.tuple.dst);
  flow.number("src_port", loss.tuple.src_port);
  flow.number("dst_port", loss.tuple.dst_port);
  flow.text("protocol", protocol_name(loss.tuple.protocol));
  if (more) more(flow);
  flow.close();
  json.number("packets", loss.packets);
  json.number("entered", loss.entered);
  json.number("left", loss.left);
  json.time("last_seen", loss.last_seen);
  json.key("explained_by");
  JsonArray reasons(out);
  std::uint64_t explained = 0;
  for (const LossReason& reason : loss.explained_by) {
    reasons.next();
    JsonObject item(out);
    item.text("reason", reason.reason);
    item.text("location", reason.location);
    item.number("packets", reason.packets);
    item.close();
    explained += reason.packets;
  }
  reasons.close();
  json.number("unexplained", loss.packets > explained ? loss.packets - explained : 0);
  json.close();
}

std::string place_of(const Loss& loss) {
  return loss.from_interface + "→" + (loss.to_interface.empty() ? "?" : loss.to_interface);
}

}  // namespace netprobe
