import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';

const ok = { code: 'ok', limit: null };
const query = (name: string | null) => ({ kind: 'query', name }) as const;

/** The lines of one metric, without the router's prefix. */
const linesOf = async ({ text }: { text: () => Promise<string> }, metric: string) =>
  (await text())
    .split('\n')
    .filter((line) => line.startsWith(`storegraph_router_${metric}`))
    .map((line) => line.slice('storegraph_router_'.length));

test('callers cannot make up more series than there is room for, and published names have theirs', async () => {
  const metrics = createMetrics();
  metrics.know('ProductPage');
  for (let index = 0; index < 1_000; index += 1) {
    metrics.answered(query(`Made${index}`), `client${index}`, { code: `CODE_${index}`, limit: `l${index}` });
    metrics.took(query(`Made${index}`), 0.001);
  }
  metrics.answered(query('ProductPage'), null, ok);
  const lines = await linesOf(metrics, 'operations_total');
  const values = (label: string) =>
    new Set(lines.map((line) => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1]));
  expect(values('operation').size).toBe(202);
  expect(values('client').size).toBe(52);
  expect(values('outcome').size).toBe(101);
  expect((await linesOf(metrics, 'limit_hits_total')).length).toBe(31);
  expect((await linesOf(metrics, 'operation_seconds_count')).length).toBe(201);
  expect(lines).toContain(
    'operations_total{operation="ProductPage",kind="query",client="unknown",outcome="other"} 1',
  );
});

test('each set of metrics counts by itself', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.sentEvent();
  expect(await linesOf(one, 'events_sent_total')).toEqual(['events_sent_total 1']);
  expect(await linesOf(other, 'events_sent_total')).toEqual(['events_sent_total 0']);
});

test('what a caller is called cannot break out of its label', async () => {
  const metrics = createMetrics();
  metrics.answered(query(null), 'a"} 1\nforged{x="\\', ok);
  expect(await linesOf(metrics, 'operations_total')).toEqual([
    'operations_total{operation="unnamed",kind="query",client="a\\"} 1\\nforged{x=\\"\\\\",outcome="ok"} 1',
  ]);
});

test('they are served on a port of their own, with what the process takes', async () => {
  const server = await serveMetrics(createMetrics(), { port: 0 });
  const answer = await fetch(server.url);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await answer.text()).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect((await fetch(server.url.replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(404);
  await server.stop();
  await expect(fetch(server.url)).rejects.toThrow();
});
