// SPDX-License-Identifier: Apache-2.0
// An API that is made up, for tests of the page: any size of cluster, any trouble.
//
//   node tests/fake_api.mjs [--dist=dist] [--port=0] [--workloads=40] [--edges=120] [--seed=1]
//       [--server] [--hostile] [--no-names] [--step-ms=MS] [--fault=JSON]
//
// It prints "listening on http://127.0.0.1:PORT". --server answers as netprobe-server does, else
// as an agent. --step-ms makes that the step of any live sum, whatever it asks for.
// Troubles are switched while it runs, by PUT /fake/faults (JSON; {} ends them all), or from the
// beginning by --fault or the environment FAKE_FAULT; `path` limits them to addresses that begin so:
//   {"status": 500}              an error instead of an answer
//   {"silent": true}             takes the question and says nothing
//   {"garbage": true}            200, and no JSON
//   {"delay_ms": 2000}           answers late
//   {"break_streams": true}      cuts the streams that are open; new ones are refused while it holds
//   {"clock_ms": 3600000}        its clock is off by so much
//   {"history_off": true}        503 from /api/query
//   {"truncated": true, "lost": 12, "left_out": 30, "missing_nodes": 1}   what answers lack
// POST /fake/alert {"kind": …, "summary": …, "state": …} tells an alert to all who listen.
// GET /fake/seen: how many questions came, by path, and streams that are open.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCluster } from './fake_cluster.mjs';
import { list, parse, parseDuration, Refused, run } from './fake_query.mjs';
import { makeShapes } from './fake_shapes.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const answers = JSON.parse(readFileSync(join(here, 'fake_answers.json'), 'utf8'));
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
// As the programs send it.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function startFakeApi(options = {}) {
  const { dist = join(here, '../dist'), port = 0, server: asServer = false, stepMs } = options;
  const cluster = makeCluster(options);
  const fields = new Set(answers.fields.fields.map((field) => field.name));
  for (const name of ['service', 'nat', 'time']) fields.add(name);
  const started = Date.now();
  const streams = new Set();
  const seen = {};
  const alerts = new Map();
  let faults = options.fault ?? {};
  const now = () => Date.now() + (faults.clock_ms ?? 0);
  const iso = (ms) => new Date(ms).toISOString();
  const shapes = makeShapes({
    answers,
    cluster,
    asServer,
    started,
    now,
    iso,
    faults: () => faults,
  });
  const { whole, flows } = shapes;

  function json(response, value, status = 200, headers = {}) {
    response.writeHead(status, {
      'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
      'Cache-Control': 'no-store',
      Date: new Date(now()).toUTCString(),
      ...headers,
    });
    response.end(JSON.stringify(value));
  }
  function problem(response, status, detail, more = {}) {
    json(response, { type: 'about:blank', title: 'Problem', status, detail, ...more }, status);
  }

  function query(response, params) {
    if (faults.history_off) return problem(response, 503, 'history is off: --enable-history=false');
    const plan = parse(params.get('q') ?? '', fields, now());
    const until = plan.until ?? timeParam(params.get('until')) ?? now();
    const since = plan.since ?? timeParam(params.get('since')) ?? until - 3600e3;
    const limit = Number(params.get('limit') ?? 0);
    if (limit && (!plan.limit || limit < plan.limit)) plan.limit = limit;
    const answer =
      plan.sums.length || plan.by.length
        ? run(cluster, plan, since, until)
        : list(cluster, plan, since, until, Number(params.get('cursor') ?? 0));
    json(response, {
      query: params.get('q') ?? '',
      kind: plan.kind,
      ...answer,
      truncated: answer.truncated || Boolean(faults.truncated),
      total: answer.rows.length,
      next_cursor: answer.next_cursor ?? null,
      source: 'history',
      tier: 'raw',
      resolution_seconds: 0,
      exact: true,
      since: iso(since),
      until: iso(until),
      kept_since: iso(started - 86400e3),
      warnings: [],
      rows_read: 1,
      took_ms: 1,
      ...whole(since, until),
    });
  }
  const timeParam = (text) => {
    if (!text) return undefined;
    const ago = parseDuration(text);
    return ago === undefined ? Date.parse(text) : now() - ago;
  };

  function openStream(request, response, write) {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      Date: new Date(now()).toUTCString(),
    });
    response.write(': netprobe\n\n');
    const stream = {
      response,
      send: (name, value) => response.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`),
    };
    streams.add(stream);
    const comments = setInterval(() => response.write(': \n\n'), 15_000);
    const stop = write(stream);
    response.on('close', () => {
      clearInterval(comments);
      stop?.();
      streams.delete(stream);
    });
  }
  function liveSums(request, response, params) {
    const plan = parse(params.get('q') ?? '', fields, now());
    if (plan.kind !== 'flows')
      return problem(
        response,
        400,
        `streams are of flows, and this asks for ${plan.kind}: use /api/query`,
        { column: 1, length: 1 },
      );
    openStream(request, response, (stream) => {
      stream.send('hello', { sums: plan.sums.length > 0, version: '0.1.0', time: iso(now()) });
      const step = stepMs ?? plan.every ?? 2000;
      const timer = setInterval(() => {
        const until = now();
        if (response.writableLength > 16 << 20) return; // it reads too slowly
        if (!plan.sums.length) {
          stream.send('flow', flows(1)[0]);
          return;
        }
        const { every: _, ...once } = plan;
        const answer = run(cluster, once, until - step, until);
        stream.send('window', {
          since: iso(until - step),
          until: iso(until),
          columns: [{ name: 'time', type: 'time' }, ...answer.columns],
          rows: answer.rows.map((row) => [iso(until - step), ...row]),
          total: answer.rows.length,
          truncated: false,
          late: 0,
          missing: 0,
          left_out: { records: faults.left_out ?? 0, packets: 0, bytes: 0 },
          ...whole(until - step, until),
        });
      }, step);
      return () => clearInterval(timer);
    });
  }
  function answerApi(request, response, path, params) {
    if (path === '/api/query') return query(response, params);
    if (path === '/api/query/fields') return json(response, answers.fields);
    if (path === '/api/query/complete') {
      const text = (params.get('q') ?? '').slice(0, Number(params.get('at') ?? 1e9));
      const word = /[\w.]*$/.exec(text)[0];
      return json(response, {
        from: text.length - word.length,
        to: text.length,
        words: [...fields].filter((name) => name.startsWith(word)).slice(0, 20),
      });
    }
    if (path === '/api/query/validate') {
      try {
        const plan = parse((params.get('q') ?? '').replace(/^\((.*)\)$/s, ' $1 '), fields, now());
        return json(response, {
          valid: true,
          query: params.get('q'),
          kind: plan.kind,
          aggregate: plan.sums.length > 0,
        });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return json(response, {
          valid: false,
          error: {
            detail: error.message,
            column: error.column,
            length: error.length,
            expected: [],
          },
        });
      }
    }
    if (path === '/api/stream') return liveSums(request, response, params);
    if (path === '/api/alerts/stream')
      return openStream(request, response, (stream) => {
        stream.alerts = true;
        stream.send('hello', { node_name: 'node1' });
        for (const one of alerts.values()) stream.send('alert', one);
      });
    if (path === '/api/agents' && asServer) {
      const agents = shapes.agents();
      return json(response, { agents, ready: agents.length, nodes_without_agent: [] });
    }
    if (path === '/api/flows') {
      const limit = Math.min(Number(params.get('limit') ?? 100), 1000);
      return json(response, {
        flows: flows(limit),
        total: cluster.pairs.length,
        next_cursor: null,
        source: 'live',
        tier: 'live',
        ...whole(started, now()),
      });
    }
    const kept = answers[asServer ? 'server' : 'agent'][path];
    if (!kept) return problem(response, 404, `there is no ${path} here; / lists what there is`);
    if (path === '/api/alerts')
      return json(response, { ...kept, alerts: [...alerts.values()], total: alerts.size });
    return json(response, {
      ...kept,
      ...(kept.last_updated ? { last_updated: iso(now()) } : {}),
      ...(kept.completeness ? whole(started, now()) : {}),
    });
  }

  function answerFake(request, response, path, body) {
    if (path === '/fake/faults') {
      if (request.method !== 'GET') faults = JSON.parse(body || '{}');
      if (faults.break_streams) for (const stream of streams) stream.response.destroy();
      return json(response, faults);
    }
    if (path === '/fake/alert') {
      const one = shapes.alert(alerts.size + 1, JSON.parse(body || '{}'));
      alerts.set(one.id, one);
      for (const stream of streams) if (stream.alerts) stream.send('alert', one);
      return json(response, one);
    }
    return json(response, { seen, streams: streams.size });
  }

  function answerFile(response, path) {
    const file = normalize(path === '/' ? '/index.html' : path);
    try {
      const content = readFileSync(join(dist, file));
      response.writeHead(200, {
        'Content-Type': types[extname(file)] ?? 'application/octet-stream',
        'Content-Security-Policy': policy,
        Date: new Date(now()).toUTCString(),
      });
      response.end(content);
    } catch {
      problem(response, 404, `there is no ${path} here`);
    }
  }

  async function answer(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const path = url.pathname;
    let body = '';
    for await (const piece of request) body += piece;
    if (path.startsWith('/fake/')) return answerFake(request, response, path, body);
    if (!path.startsWith('/api/') && !answers.agent[path]) return answerFile(response, path);
    seen[path] = (seen[path] ?? 0) + 1;
    const params = url.searchParams;
    if (body && request.headers['content-type'] === 'application/json')
      for (const [name, value] of Object.entries(JSON.parse(body))) params.set(name, String(value));
    else if (body) params.set('q', body);
    const applies = !faults.path || path.startsWith(faults.path);
    if (applies && faults.delay_ms)
      await new Promise((resolve) => setTimeout(resolve, faults.delay_ms));
    if (applies && faults.silent) return;
    if (applies && faults.status)
      return problem(response, faults.status, 'made up: the engine failed');
    if (applies && faults.garbage)
      return void response
        .writeHead(200, { 'Content-Type': 'text/html' })
        .end('<html>not the API</html>');
    if (applies && faults.break_streams && path.endsWith('stream')) return response.destroy();
    return answerApi(request, response, path, params);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (error instanceof Refused)
        problem(response, 400, error.message, {
          parameter: 'q',
          column: error.column,
          length: error.length,
          expected: [],
        });
      else problem(response, 500, String(error?.stack ?? error));
    });
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        setFaults: (next) => {
          faults = next;
          if (faults.break_streams) for (const stream of streams) stream.response.destroy();
        },
        close: () => {
          for (const stream of streams) stream.response.destroy();
          server.closeAllConnections();
          server.close();
        },
      }),
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flag = Object.fromEntries(
    process.argv.slice(2).map((text) => /^--([^=]+)=?(.*)$/s.exec(text)?.slice(1) ?? [text, '']),
  );
  const number = (name) => (flag[name] === undefined ? {} : Number(flag[name]));
  const numbers = {};
  for (const [name, key] of [
    ['port', 'port'],
    ['workloads', 'workloads'],
    ['edges', 'edges'],
    ['seed', 'seed'],
    ['step-ms', 'stepMs'],
  ])
    if (flag[name] !== undefined) numbers[key] = number(name);
  const api = await startFakeApi({
    ...numbers,
    ...(flag.dist ? { dist: flag.dist } : {}),
    server: 'server' in flag,
    hostile: 'hostile' in flag,
    names: !('no-names' in flag),
    fault: JSON.parse(flag.fault ?? process.env.FAKE_FAULT ?? '{}'),
  });
  console.log(`listening on ${api.url}`);
}
