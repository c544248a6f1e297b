// SPDX-License-Identifier: Apache-2.0
import { translator } from '../../i18n/i18n.svelte';

export const t = translator({
  probes: { en: 'Probes, and what they lose', zh: '探针及其丢失' },
  accounting: { en: 'Where every packet went', zh: '数据包去向' },
  seen: { en: 'packets seen', zh: '观测到的数据包' },
  in_flows: { en: 'in flows', zh: '计入流' },
  in_none: { en: 'in none', zh: '未计入流' },
  counting: { en: 'being counted just now', zh: '正在统计' },
  adds_up: { en: 'adds up', zh: '数目相符' },
  still: { en: 'packets that came while the counters were read', zh: '读取计数器期间到达的数据包' },
  non_ip: { en: 'not IP', zh: '非 IP' },
  malformed: { en: 'malformed', zh: '格式错误' },
  cache_full: { en: 'no room in the cache', zh: '缓存已满' },
  too_deep: { en: 'too many headers', zh: '报头层数过多' },
  probe: { en: 'Probe', zh: '探针' },
  state: { en: 'State', zh: '状态' },
  how: { en: 'How', zh: '方式' },
  lost: { en: 'Lost', zh: '丢失' },
  on: { en: 'on', zh: '已启用' },
  off: { en: 'off', zh: '已关闭' },
  failed: { en: 'failed', zh: '失败' },
  on_some: { en: 'on at {on} of {all}', zh: '{all} 个节点中 {on} 个启用' },
  on_all: { en: 'on at all {all}', zh: '全部 {all} 个节点已启用' },
  losses: { en: 'Lost since {time}', zh: '自 {time} 起的丢失' },
  losses_all: { en: 'Lost since the agents began', zh: '自各 agent 启动以来的丢失' },
  no_losses: { en: 'Nothing was lost.', zh: '没有丢失。' },
  more_losses: { en: '{count} more causes', zh: '另有 {count} 种原因' },
  status: { en: 'Status of all nodes', zh: '节点状态' },

  nodes: { en: 'Nodes', zh: '节点' },
  node: { en: 'Node', zh: '节点' },
  no_agents: {
    en: 'No agent is known yet. Install the agents (DaemonSet), or name them with --agents.',
    zh: '尚未发现任何 agent。请部署 agent（DaemonSet），或用 --agents 指定。',
  },
  ready_of: { en: '{ready} of {all} answer', zh: '{ready}/{all} 正常响应' },
  without: { en: 'no agent', zh: '无 agent' },
  clock: { en: 'clock off by {time}', zh: '时钟偏差 {time}' },
  all_well: { en: 'All answer, and their clocks agree.', zh: '全部正常响应，时钟一致。' },
  seen_last: { en: 'last heard {ago}', zh: '最后响应：{ago}' },
  this_node: { en: 'This node', zh: '本节点' },
  name: { en: 'Name', zh: '名称' },
  version: { en: 'Version', zh: '版本' },
  kernel: { en: 'Kernel', zh: '内核' },
  running: { en: 'Runs for', zh: '运行时间' },
  cost: { en: 'Own cost', zh: '自身开销' },
  cost_is: { en: '{cpu} of a core, {memory}', zh: '{cpu} 个核，{memory}' },
  flows: { en: 'Live flows', zh: '活动流' },
  of_room: { en: '{count} of {room}', zh: '{count} / {room}' },

  unobserved: { en: 'What is not observed', zh: '未观测的内容' },
  everything: { en: 'Everything that can be is observed.', zh: '可观测的内容均已观测。' },
  probes_alone: {
    en: 'All probes are on; interfaces are not asked for yet.',
    zh: '所有探针均已启用；尚未查询接口。',
  },
  agent_connecting: { en: 'connecting', zh: '连接中' },
  agent_unreachable: { en: 'unreachable', zh: '不可达' },
  agent_refused: { en: 'refused', zh: '被拒绝' },
  more_nodes: { en: 'and {count} more', zh: '另有 {count} 个节点' },
  probe_off: { en: 'probe {name}', zh: '探针 {name}' },
  interface_off: { en: 'interface {name}', zh: '接口 {name}' },
  kubernetes_off: { en: 'names of Kubernetes', zh: 'Kubernetes 名称' },
  kubernetes_why: {
    en: 'no cluster was asked for: addresses instead of names',
    zh: '未配置集群：以地址代替名称',
  },
  node_without: { en: 'node {name}', zh: '节点 {name}' },
  node_without_why: { en: 'it has no agent', zh: '没有 agent' },
  at_nodes: { en: 'at {nodes}', zh: '节点：{nodes}' },
  and_more: { en: '{names} and {count} more', zh: '{names} 等，另有 {count} 个' },
  show_interfaces: { en: 'Interfaces as well', zh: '同时显示接口' },
});

// What a loss means for who reads numbers; causes that are not here show by their name.
const known = {
  'drop.unattributed': {
    en: 'drops that are in the sums but in no flow’s record',
    zh: '已计入总数、但没有对应流记录的丢包',
  },
  'drop.folded': {
    en: 'drops whose record made room for others; the sums have them',
    zh: '记录因空间不足被合并的丢包；总数不受影响',
  },
  'socket_probe.ring_full': {
    en: 'events of sockets that found the ring full; the sums have them',
    zh: '环形缓冲区已满而丢弃的套接字事件；总数不受影响',
  },
  'history.queue_full': {
    en: 'records that came faster than history could write',
    zh: '写入历史不及而丢弃的记录',
  },
  'history.drop_without_record': {
    en: 'dropped packets that history has no record of',
    zh: '历史中没有记录的丢包',
  },
  'history.connection_queue_full': {
    en: 'connections that ended faster than they could be recorded',
    zh: '结束过快、来不及记录的连接',
  },
  'history.disk_full': {
    en: 'records for which the disk had no room',
    zh: '因磁盘空间不足丢弃的记录',
  },
  'detect.connection_queue_full': {
    en: 'connections that detectors did not see',
    zh: '检测器未能检查的连接',
  },
  'detect.queue_full': { en: 'records that detectors did not see', zh: '检测器未能检查的记录' },
  'nat.handshakes_counted_twice': {
    en: 'handshakes that counted before and behind a translation',
    zh: '在地址转换前后各计一次的握手',
  },
  'flow_table.ended_early_table_full': {
    en: 'flows that ended early: the table was full',
    zh: '因流表已满而提前结束的流',
  },
  'api_stream.slow_client': {
    en: 'events that a slow reader of a stream missed',
    zh: '读取过慢的客户端错过的事件',
  },
};
const meaning = translator(known);

/** "stage.cause" in words; undefined where there are none. */
export function lossMeaning(key: string): string | undefined {
  return key in known ? meaning(key as keyof typeof known) : undefined;
}
