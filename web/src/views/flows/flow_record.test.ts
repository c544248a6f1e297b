// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { liveCell, liveKey, type LiveFlow } from './flow_record';

const flow: LiveFlow = {
  id: 7,
  observer: 'node1',
  src_ip: '10.0.0.1',
  dst_ip: '10.0.0.2',
  src_port: 4242,
  dst_port: 80,
  protocol: 'tcp',
  packets: 3,
  bytes: 300,
  reverse_packets: 2,
  reverse_bytes: 100,
  first_seen: '2026-11-27T17:00:00.000000001Z',
  last_seen: '2026-11-27T17:00:01.500000001Z',
  ended: false,
  tcp_flags: 'SPA',
  src_name: 'shop/web-1',
  src_pod: 'shop/web-1',
  src_workload: 'Deployment/web',
  dst_name: 'node2',
  service: 'shop/api',
  vni: 0,
  rtt_ms: 0.5,
  out_of_order: 1,
  reverse_out_of_order: 2,
  client_process: { pid: 9, comm: 'curl' },
};

it('has the fields of the language', () => {
  const get = (name: string) => liveCell(flow, name);
  expect(['src.name', 'src.pod', 'src.workload', 'src.workload.kind', 'dst.name'].map(get)).toEqual(
    ['web-1', 'web-1', 'web', 'Deployment', 'node2'],
  );
  expect(['service', 'service.namespace', 'src.process', 'dst.process'].map(get)).toEqual([
    'api',
    'shop',
    'curl',
    null,
  ]);
  expect(get('tcp_flags')).toBe('syn+psh+ack');
  expect(get('duration')).toBe(1500);
  expect(get('out_of_order')).toBe(3);
  expect(get('zero_windows')).toBeNull();
  expect(get('vni')).toBeNull();
  expect(get('unheard_of')).toBeUndefined();
  expect(liveKey(flow)).toBe('node1 7');
});
