// SPDX-License-Identifier: Apache-2.0
import { translator } from '../../i18n/i18n.svelte';

export const t = translator({
  ask: { en: 'Ask', zh: '查询' },
  kind: { en: 'What is asked for', zh: '查询对象' },
  flows: { en: 'Flows', zh: '流' },
  drops: { en: 'Drops', zh: '丢包' },
  connections: { en: 'Connections', zh: '连接' },
  alerts: { en: 'Alerts', zh: '告警' },
  conditions: { en: 'Conditions', zh: '过滤条件' },
  take_away: { en: 'Take away: {what}', zh: '移除：{what}' },
  quick: { en: 'Quick filters', zh: '快捷过滤' },
  failed_ones: { en: 'failed', zh: '失败' },
  retransmitted: { en: 'retransmits', zh: '有重传' },
  follow: { en: 'Follow live', zh: '实时跟踪' },
  results: { en: 'Answer', zh: '结果' },
  live_flows: { en: 'Flows as they change', zh: '实时流' },
  live_sums: { en: 'Live sums', zh: '实时汇总' },
  rows: { en: '{count} rows', zh: '{count} 行' },
  rows_of: { en: '{count} rows loaded, more as you scroll', zh: '已加载 {count} 行，滚动加载更多' },
  rows_most: {
    en: 'the first {count} rows; narrow the query to see the others',
    zh: '仅前 {count} 行；请缩小查询范围以查看其余记录',
  },
  answered_from: { en: '{source}, {tier}, {took} ms', zh: '{source}，{tier}，{took} ms' },
  history: { en: 'from history', zh: '来自历史' },
  live: { en: 'what is live', zh: '来自实时数据' },
  raw: { en: 'records', zh: '原始记录' },
  inexact: { en: 'in steps of {seconds} s', zh: '粒度 {seconds} 秒' },
  kept_since: {
    en: 'kept since {time}; before, nothing is known',
    zh: '数据保留自 {time}；更早的数据不可用',
  },
  understood: { en: 'Understood as', zh: '解析为' },
  columns: { en: 'Columns', zh: '列' },
  columns_default: { en: 'The usual ones', zh: '恢复默认' },
  columns_full: {
    en: 'A query takes no more; take another away first.',
    zh: '查询的列数已达上限；请先移除其他列。',
  },
  find_column: { en: 'Find a field', zh: '查找字段' },
  export: { en: 'Export', zh: '导出' },
  export_rows: { en: '{count} rows match.', zh: '共 {count} 行匹配。' },
  export_bound: {
    en: 'Where the query has an order or sums, a file has at most {count} rows.',
    zh: '带排序或汇总的查询，文件最多包含 {count} 行。',
  },
  export_counting: { en: 'Counting …', zh: '正在计数…' },
  export_columns: {
    en: 'A file has the columns shown, with exact values.',
    zh: '文件包含所显示的列，数值为精确值。',
  },
  jsonl: { en: 'JSON lines', zh: 'JSON 行' },
  new_rows: { en: 'Show {count} new', zh: '显示 {count} 条新记录' },
  held: { en: 'New rows wait while you look', zh: '查看期间新记录暂不插入' },
  lost_events: {
    en: '{count} events were lost on the way to this browser',
    zh: '传输至浏览器途中丢失 {count} 个事件',
  },
  breaks: {
    en: 'the stream broke {count} times; changes in between are missing',
    zh: '数据流中断 {count} 次，期间的变化缺失',
  },
  live_only_flows: {
    en: 'Only flows, and sums of flows, can be followed. {kind} are asked from history.',
    zh: '只能实时跟踪流及其汇总；{kind}请从历史中查询。',
  },
  live_step: { en: 'Sums are followed by steps of time.', zh: '实时汇总需要时间步长。' },
  add_step: { en: 'Add “every 5s”', zh: '添加 “every 5s”' },
  window: { en: 'Step until {time}', zh: '截至 {time} 的时间步' },
  gaps: { en: '{count} steps are missing', zh: '缺少 {count} 个时间步' },
  empty_range: { en: 'Nothing was recorded in this time range.', zh: '该时间范围内没有任何记录。' },
  empty_filtered: {
    en: 'No record matches. Without the conditions there are {count} in this time range.',
    zh: '没有匹配的记录。去掉过滤条件后，该时间范围内有 {count} 条记录。',
  },
  empty_plain: { en: 'No record matches in this time range.', zh: '该时间范围内没有匹配的记录。' },
  empty_before: {
    en: 'The time range ends before {time}, and nothing older is kept.',
    zh: '该时间范围早于 {time}，更早的数据已不再保留。',
  },
  empty_never: {
    en: 'Nothing of this kind was ever recorded here.',
    zh: '此处从未记录过此类数据。',
  },
  empty_live: {
    en: 'No flow matches at this moment. New ones appear here.',
    zh: '目前没有匹配的流；新的流会出现在这里。',
  },
  off: {
    en: 'There is no history to ask: it is off, or away.',
    zh: '没有可查询的历史：历史记录已关闭或不可用。',
  },
  look_live: { en: 'Follow live instead', zh: '改为实时跟踪' },
  remove_conditions: { en: 'Without the conditions', zh: '去掉过滤条件' },
  details: { en: 'Details', zh: '详情' },
  close: { en: 'Close', zh: '关闭' },
  only_this: { en: 'Only {what}', zh: '仅 {what}' },
  without_this: { en: 'Without {what}', zh: '排除 {what}' },
  path: { en: 'Its path, point by point', zh: '查看路径' },
  on_map: { en: 'On the map', zh: '在拓扑中查看' },
  records_behind: { en: 'The records behind it', zh: '对应的明细记录' },
  connections_of: { en: 'Its sockets', zh: '相关套接字' },
  drops_of: { en: 'Its drops', zh: '相关丢包' },
  unknown_fields: { en: '{count} fields are not known', zh: '{count} 个字段未知' },
  chart: { en: 'Over time', zh: '随时间变化' },
  measure: { en: 'Value', zh: '指标' },
  chart_more: {
    en: '{count} smaller groups are in the table alone',
    zh: '另有 {count} 个较小的分组仅在表格中',
  },
  chart_line: {
    en: '{name}: from {least} to {most}, now {newest}',
    zh: '{name}：{least} 至 {most}，最新 {newest}',
  },
  chart_failed: {
    en: 'The chart could not be loaded; the table has all of it.',
    zh: '图表加载失败；表格中有全部数据。',
  },
  ended: { en: 'ended', zh: '已结束' },
  src: { en: 'source', zh: '源' },
  dst: { en: 'destination', zh: '目的' },
  time: { en: 'time', zh: '时间' },
  observer: { en: 'node', zh: '节点' },
  protocol: { en: 'protocol', zh: '协议' },
  service: { en: 'service', zh: '服务' },
  direction: { en: 'direction', zh: '方向' },
  verdict: { en: 'verdict', zh: '结果' },
  packets: { en: 'packets →', zh: '包数 →' },
  bytes: { en: 'bytes →', zh: '字节 →' },
  reverse_packets: { en: 'packets ←', zh: '包数 ←' },
  reverse_bytes: { en: 'bytes ←', zh: '字节 ←' },
  rtt: { en: 'RTT', zh: 'RTT' },
  retransmits: { en: 'retransmits', zh: '重传' },
  interface: { en: 'interface', zh: '接口' },
  src_port: { en: 'src port', zh: '源端口' },
  dst_port: { en: 'dst port', zh: '目的端口' },
  duration: { en: 'duration', zh: '时长' },
});

const LABELS = [
  'src_port',
  'dst_port',
  ...['src', 'dst', 'time', 'observer', 'protocol', 'service', 'direction', 'verdict'],
  ...['packets', 'bytes', 'reverse_packets', 'reverse_bytes', 'rtt', 'retransmits'],
  ...['interface', 'duration'],
] as const;

/** What a column is called; a field without a word of its own by the language's name. */
export function columnLabel(name: string): string {
  const key = /^(src|dst)\.port$/.test(name) ? name.replace('.', '_') : name;
  return (LABELS as readonly string[]).includes(key) ? t(key as 'src') : name;
}
