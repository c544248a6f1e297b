// SPDX-License-Identifier: Apache-2.0
import { translator } from '../i18n/i18n.svelte';

export const t = translator({
  loading: { en: 'Loading …', zh: '正在加载…' },
  unreachable: {
    en: 'There is no answer: the program behind this page is not reached. It is asked again.',
    zh: '没有响应：无法连接到本页背后的程序，将自动重试。',
  },
  timeout: { en: 'The answer took too long.', zh: '响应超时。' },
  refused: { en: 'This was not answered', zh: '请求被拒绝' },
  absent: { en: 'This program does not have that', zh: '该程序不提供此功能' },
  failed: { en: 'The program could not answer', zh: '程序无法响应' },
  unreadable: {
    en: 'The answer could not be read. Is something else answering at this address?',
    zh: '无法解析响应。该地址上是否是另一个程序？',
  },
  ask_again: { en: 'Ask again', zh: '重试' },
  flows_behind: { en: 'Show the query behind this', zh: '查看对应的查询' },
  missing_nodes: {
    en: '{missing} of {of} nodes are not in this: {names}',
    zh: '缺少 {of} 个节点中的 {missing} 个：{names}',
  },
  and_more: { en: 'and {count} more', zh: '等共另外 {count} 个' },
  lost: {
    en: '{count} events were lost since the start ({stages})',
    zh: '自启动以来丢失 {count} 个事件（{stages}）',
  },
  truncated: { en: 'only the first part is shown', zh: '仅显示前一部分' },
  partial: { en: 'a part is missing', zh: '数据不完整' },
  live: { en: 'live', zh: '实时' },
  connecting: { en: 'connecting', zh: '连接中' },
  paused: { en: 'paused', zh: '已暂停' },
  broken: { en: 'the stream broke; again in {seconds} s', zh: '数据流中断，{seconds} 秒后重连' },
  stale: { en: 'nothing new for {seconds} s', zh: '{seconds} 秒没有新数据' },
  pause: { en: 'Pause', zh: '暂停' },
  go_on: { en: 'Go on', zh: '继续' },
  range: { en: 'Time range', zh: '时间范围' },
  last_15m: { en: '15 min', zh: '15 分钟' },
  last_1h: { en: '1 h', zh: '1 小时' },
  last_6h: { en: '6 h', zh: '6 小时' },
  last_24h: { en: '24 h', zh: '24 小时' },
  as_table: { en: 'As a table', zh: '以表格显示' },
  time: { en: 'Time', zh: '时间' },
  not_known: { en: 'not known', zh: '无数据' },
  hatched: { en: 'hatched: not known', zh: '斜线：无数据' },
  highest: { en: 'highest', zh: '最高' },
  no_chart: {
    en: 'The chart could not be loaded; the table has its numbers.',
    zh: '图表无法加载；数据见下方表格。',
  },
});
