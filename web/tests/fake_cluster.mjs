// SPDX-License-Identifier: Apache-2.0
// A cluster that does not exist: workloads, who talks to whom, and what a span of time gained.
// All of it follows from the seed and the time, so the same question has the same answer.

export function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// One number in [0, 1) of two whole ones.
const noise = (one, two) => random(Math.imul(one + 1, 0x9e3779b1) ^ Math.imul(two, 0x85ebca6b))();

export const hostileNames = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(2)>',
  `it's "quoted" \\ and 'more'`,
  '\u202Egnp.exe\u202C', // right-to-left override
  'مرحبا-שלום',
  'a'.repeat(200),
  '{{constructor}} ${7*7}',
  'zero\u200Bwidth\nline',
];

const tiers = ['web', 'api', 'auth', 'cart', 'search', 'mail', 'jobs', 'stock', 'price', 'cache'];

/** workloads, edges: how many; seed; hostile: some names are; names: false where no Kubernetes is. */
export function makeCluster({
  workloads = 40,
  edges = 120,
  seed = 1,
  hostile = false,
  names = true,
}) {
  const next = random(seed);
  const pick = (count) => Math.floor(next() * count);
  const spaces = Math.max(2, Math.min(40, Math.round(Math.sqrt(workloads) * 1.4)));
  const nodes = Math.max(2, Math.min(50, Math.ceil(workloads / 12)));
  const ends = [];
  for (let index = 0; index < workloads; index += 1) {
    const kind = ['Deployment', 'Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'][pick(5)];
    const space = index % spaces;
    const bad = hostile && index < hostileNames.length;
    const name = bad ? hostileNames[index] : `${tiers[index % tiers.length]}-${index}`;
    const pods = Array.from({ length: 1 + pick(3) }, (_, pod) => ({
      pod: `${name}-${pod}`,
      node: `node${1 + pick(nodes)}`,
      ip:
        index % 9 === 8
          ? `fd10:244:${index.toString(16)}::${pod + 2}`
          : `10.244.${index >> 6}.${((index & 63) << 2) + pod + 1}`,
    }));
    ends.push({ namespace: `team-${String(space).padStart(2, '0')}`, kind, name, is: 'pod', pods });
  }
  for (let node = 1; node <= Math.min(3, nodes); node += 1)
    ends.push({
      namespace: null,
      kind: 'Node',
      name: `node${node}`,
      is: 'node',
      pods: [{ pod: null, node: `node${node}`, ip: `192.168.0.${node}` }],
    });
  ends.push({
    namespace: null,
    kind: 'External',
    name: 'world',
    is: 'external',
    pods: [1, 2, 3].map((n) => ({ pod: null, node: null, ip: `203.0.113.${n}` })),
  });
  const world = ends.length - 1;

  const pairs = new Map();
  const most = Math.min(edges, workloads * (workloads - 1));
  for (let tries = 0; pairs.size < most && tries < most * 100; tries += 1) {
    let src = pick(workloads);
    let dst = pick(workloads);
    // From tier to tier, mostly within a namespace; few are talked to by all.
    if (next() < 0.15) dst = Math.floor(next() ** 2 * Math.min(workloads, 12));
    else {
      if (next() < 0.93 && dst % tiers.length <= src % tiers.length) continue;
      if (next() < 0.6 && dst % spaces !== src % spaces) continue;
    }
    if (dst >= workloads) continue;
    if (next() < 0.04) src = world;
    else if (next() < 0.04) dst = world;
    else if (next() < 0.02) src = workloads + pick(ends.length - workloads - 1);
    if (src === dst || pairs.has(src * 10_000 + dst)) continue;
    const index = pairs.size;
    const protocol = next() < 0.9 ? 'tcp' : 'udp';
    const trouble = next();
    pairs.set(src * 10_000 + dst, {
      index,
      src,
      dst,
      srcPod: ends[src].pods[pick(ends[src].pods.length)],
      dstPod: ends[dst].pods[pick(ends[dst].pods.length)],
      protocol,
      port: [443, 80, 5432, 6379, 8080, 9090, 53][pick(7)],
      rate: 200 * Math.exp(next() * 9), // bytes a second
      rtt: src === world || dst === world ? 20 + next() * 90 : 0.1 + next() ** 4 * 30,
      retransmits: protocol === 'tcp' ? (trouble < 0.015 ? 0.03 + next() * 0.1 : 0.0005) : 0,
      resets: protocol === 'tcp' && trouble > 0.03 && trouble < 0.04 ? 0.3 : 0,
      drops: trouble > 0.99 ? 0.02 : 0,
      comes: next() < 0.08, // and goes
    });
  }
  return { ends, pairs: [...pairs.values()], names, nodes, spaces };
}

