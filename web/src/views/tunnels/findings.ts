// SPDX-License-Identifier: Apache-2.0
// Findings of /api/flannel by kind: what it is called, and the way out (docs/flannel.md).
import { current } from '../../i18n/i18n.svelte';

type Words = { en: string; zh: string };

const restart: Words = {
  en: 'Restart flanneld on this node; its log says why.',
  zh: '查看本节点 flanneld 的日志并重启。',
};
const restartThere: Words = {
  en: 'Restart flanneld on that node.',
  zh: '重启该节点上的 flanneld。',
};
const wrongRoute: Words = {
  en: 'Find who else sets routes, delete it, restart flanneld.',
  zh: '找出还有谁在设置路由，删除该路由后重启 flanneld。',
};
const stale: Words = {
  en: 'Delete it: mostly of a node that is gone, or a tunnel made anew.',
  zh: '将其删除：多半来自已下线的节点或重建的隧道。',
};

const kinds: Record<string, { name: Words; out?: Words }> = {
  missing_route: { name: { en: 'route missing', zh: '缺少路由' }, out: restart },
  wrong_gateway: { name: { en: 'wrong gateway', zh: '网关错误' }, out: wrongRoute },
  wrong_device: { name: { en: 'wrong device', zh: '出接口错误' }, out: wrongRoute },
  missing_neighbour: { name: { en: 'neighbour missing', zh: '缺少邻居表项' }, out: restart },
  wrong_vtep_mac: { name: { en: 'wrong VTEP MAC', zh: 'VTEP MAC 不符' }, out: restart },
  missing_forwarding_entry: {
    name: { en: 'forwarding entry missing', zh: '缺少转发表项' },
    out: restart,
  },
  wrong_forwarding_entry: {
    name: { en: 'wrong forwarding entry', zh: '转发表项错误' },
    out: restart,
  },
  stale_route: { name: { en: 'stale route', zh: '残留路由' }, out: stale },
  stale_neighbour: { name: { en: 'stale neighbour', zh: '残留邻居表项' }, out: stale },
  stale_forwarding_entry: {
    name: { en: 'stale forwarding entry', zh: '残留转发表项' },
    out: stale,
  },
  mtu_mismatch: {
    name: { en: 'MTU does not fit', zh: 'MTU 不匹配' },
    out: {
      en: 'Set the device’s MTU to its underlay’s less the overhead.',
      zh: '将设备 MTU 设为底层 MTU 减去封装开销。',
    },
  },
  vni_mismatch: {
    name: { en: 'another VNI', zh: 'VNI 不一致' },
    out: {
      en: 'One net-conf.json for all nodes; restart flanneld where it differs.',
      zh: '所有节点使用同一份 net-conf.json，并重启不一致节点的 flanneld。',
    },
  },
  missing_device: { name: { en: 'device missing', zh: '缺少隧道设备' }, out: restart },
  device_down: { name: { en: 'device down', zh: '隧道设备未启用' }, out: restart },
  own_vni_mismatch: { name: { en: 'own VNI differs', zh: '本机 VNI 与声明不符' }, out: restart },
  own_vtep_mac_mismatch: {
    name: { en: 'own VTEP MAC differs', zh: '本机 VTEP MAC 与声明不符' },
    out: restart,
  },
  own_public_ip_mismatch: {
    name: { en: 'own address differs', zh: '本机地址与声明不符' },
    out: {
      en: 'Restart flanneld here; with several addresses, give it --iface.',
      zh: '重启本机 flanneld；若有多个地址，请指定 --iface。',
    },
  },
  overwrite_not_taken: {
    name: { en: 'overwrite not taken', zh: 'public-ip-overwrite 未生效' },
    out: restartThere,
  },
  undeclared_tunnel: {
    name: { en: 'undeclared tunnel', zh: '未声明的隧道' },
    out: {
      en: 'Another overlay, a node just removed, or somebody’s own tunnel: look where it leads.',
      zh: '可能是其他 overlay、刚移除的节点或私建隧道：请确认其去向。',
    },
  },
  silent_peer: {
    name: { en: 'nothing comes back', zh: '对端无回应' },
    out: {
      en: 'A firewall on the tunnel’s port (UDP 8472 by default), or the node is down.',
      zh: '隧道端口（默认 UDP 8472）可能被防火墙拦截，或该节点已宕机。',
    },
  },
  unreadable_annotations: {
    name: { en: 'annotations unreadable', zh: '注解无法解析' },
    out: restartThere,
  },
  not_declared: {
    name: { en: 'not declared', zh: '未声明' },
    out: {
      en: 'Is the DaemonSet of Flannel running there?',
      zh: '请确认该节点上 Flannel 的 DaemonSet 正在运行。',
    },
  },
  not_managed: {
    name: { en: 'not managed', zh: '未托管' },
    out: {
      en: 'Is the DaemonSet of Flannel running there?',
      zh: '请确认该节点上 Flannel 的 DaemonSet 正在运行。',
    },
  },
  backend_mismatch: {
    name: { en: 'another backend', zh: '后端不一致' },
    out: { en: 'One net-conf.json for all nodes.', zh: '所有节点使用同一份 net-conf.json。' },
  },
  missing_subnet: {
    name: { en: 'no pod CIDR', zh: '没有 Pod 网段' },
    out: {
      en: '--allocate-node-cidrs of the controller manager.',
      zh: '为 controller-manager 启用 --allocate-node-cidrs。',
    },
  },
  duplicate: {
    name: { en: 'declared twice', zh: '重复声明' },
    out: {
      en: 'Copies of one machine have the same MAC: delete the tunnel on one.',
      zh: '克隆的主机 MAC 相同：请删除其中一台的隧道设备。',
    },
  },
  backend_not_compared: { name: { en: 'backend not compared', zh: '该后端不做对照' } },
  own_node_not_declared: {
    name: { en: 'own node not known', zh: '不知道本机是哪个节点' },
    out: {
      en: 'Start the agent with --node-name as Kubernetes has it.',
      zh: '用 Kubernetes 中的节点名设置探针的 --node-name。',
    },
  },
};

export function findingName(kind: string): string {
  return kinds[kind]?.name[current.language] ?? kind.replaceAll('_', ' ');
}
export function findingWayOut(kind: string): string {
  return kinds[kind]?.out?.[current.language] ?? '';
}
