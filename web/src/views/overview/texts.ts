// SPDX-License-Identifier: Apache-2.0
import { translator } from '../../i18n/i18n.svelte';

export const t = translator({
  in: { en: 'In', zh: '流入' },
  out: { en: 'Out', zh: '流出' },
  between: { en: 'Between nodes', zh: '节点之间' },
  within: { en: 'Within a node', zh: '节点内部' },
  in_hint: { en: 'bytes that came to the nodes from elsewhere', zh: '从外部到达节点的字节' },
  out_hint: { en: 'bytes that the nodes sent elsewhere', zh: '节点发往外部的字节' },
  between_hint: {
    en: 'both ways: through tunnels between nodes, or passing through a node',
    zh: '双向：经隧道在节点之间传输，或途经节点转发',
  },
  within_hint: { en: 'both ways, both ends on one node', zh: '双向，两端在同一节点' },
  connections: { en: 'Connections set up', zh: '新建连接' },
  retransmits: { en: 'Retransmits', zh: '重传' },
  retransmits_hint: {
    en: 'segments that were sent again, of all TCP packets',
    zh: '重传报文段占全部 TCP 数据包的比例',
  },
  drops: { en: 'Drops', zh: '丢包' },
  health: { en: 'Health', zh: '运行状况' },
  now: { en: 'now', zh: '当前' },
  average: { en: 'avg {rate}', zh: '平均 {rate}' },
  in_range: { en: '{total} in {range}', zh: '{range}内共 {total}' },
  not_observed: { en: 'not observed', zh: '未观测' },
  no_history: { en: 'no history', zh: '无历史数据' },
  range_15m: { en: '15 min', zh: '15 分钟' },
  range_1h: { en: '1 h', zh: '1 小时' },
  range_24h: { en: '24 h', zh: '24 小时' },
  now_query: {
    en: '{what} now: {value}. The query behind it',
    zh: '{what}，当前 {value}：查看查询',
  },
  range_query: {
    en: '{what} in {range}: {value}. The query behind it',
    zh: '{what}，{range}内 {value}：查看查询',
  },
  per_minute_hint: { en: 'a second, over the last minute', zh: '最近一分钟的每秒平均' },
  nodes_ready: { en: '{ready} of {all} nodes', zh: '{ready}/{all} 个节点' },
  probes_on: { en: '{on} of {all} probes on', zh: '{on}/{all} 个探针已启用' },
  events_lost: { en: '{count} events lost', zh: '丢失 {count} 个事件' },
  nothing_lost: { en: 'nothing lost', zh: '无丢失' },

  nodes_silent: {
    en: 'Only {answered} of {agents} nodes tell of themselves just now: every number is at least what it says.',
    zh: '目前只有 {answered}/{agents} 个节点在上报：以下数字均为下限。',
  },
  traffic: { en: 'Traffic', zh: '流量' },
  traffic_note: {
    en: 'Packets that carry a tunnel are left out; what is inside counts.',
    zh: '不含隧道外层数据包，只计隧道内的流量。',
  },
  twice_note: {
    en: 'No names from Kubernetes: a flow between two nodes is counted by both.',
    zh: '没有 Kubernetes 名称信息：两个节点之间的流会被双方各计一次。',
  },
  kube_retrying: { en: 'retrying', zh: '重试中' },
  kube_failed: { en: 'failed', zh: '失败' },
  names_old: {
    en: 'Names from Kubernetes may be old (connection: {state}).',
    zh: 'Kubernetes 名称可能已过时（连接状态：{state}）。',
  },
  kept_note: { en: 'Nothing is known before {time}.', zh: '{time} 之前没有数据。' },
  not_looked_at: {
    en: '{count} changes of flows came faster than they could be summed.',
    zh: '{count} 次流变化来不及汇总。',
  },
  interrupted: {
    en: 'The live stream was interrupted {count} times.',
    zh: '实时数据中断 {count} 次。',
  },
  steps_lost: {
    en: 'Live steps that are missing: {count}.',
    zh: '缺少 {count} 个实时时间步。',
  },
  no_traffic_range: {
    en: 'No traffic in this time. Choose a longer one, or wait: what comes shows here by itself.',
    zh: '该时间段内没有流量。可选择更长的时间范围；新流量会自动显示。',
  },

  alerts: { en: 'Active alerts', zh: '活动告警' },
  no_alerts: { en: 'No alert is active.', zh: '没有活动告警。' },
  alerts_unknown: { en: 'Which alerts are active: not known.', zh: '活动告警：未知。' },
  alerts_partial: {
    en: 'Not all alerts are known just now: more may be active, and some of these may be over.',
    zh: '目前告警列表不完整：可能还有其他活动告警，以下部分告警也可能已结束。',
  },
  all_alerts: { en: 'All alerts', zh: '全部告警' },
  alerts_away: {
    en: 'The stream of alerts is interrupted; this may be old.',
    zh: '告警数据流已中断，以下内容可能不是最新。',
  },
  times: { en: '{count} times', zh: '{count} 次' },
  info: { en: 'info', zh: '提示' },
  low: { en: 'low', zh: '低' },
  medium: { en: 'medium', zh: '中' },
  high: { en: 'high', zh: '高' },
  critical: { en: 'critical', zh: '严重' },

  talkers: { en: 'Top talkers', zh: '流量排行' },
  group_by: { en: 'By', zh: '按' },
  workloads: { en: 'workloads', zh: '工作负载' },
  namespaces: { en: 'namespaces', zh: '命名空间' },
  addresses: { en: 'addresses', zh: '地址' },
  processes: { en: 'processes', zh: '进程' },
  no_name: { en: '(no name)', zh: '（无名称）' },
  no_talkers: { en: 'Nobody talked in this time.', zh: '该时间段内没有通信。' },
  share_of: { en: '{share} of all', zh: '占 {share}' },

  drops_reasons: { en: 'Drops by reason', zh: '丢包原因' },
  no_drops: { en: 'The kernel dropped nothing in this time.', zh: '该时间段内内核没有丢包。' },
  drops_off: { en: 'Drops are not observed: {why}', zh: '未观测丢包：{why}' },
  packets: { en: '{count} packets', zh: '{count} 个数据包' },
  more_reasons: { en: '{count} more reasons', zh: '另有 {count} 种原因' },
  usual: { en: 'usually no trouble', zh: '通常无需处理' },
});
