// SPDX-License-Identifier: Apache-2.0
#include "cluster.h"

#include "agent.h"

namespace netprobe::test {
namespace {

/// `ip` command lines inside a namespace; one process for all of them.
Status ip_batch(const NetNamespace& ns, const std::string& lines) {
  const auto done =
      run_ok({"sh", "-c", "printf '%s' \"$1\" | ip -n \"$2\" -batch -", "sh", lines, ns.name()});
  if (!done) return std::unexpected(done.error());
  return {};
}

/// Both ends of the underlay, alike but for the last digit.
Status build_side(const NetNamespace& ns, char self, char other, Underlay underlay) {
  const std::string me(1, self);
  const std::string you(1, other);
  const std::string net = underlay == Underlay::kIpv6 ? "fd88::" : "192.0.2.";
  return ip_batch(
      ns, "address add 192.0.2." + me + "/24 dev eth0\n" + "address add fd88::" + me +
              "/64 dev eth0 nodad\n" + "link add vx0 type vxlan id 42 dstport 8472 local " + net +
              me + " remote " + net + you + "\n" + "address add 10.250.0." + me + "/24 dev vx0\n" +
              "address add fd25::" + me + "/64 dev vx0 nodad\n" + "link set vx0 mtu " +
              (underlay == Underlay::kIpv6 ? "1430" : "1450") + " up\n");
}

}  // namespace

Result<Cluster> Cluster::make(Underlay underlay) {
  auto node = NetNamespace::create();
  if (!node) return std::unexpected(node.error());
  auto peer = NetNamespace::create();
  if (!peer) return std::unexpected(peer.error());
  Cluster made{std::move(*node), std::move(*peer)};
  auto done = add_veth(made.node, "eth0", made.peer, "eth0");
  if (done) done = build_side(made.node, '1', '2', underlay);
  if (done) done = build_side(made.peer, '2', '1', underlay);
  if (done)
    done = ip_batch(made.node,
                    "link add cni0 type bridge\n"
                    "address add 10.244.0.1/16 dev cni0\n"
                    "address add fd10::1/64 dev cni0 nodad\n"
                    "link set cni0 up\n");
  if (done)
    done = ip_batch(made.peer,
                    "route add 10.244.0.0/16 via 10.250.0.1\n"
                    "route add fd10::/64 via fd25::1\n");
  if (!done) return std::unexpected(done.error());
  const auto forwards =
      made.node.run({"sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"});
  if (!forwards) return std::unexpected(forwards.error());
  return made;
}

Result<Pod> Cluster::add_pod(int number) const {
  auto ns = NetNamespace::create();
  if (!ns) return std::unexpected(ns.error());
  const std::string n = std::to_string(number);
  Pod pod{std::move(*ns), "veth" + n,
          "10.244." + std::to_string(1 + number / 200) + "." + std::to_string(1 + number % 200),
          "fd10::1:" + n};
  auto done = ip_batch(node, "link add " + pod.veth + " type veth peer name eth0 netns " +
                                 pod.ns.name() + "\nlink set " + pod.veth + " master cni0 up\n");
  if (done)
    done = ip_batch(pod.ns, "link set eth0 up\naddress add " + pod.v4 + "/16 dev eth0\n" +
                                "address add " + pod.v6 + "/64 dev eth0 nodad\n" +
                                "route add default via 10.244.0.1\n" +
                                "route add default via fd10::1\n");
  if (!done) return std::unexpected(done.error());
  return pod;
}

Result<NodeAndPod> NodeAndPod::make() {
  auto node = NetNamespace::create();
  if (!node) return std::unexpected(node.error());
  auto pod = NetNamespace::create();
  if (!pod) return std::unexpected(pod.error());
  if (auto s = add_veth(*node, "eth0", *pod, "eth0"); !s) return std::unexpected(s.error());
  for (const auto& [ns, number] : {std::pair{&*node, "1"}, std::pair{&*pod, "2"}}) {
    for (const std::string& address :
         {std::string("10.77.0.") + number + "/24", std::string("fd77::") + number + "/64"})
      if (auto s = ns->add_address("eth0", address); !s) return std::unexpected(s.error());
  }
  return NodeAndPod{std::move(*node), std::move(*pod)};
}

Status Background::start(const NetNamespace& ns, std::vector<std::string> command) {
  auto process = ns.start(std::move(command));
  if (!process) return std::unexpected(process.error());
  clients_.push_back(std::move(*process));
  return {};
}

Status Background::iperf(const NetNamespace& client, const NetNamespace& server,
                         const std::string& address, int seconds, std::vector<std::string> flags) {
  const std::string port = std::to_string(port_++);
  auto serving = server.start({"iperf3", "-s", "-p", port, "--forceflush"});
  if (!serving) return std::unexpected(serving.error());
  if (auto up = serving->wait_for_output("listening", kPatience); !up) return up;
  servers_.push_back(std::move(*serving));
  flags.insert(flags.begin(), {"iperf3", "-c", address, "-p", port, "-t", std::to_string(seconds)});
  return start(client, std::move(flags));
}

void Background::stop() {
  for (auto& process : clients_) (void)process.stop();
  for (auto& process : servers_) (void)process.stop();
  clients_.clear();
  servers_.clear();
}

std::string Background::failures() {
  std::string text;
  for (auto& process : clients_) {
    if (process.running()) continue;
    const auto end = process.wait(kSecond);
    if (end && !end->ok()) text += end->out + end->err + "\n";
  }
  return text;
}

}  // namespace netprobe::test