/** Records of `kind` (flows, drops) of [since, until), in ms. */
export function recordsOf(cluster, since, until, kind = 'flows') {
  const seconds = Math.max(0.001, (until - since) / 1000);
  const tick = Math.floor(until / 1000);
  const records = [];
  for (const pair of cluster.pairs) {
    if (pair.comes && seconds < 120 && noise(pair.index, Math.floor(tick / 30)) < 0.5) continue;
    if (kind === 'drops' && pair.drops === 0) continue;
    const wave = 1 + 0.4 * Math.sin(tick / 600 + pair.index);
    const bytes = Math.round(pair.rate * seconds * wave * (0.7 + 0.6 * noise(pair.index, tick)));
    const packets = Math.ceil(bytes / 700);
    const forward = Math.ceil(packets * 0.6);
    const began = Math.max(1, Math.round(seconds / 5));
    records.push({ pair, bytes, packets, forward, began, tick });
  }
  return records;
}

/** The value of a field of the query language; undefined: there is no such field here. */
export function fieldOf(cluster, record, name, kind) {
  const { pair } = record;
  const side = name.startsWith('src.') ? 'src' : name.startsWith('dst.') ? 'dst' : '';
  if (side) {
    const end = cluster.ends[pair[side]];
    const pod = pair[`${side}Pod`];
    const named =
      cluster.names ||
      !['namespace', 'pod', 'workload', 'workload.kind', 'node', 'kind', 'name'].includes(
        name.slice(4),
      );
    if (!named) return null;
    switch (name.slice(4)) {
      case 'namespace':
        return end.namespace;
      case 'workload':
        return end.name;
      case 'workload.kind':
        return end.kind;
      case 'kind':
        return end.is;
      case 'pod':
        return pod.pod;
      case 'node':
        return pod.node;
      case 'zone':
        return pod.node ? `zone-${pod.node.length % 3}` : null;
      case 'name':
        return pod.pod ?? end.name;
      case 'ip':
        return pod.ip;
      case 'port':
        return side === 'dst' ? pair.port : 40_000 + pair.index;
      case 'process':
        return end.is === 'external' ? null : end.name.slice(0, 15);
      case 'pid':
        return 1000 + pair[side];
      default:
        return null;
    }
  }
  const lost = Math.round(
    record.packets * pair.retransmits * noise(pair.index, record.tick + 1) * 2,
  );
  const drops = Math.ceil(record.packets * pair.drops);
  switch (name) {
    case 'packets':
      return kind === 'drops' ? drops : record.forward;
    case 'bytes':
      return kind === 'drops' ? drops * 700 : Math.round(record.bytes * 0.3);
    case 'reverse_packets':
      return record.packets - record.forward;
    case 'reverse_bytes':
      return record.bytes - Math.round(record.bytes * 0.3);
    case 'total_packets':
      return record.packets;
    case 'total_bytes':
      return record.bytes;
    case 'retransmits':
      return lost;
    case 'reverse_retransmits':
      return lost >> 1;
    case 'resets':
      return Math.round(record.began * pair.resets);
    case 'reverse_resets':
      return 0;
    case 'rtt':
      return pair.protocol === 'tcp'
        ? +(pair.rtt * (0.8 + 0.4 * noise(pair.index, record.tick + 2))).toFixed(3)
        : null;
    case 'handshake':
      return pair.protocol === 'tcp' ? +(pair.rtt * 1.1).toFixed(3) : null;
    case 'flows':
    case 'ended':
      return record.began;
    case 'connections':
      return pair.protocol === 'tcp' ? record.began : 0;
    case 'records':
      return 1;
    case 'protocol':
      return pair.protocol;
    case 'observer':
      return pair.srcPod.node ?? pair.dstPod.node ?? 'node1';
    case 'direction':
      return cluster.ends[pair.src].is === 'external'
        ? 'ingress'
        : cluster.ends[pair.dst].is === 'external'
          ? 'egress'
          : 'inter-node';
    case 'drop.reason':
      return pair.index % 2 ? 'NETFILTER_DROP' : 'NO_SOCKET';
    case 'drop.hook':
      return pair.index % 2 ? 'netfilter' : 'tcp';
    case 'interface':
      return 'eth0';
    case 'verdict':
      return 'open';
    case 'out_of_order':
    case 'zero_windows':
    case 'vni':
      return 0;
    default:
      return null;
  }
}
