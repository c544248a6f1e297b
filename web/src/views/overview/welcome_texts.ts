// SPDX-License-Identifier: Apache-2.0
import { translator } from '../../i18n/i18n.svelte';

export const t = translator({
  no_agents: { en: 'No agent has reported yet', zh: '尚无 agent 上报数据' },
  nothing: { en: 'No packet was seen yet', zh: '尚未观测到数据包' },
  quiet: { en: 'No traffic in the last {range}', zh: '最近 {range}没有流量' },
  quiet_more: {
    en: '{count} packets were seen since the start. Choose a longer time above.',
    zh: '自启动以来共观测到 {count} 个数据包。可在上方选择更长的时间范围。',
  },
  no_agents_more: {
    en: 'The server shows what agents tell, and none is known. An agent runs on each node.',
    zh: '服务器汇总各 agent 的数据，目前没有已知的 agent。每个节点都应运行一个 agent。',
  },
  install: { en: 'Install the agents:', zh: '部署 agent：' },
  check_pods: { en: 'See that they run:', zh: '确认它们在运行：' },
  name_agents: { en: 'Without Kubernetes, name them:', zh: '不使用 Kubernetes 时，直接指定地址：' },
  nothing_more: {
    en: 'The agent runs and waits. It counts packets on the interfaces that it watches.',
    zh: 'agent 正在运行并等待数据。它统计所监视接口上的数据包。',
  },
  make_traffic: { en: 'Make some traffic:', zh: '产生一些流量：' },
  check_probes: { en: 'See that the probes are on:', zh: '确认探针已启用：' },
  open_status: { en: 'Status', zh: '状态' },
  check_interfaces: {
    en: 'See that the right interfaces are watched, below or by the flag:',
    zh: '确认监视了正确的接口（见下方，或用参数指定）：',
  },
  by_itself: {
    en: 'Nothing needs to be loaded again: what comes shows here by itself.',
    zh: '无需刷新页面：有数据时会自动显示。',
  },
});
