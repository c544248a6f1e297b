// SPDX-License-Identifier: Apache-2.0
// As much of the query language as tests of the page need: conditions with = and !=, "and" and
// "or" without regard to parentheses, sums by groups, every, top, order by, limit, last. What it
// does not know it passes over, so it is no judge of a query; it refuses unknown fields only.
import { fieldOf, recordsOf } from './fake_cluster.mjs';

const units = { us: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };
export function parseDuration(text) {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h|d)$/.exec(text ?? '');
  return match ? Number(match[1]) * units[match[2]] : undefined;
}
const timeOf = (text, now) => {
  const ago = parseDuration(text);
  return ago !== undefined ? now - ago : text === 'now' ? now : Date.parse(text);
};

// Outside of quotes.
function split(text, mark) {
  const parts = [''];
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quote && letter === '\\') parts[parts.length - 1] += letter + text[(at += 1)];
    else {
      if (quote ? letter === quote : letter === '"' || letter === "'") quote = quote ? '' : letter;
      if (!quote && letter === mark) parts.push('');
      else parts[parts.length - 1] += letter;
    }
  }
  return parts.map((part) => part.trim());
}

const condition = /([a-z][a-z_.]*)\s*(!?=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s()|]+)/gi;
const stageWords =
  /^(sum|count|min|max|avg|rate|peak|distinct|p\d|quantile|top|histogram|by|order|limit|last|since|until|fields|new)\b/;

export class Refused extends Error {
  constructor(detail, column, length) {
    super(detail);
    this.column = column;
    this.length = length;
  }
}

