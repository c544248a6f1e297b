// SPDX-License-Identifier: Apache-2.0
// Answers of the right shape about a cluster that does not exist.
export function makeShapes({ answers, cluster, asServer, started, now, iso, faults }) {
  const lost = () => (faults().lost ? { flow_probe: { ring_full: faults().lost } } : {});
  function whole(since, until) {
    const agents = cluster.nodes;
    const missing = Math.min(agents, faults().missing_nodes ?? 0);
    const sources = {
      agents,
      answered: agents - missing,
      missing: Array.from({ length: missing }, (_, index) => ({
        node: `node${index + 1}`,
        address: `192.168.0.${index + 1}:8082`,
        problem: 'connection refused',
      })),
      lost: {},
    };
    return {
      ...(asServer ? { partial: missing > 0, sources } : {}),
      completeness: {
        since: iso(since),
        until: iso(until),
        lost_since: iso(started),
        lost: lost(),
        complete: !faults().lost && missing === 0,
      },
      kubernetes: { state: cluster.names ? 'synced' : 'off' },
    };
  }
  /** One end's names, as /api/flows has them. */
  function names(pair, side) {
    if (!cluster.names) return {};
    const end = cluster.ends[pair[side]];
    const { pod, node } = pair[`${side}Pod`];
    const full = pod ? `${end.namespace}/${pod}` : end.name;
    const all = {
      kind: end.is,
      name: full,
      pod: pod ? full : undefined,
      namespace: end.namespace ?? undefined,
      workload: `${end.kind}/${end.name}`,
      node: node ?? undefined,
      labels: pod ? { app: end.name } : undefined,
    };
    return Object.fromEntries(
      Object.entries(all)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [`${side}_${name}`, value]),
    );
  }
  function flows(count) {
    return cluster.pairs.slice(0, count).map((pair) => ({
      ...answers.flow,
      ...(asServer ? { node: pair.srcPod.node ?? 'node1' } : {}),
      id: pair.index + 1,
      src_ip: pair.srcPod.ip,
      dst_ip: pair.dstPod.ip,
      src_port: 40_000 + (pair.index % 20_000),
      dst_port: pair.port,
      protocol: pair.protocol,
      ...names(pair, 'src'),
      ...names(pair, 'dst'),
      first_seen: iso(now() - 60_000),
      last_seen: iso(now()),
      timestamp: iso(now()),
      rtt_ms: pair.rtt,
      bytes: Math.round(pair.rate * 60),
      bytes_per_second: pair.rate,
    }));
  }
  function alert(number, more = {}) {
    const time = iso(now());
    return {
      id: `fake-${number}`,
      kind: 'port_scan',
      severity: 'high',
      technique: 'T1046',
      technique_name: 'Network Service Discovery',
      state: 'active',
      summary: '10.244.0.1 tried 100 ports of 10.244.0.5',
      source: { ip: '10.244.0.1' },
      target: { ip: '10.244.0.5' },
      first_seen: time,
      last_seen: time,
      opened: time,
      updated: time,
      count: 100,
      evidence: {
        value: 100,
        threshold: 20,
        unit: 'ports',
        confidence: 0.9,
        spoofable: false,
        flows: [],
      },
      ...(asServer ? { node: 'node1' } : {}),
      ...more,
    };
  }

  const agents = () =>
    Array.from({ length: cluster.nodes }, (_, index) => ({
      ...answers.agent_entry,
      node: `node${index + 1}`,
      address: `192.168.0.${index + 1}:8082`,
      last_contact: iso(now()),
      lost: {},
    }));
  return { whole, flows, alert, agents };
}
