// SPDX-License-Identifier: Apache-2.0
import { translator } from '../../i18n/i18n.svelte';

export const t = translator({
  policies: { en: 'NetworkPolicies from what was observed', zh: '由实际流量生成网络策略' },
  intro: {
    en: 'The least policy that the observed traffic needs. Nothing is applied. What did not run in that time is not in it.',
    zh: '满足已观测流量的最小策略，不会自动应用。该时间段内未运行的流量不在其中。',
  },
  namespace: { en: 'Namespace', zh: '命名空间' },
  workload: { en: 'Workload', zh: '工作负载' },
  all_workloads: { en: 'all', zh: '全部' },
  since: { en: 'Observed for', zh: '观测时长' },
  any_outside: { en: 'allow any address outside', zh: '允许任意外部地址' },
  include_unanswered: { en: 'also what nobody answered', zh: '包含无应答的流量' },
  advise: { en: 'Advise', zh: '生成' },
  advising: { en: 'History is being asked …', zh: '正在查询历史…' },
  absent: {
    en: 'This program cannot advise yet. The command does it, and takes an agent or netprobe-server by --agent:',
    zh: '当前程序版本尚不支持。可使用以下命令，并用 --agent 指定探针或 netprobe-server：',
  },
  command: { en: 'Command', zh: '命令' },
  same_by_command: { en: 'The same by the command line', zh: '等价的命令行' },
  nothing: { en: 'There is no policy to advise.', zh: '没有可建议的策略。' },
  observed: { en: 'What it is made of', zh: '依据' },
  remarks: { en: 'What was left out or made wider', zh: '省略或放宽的内容' },
  no_remarks: { en: 'Nothing was left out or made wider.', zh: '没有省略或放宽。' },
  made_of: { en: 'made of {flows} flows', zh: '依据 {flows} 条流' },
  replay: {
    en: 'Of the flows that were seen: {allowed} allowed, {denied} denied, {unclear} unclear, {other} not its matter',
    zh: '对已观测的流：允许 {allowed}、拒绝 {denied}、无法判断 {unclear}、无关 {other}',
  },
  denied: { en: 'denied', zh: '拒绝' },
  unclear: { en: 'unclear', zh: '无法判断' },
  found_flows: { en: 'flows: {count}', zh: '流：{count}' },
  not_shown: { en: '{count} more are not shown', zh: '另有 {count} 条未显示' },
  without: { en: 'No policy for these', zh: '以下工作负载没有策略' },
  policy_of: { en: 'Policy for {workload}', zh: '{workload} 的策略' },
  all_yaml: { en: 'All in one file', zh: '合并为一个文件' },
  flows: { en: 'Its flows', zh: '相关流' },
});
