// SPDX-License-Identifier: Apache-2.0
import { translator } from '../i18n/i18n.svelte';

export const t = translator({
  overview: { en: 'Overview', zh: '总览' },
  map: { en: 'Map', zh: '服务拓扑' },
  flows: { en: 'Flows', zh: '流量' },
  path: { en: 'Path', zh: '路径' },
  tunnels: { en: 'Tunnels', zh: '隧道' },
  quality: { en: 'Quality', zh: '质量' },
  security: { en: 'Security', zh: '安全' },
  status: { en: 'Status', zh: '状态' },
  views: { en: 'Views', zh: '视图' },
  skip: { en: 'Skip to the content', zh: '跳到正文' },
  theme: { en: 'Theme', zh: '主题' },
  auto: { en: 'as the system', zh: '跟随系统' },
  light: { en: 'light', zh: '浅色' },
  dark: { en: 'dark', zh: '深色' },
  language: { en: 'Language', zh: '语言' },
  cluster: { en: 'cluster', zh: '集群' },
  node: { en: 'node', zh: '节点' },
  seeking: {
    en: 'The program behind this page does not answer; it is asked again and again.',
    zh: '本页背后的程序没有响应，正在不断重试。',
  },
  clock_off: {
    en: 'The clocks of this browser and of the node differ by {time}; ages are told by the node’s.',
    zh: '本浏览器与节点的时钟相差 {time}；时长按节点时钟计算。',
  },
  view_failed: {
    en: 'This view could not be loaded. Was the program updated? Load the page again.',
    zh: '无法加载该视图。程序是否已更新？请重新加载页面。',
  },
  view_broke: {
    en: 'This view failed: {why}. The others go on.',
    zh: '该视图出错：{why}。其他视图不受影响。',
  },
  load_again: { en: 'Load again', zh: '重新加载' },
  alerts_not_known: { en: 'active alerts: not all known', zh: '活动告警：未知或不完整' },
  alerts_active: { en: '{count} active alerts', zh: '{count} 条活动告警' },
});
