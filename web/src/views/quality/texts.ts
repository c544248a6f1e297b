// SPDX-License-Identifier: Apache-2.0
import { translator } from '../../i18n/i18n.svelte';

export const t = translator({
  filter: { en: 'Filter', zh: '过滤条件' },
  filter_hint: {
    en: 'e.g. src.namespace=shop dst.port=5432',
    zh: '例如 src.namespace=shop dst.port=5432',
  },
  apply: { en: 'Apply', zh: '应用' },
  clear: { en: 'Clear', zh: '清除' },
  filter_wrong: {
    en: 'The filter is wrong at column {column}: {why}',
    zh: '过滤条件第 {column} 列有误：{why}',
  },
  filtered_out: {
    en: 'Nothing in this time meets the filter.',
    zh: '该时间段内没有符合过滤条件的数据。',
  },
  nothing: {
    en: 'No TCP connection was measured in this time.',
    zh: '该时间段内没有测得 TCP 连接。',
  },
  none_again: { en: 'Nothing was sent again in this time.', zh: '该时间段内没有重传。' },

  metric: { en: 'Measure', zh: '指标' },
  rtt: { en: 'Round trip (RTT)', zh: '往返时延（RTT）' },
  handshake: { en: 'Handshake', zh: '握手时间' },
  retransmits: { en: 'Retransmits of clients', zh: '客户端重传' },
  reverse_retransmits: { en: 'Retransmits of servers', zh: '服务端重传' },
  heat: { en: '{metric} over time', zh: '{metric}随时间的分布' },
  sample_note: {
    en: 'A sample is what one flow had in a minute at most. Choose a cell to see its flows.',
    zh: '每个样本对应一条流在至多一分钟内的值。选择单元格可查看对应的流。',
  },
  samples: { en: '{count} samples', zh: '{count} 个样本' },
  cell: {
    en: '{time} – {until}, {class}: {count} samples',
    zh: '{time} – {until}，{class}：{count} 个样本',
  },
  cell_unknown: { en: '{time} – {until}: not known', zh: '{time} – {until}：无数据' },
  cell_help: {
    en: 'Arrow keys move over the cells, Enter shows the flows of one.',
    zh: '方向键移动单元格，回车查看对应的流。',
  },
  few: { en: 'few', zh: '少' },
  many: { en: 'many', zh: '多' },
  histogram: { en: 'Histogram', zh: '直方图' },
  class: { en: 'Class', zh: '区间' },
  up_to: { en: 'up to {high}', zh: '≤ {high}' },
  above: { en: 'above {low}', zh: '> {low}' },

  summary: { en: 'At a glance', zh: '概要' },
  p50_rtt: { en: 'RTT p50', zh: 'RTT p50' },
  p90_rtt: { en: 'RTT p90', zh: 'RTT p90' },
  p99_rtt: { en: 'RTT p99', zh: 'RTT p99' },
  p50_handshake: { en: 'Handshake p50', zh: '握手 p50' },
  p99_handshake: { en: 'Handshake p99', zh: '握手 p99' },
  sum_connections: { en: 'Connections', zh: '连接数' },
  retransmit_share: { en: 'Retransmits', zh: '重传率' },
  sum_resets_all: { en: 'Resets', zh: 'RST 重置' },
  sum_zero_windows: { en: 'Zero windows', zh: '零窗口' },
  sum_out_of_order: { en: 'Out of order', zh: '乱序' },

  trouble: { en: 'Trouble over time', zh: '异常随时间的变化' },
  series_retransmits: { en: 'retransmits', zh: '重传' },
  series_resets: { en: 'resets', zh: '重置' },
  series_zero: { en: 'zero windows', zh: '零窗口' },
  per_minute: { en: '{count}/min', zh: '{count}/分钟' },
  series_order: { en: 'out of order', zh: '乱序' },

  worst: { en: 'Worst first', zh: '最差优先' },
  group_by: { en: 'By', zh: '按' },
  workloads: { en: 'workloads', zh: '工作负载' },
  namespaces: { en: 'namespaces', zh: '命名空间' },
  nodes: { en: 'nodes', zh: '节点' },
  interface: { en: 'interfaces', zh: '接口' },
  addresses: { en: 'addresses', zh: '地址' },
  port: { en: 'ports', zh: '端口' },
  who: { en: 'Who', zh: '对象' },
  no_name: { en: '(no name)', zh: '（无名称）' },
  col_p50_rtt: { en: 'RTT p50', zh: 'RTT p50' },
  col_p99_rtt: { en: 'RTT p99', zh: 'RTT p99' },
  col_p99_handshake: { en: 'Handsh. p99', zh: '握手 p99' },
  col_sum_retransmits: { en: 'Retr. →', zh: '重传 →' },
  col_sum_reverse_retransmits: { en: 'Retr. ←', zh: '重传 ←' },
  col_sum_resets: { en: 'RST →', zh: 'RST →' },
  col_sum_reverse_resets: { en: 'RST ←', zh: 'RST ←' },
  col_sum_zero_windows: { en: 'Zero win.', zh: '零窗口' },
  col_sum_out_of_order: { en: 'Out of order', zh: '乱序' },
  col_sum_connections: { en: 'Conn.', zh: '连接数' },
  arrows: {
    en: '→ by the client, ← by the server. Shares are of the packets of that side.',
    zh: '→ 客户端，← 服务端；百分比为占该侧数据包的比例。',
  },
  first_only: { en: 'The first {count} are shown.', zh: '仅显示前 {count} 项。' },

  links: { en: 'Links: use and bursts', zh: '链路：利用率与突发' },
  links_note: {
    en: 'Use is of the last second; bursts are since the agent began. A virtual interface names a speed that it need not keep.',
    zh: '利用率为最近一秒；突发次数自 agent 启动起累计。虚拟接口标称的速率未必是真实上限。',
  },
  link: { en: 'Interface', zh: '接口' },
  node: { en: 'Node', zh: '节点' },
  role: { en: 'Role', zh: '角色' },
  role_pod: { en: 'Pod', zh: 'Pod' },
  role_loopback: { en: 'loopback', zh: '环回' },
  role_bridge: { en: 'bridge', zh: '网桥' },
  role_tunnel: { en: 'tunnel', zh: '隧道' },
  role_host: { en: 'host', zh: '主机' },
  role_uplink: { en: 'uplink', zh: '上联' },
  speed: { en: 'Speed', zh: '速率' },
  use_in: { en: 'Use in', zh: '入向利用率' },
  use_out: { en: 'Use out', zh: '出向利用率' },
  rate_in: { en: 'In', zh: '入向' },
  rate_out: { en: 'Out', zh: '出向' },
  peak_in: { en: 'Peak 100 ms in', zh: '100 ms 入向峰值' },
  peak_out: { en: 'Peak 100 ms out', zh: '100 ms 出向峰值' },
  bursts: { en: 'Bursts in / out', zh: '突发 入/出' },
  unmeasured: { en: 'Not measured', zh: '未测窗口' },
  unmeasured_hint: {
    en: 'windows of 100 ms that came to nothing because a look was late: peaks may have been higher',
    zh: '因读取延迟而作废的 100 ms 窗口：实际峰值可能更高',
  },
  no_speed: { en: 'none told', zh: '未知' },
  not_watched: { en: '{count} interfaces are not watched.', zh: '{count} 个接口未监视。' },
  show_all: { en: 'Show all {count}', zh: '显示全部 {count} 项' },
  no_links: { en: 'No interface is watched.', zh: '没有监视任何接口。' },
});

const roles = ['pod', 'loopback', 'bridge', 'tunnel', 'host', 'uplink'] as const;
/** A role of an interface; one that is not known as it comes. */
export function roleName(role: string): string {
  const known = roles.find((one) => one === role);
  return known ? t(`role_${known}`) : role;
}