export function parse(q, fields, now) {
  const parts = split(q, '|');
  const first = parts[0]
    .replace(/^(flows|drops|dropped|connections|alerts)\b\s*/, '')
    // Its one use: packets that carry a tunnel are left out, and this cluster has none.
    .replace(/\bnot \((?:[^()]|\([^()]*\))*\)\s*/g, '');
  const said = /^(flows|drops|dropped|connections|alerts)\b/.exec(parts[0])?.[1];
  const plan = {
    kind: said === 'dropped' ? 'drops' : (said ?? 'flows'),
    terms: [],
    sums: [],
    by: [],
    order: [],
    limit: 0,
  };
  const stages = parts.slice(1);
  if (stageWords.test(first)) stages.unshift(first);
  else
    for (const term of first.matchAll(condition)) {
      const name = term[1].toLowerCase();
      const known = fields.has(name) || fields.has(`src.${name}`) || name.includes('.label.');
      if (!known) throw new Refused(`unknown field '${name}'`, q.indexOf(term[0]) + 1, name.length);
      const value = /^["']/.test(term[3])
        ? term[3].slice(1, -1).replace(/\\(["\\])/g, '$1')
        : term[3];
      const or = /\bor\s*\(*$/.test(first.slice(0, term.index));
      plan.terms.push({ name, not: term[2] === '!=', value, or });
    }
  for (const stage of stages) readStage(stage, plan, now);
  return plan;
}

function readStage(stage, plan, now) {
  let match;
  if (!stage) return;
  if ((match = /^last (\S+)/.exec(stage))) plan.since = now - parseDuration(match[1]);
  else if ((match = /^(since|until) (\S+)/.exec(stage))) plan[match[1]] = timeOf(match[2], now);
  else if ((match = /^limit (\d+)/.exec(stage))) plan.limit = Number(match[1]);
  else if ((match = /^order by (\S+?),?(?: (asc|desc))?(?:,.*)?$/.exec(stage)))
    plan.order.push(match[1], match[2] ?? 'asc');
  else if (/^(fields|new)\b/.test(stage)) return;
  else {
    const every = /\bevery (\S+)/.exec(stage);
    if (every) plan.every = parseDuration(every[1]);
    let rest = stage.replace(/\s*\bevery \S+/, '');
    const top = /^top\s*(\d*)\s*(.*) by (.*)$/.exec(rest);
    if (top) {
      plan.by = top[2].split(',').map((name) => name.trim());
      const words = top[3].trim().split(/\s+/);
      plan.sums =
        words[0] === 'count' ? [['count', '']] : words.length > 1 ? [words] : [['sum', words[0]]];
      plan.order = ['', 'desc'];
      plan.limit = Number(top[1] || 10);
      return;
    }
    const histogram = /^histogram (\S+)(?: by (.*))?$/.exec(rest);
    if (histogram) rest = `count by le${histogram[2] ? `, ${histogram[2]}` : ''}`;
    const by = /(^|\s)by (.*)$/.exec(rest);
    if (by) {
      plan.by = by[2].split(',').map((name) => name.trim());
      rest = rest.slice(0, by.index);
    }
    let verb = 'count';
    for (const one of rest
      .split(',')
      .map((text) => text.trim())
      .filter(Boolean)) {
      const words = one.replace(/[()]/g, ' ').trim().split(/\s+/);
      if (words[0] === 'count') plan.sums.push(['count', '']);
      else if (words.length > 1) plan.sums.push([(verb = words[0]), words.at(-1)]);
      else if (/^p\d/.test(words[0])) plan.sums.push([words[0], '']);
      else plan.sums.push([verb, words[0]]);
    }
    const last = plan.sums.at(-1)?.[1];
    for (const sum of plan.sums) if (sum[1] === '' && sum[0] !== 'count') sum[1] = last;
  }
}

const le = ['0.1', '0.5', '1', '5', '10', '50', '100', '+Inf'];
function valueOf(cluster, record, name, kind) {
  if (name !== 'le') return fieldOf(cluster, record, name, kind);
  const rtt = fieldOf(cluster, record, 'rtt', kind);
  return rtt === null
    ? '+Inf'
    : (le.find((bound) => bound === '+Inf' || rtt <= Number(bound)) ?? '+Inf');
}
function holds(cluster, record, term, kind) {
  const names =
    term.name.includes('.') ||
    ['protocol', 'observer', 'direction', 'interface'].includes(term.name)
      ? [term.name]
      : [term.name, `src.${term.name}`, `dst.${term.name}`];
  const met = names.some((name) => {
    const value = fieldOf(cluster, record, name, kind);
    return value === null ? term.value === 'none' : String(value) === term.value;
  });
  return met !== term.not;
}
function passes(cluster, record, terms, kind) {
  let any = false;
  let all = true;
  for (const term of terms) {
    if (term.or) {
      any ||= all;
      all = true;
    }
    all &&= holds(cluster, record, term, kind);
  }
  return any || all;
}

const types = {
  time: 'time',
  protocol: 'protocol',
  rtt: 'duration',
  handshake: 'duration',
  duration: 'duration',
};
export function run(cluster, plan, since, until) {
  const step = plan.every ?? until - since;
  const groups = new Map();
  for (let from = plan.every ? Math.floor(since / step) * step : since; from < until; from += step)
    for (const record of recordsOf(cluster, from, from + step, plan.kind)) {
      if (!passes(cluster, record, plan.terms, plan.kind)) continue;
      const key = plan.by.map((name) => valueOf(cluster, record, name, plan.kind));
      const id = JSON.stringify([plan.every ? from : 0, key]);
      let group = groups.get(id);
      if (!group)
        groups.set(
          id,
          (group = {
            from,
            key,
            sums: plan.sums.map(() => ({
              sum: 0,
              count: 0,
              min: Infinity,
              max: -Infinity,
              different: new Set(),
            })),
          }),
        );
      plan.sums.forEach(([verb, name], index) => {
        const value = verb === 'count' ? 1 : fieldOf(cluster, record, name, plan.kind);
        const sum = group.sums[index];
        if (value === null || value === undefined) return;
        if (verb === 'distinct') sum.different.add(value);
        else {
          sum.sum += value;
          sum.count += 1;
          sum.min = Math.min(sum.min, value);
          sum.max = Math.max(sum.max, value);
        }
      });
    }
  const result = (verb, sum) => {
    if (verb === 'distinct') return sum.different.size;
    if (verb === 'sum' || verb === 'count' || verb === 'peak') return +sum.sum.toFixed(3);
    if (verb === 'rate') return sum.sum / (step / 1000);
    if (sum.count === 0) return null;
    return verb === 'min' ? sum.min : verb === 'max' ? sum.max : sum.sum / sum.count;
  };
  const names = plan.sums.map(([verb, name]) =>
    name ? `${verb}_${name.replaceAll('.', '_')}` : verb,
  );
  const columns = [
    ...(plan.every ? [{ name: 'time', type: 'time' }] : []),
    ...plan.by.map((name) => ({ name, type: name.endsWith('.ip') ? 'address' : 'text' })),
    ...names.map((name, index) => {
      const type = types[plan.sums[index][1]] ?? 'count';
      return type === 'duration' ? { name, type, unit: 'ms' } : { name, type };
    }),
  ];
  let rows = [...groups.values()].map((group) => [
    ...(plan.every ? [new Date(group.from).toISOString()] : []),
    ...group.key,
    ...group.sums.map((sum, index) => result(plan.sums[index][0], sum)),
  ]);
  if (plan.order.length) {
    const column = plan.order[0]
      ? columns.findIndex((one) => one.name === plan.order[0])
      : columns.length - 1;
    const sign = plan.order[1] === 'desc' ? -1 : 1;
    rows.sort((a, b) => sign * (a[column] > b[column] ? 1 : a[column] < b[column] ? -1 : 0));
  }
  const truncated = plan.limit > 0 && rows.length > plan.limit;
  if (truncated) rows = rows.slice(0, plan.limit);
  return { columns, rows, truncated };
}

const ends = 'src.ip src.port dst.ip dst.port src.namespace src.name dst.namespace dst.name';
const listed = {
  flows: `time observer protocol ${ends} service direction verdict interface packets bytes reverse_packets reverse_bytes rtt duration`,
  drops: `time observer protocol ${ends} drop.reason drop.hook drop.location interface packets bytes`,
};
const typeOf = (name) =>
  types[name] ??
  (name.endsWith('.ip')
    ? 'address'
    : /port$/.test(name)
      ? 'number'
      : /packets$|bytes$/.test(name)
        ? 'count'
        : 'text');

/** Records, newest first, in steps of a minute and at most a day; `cursor` is how many came before. */
export function list(cluster, plan, since, until, cursor = 0) {
  const names = (listed[plan.kind] ?? listed.flows).split(' ');
  const columns = names.map((name) => ({
    name,
    type: typeOf(name),
    ...(typeOf(name) === 'duration' ? { unit: 'ms' } : {}),
  }));
  const most = plan.limit || 100;
  const rows = [];
  let met = 0;
  let more = false;
  const first = Math.max(since, until - 86400e3);
  for (let end = until; end > first && !more; end -= 60e3)
    for (const record of recordsOf(cluster, Math.max(first, end - 60e3), end, plan.kind)) {
      if (!passes(cluster, record, plan.terms, plan.kind)) continue;
      if ((met += 1) <= cursor) continue;
      if (rows.length >= most) {
        more = true;
        break;
      }
      const value = (name) =>
        name === 'time'
          ? new Date(end - 60e3).toISOString()
          : name === 'duration'
            ? 60e3
            : (fieldOf(cluster, record, name, plan.kind) ?? null);
      rows.push(names.map(value));
    }
  return {
    columns,
    rows,
    truncated: more,
    next_cursor: more ? String(cursor + rows.length) : null,
  };
}
