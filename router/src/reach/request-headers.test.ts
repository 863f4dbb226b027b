import { type Context, context, propagation, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nobody } from './reach-fixture.ts';
import { requestHeaders } from './request-headers.ts';

const span = trace.wrapSpanContext({
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  traceFlags: TraceFlags.SAMPLED,
});
let active: Context = ROOT_CONTEXT;

beforeEach(() => {
  const manager = {
    active: () => active,
    with: (_context: Context, work: (...args: never[]) => unknown) => work(),
    bind: (_context: Context, target: unknown) => target,
    enable: () => manager,
    disable: () => manager,
  };
  context.setGlobalContextManager(manager as Parameters<typeof context.setGlobalContextManager>[0]);
  propagation.setGlobalPropagator({
    inject: (at, carrier, setter) =>
      setter.set(carrier, 'traceparent', trace.getSpanContext(at)?.traceId ?? ''),
    extract: (at) => at,
    fields: () => ['traceparent'],
  });
});
afterEach(() => {
  context.disable();
  propagation.disable();
});

const headers = () => requestHeaders(nobody(), { acceptsPacked: false, limitMs: 1_000 });

it('a request tells the trace it belongs to, where there is one', () => {
  active = trace.setSpan(ROOT_CONTEXT, span);
  expect(headers()['traceparent']).toBe('1'.repeat(32));
  active = ROOT_CONTEXT;
  expect(headers()).not.toHaveProperty('traceparent');
});

it('a request tells where its caller is, where that is known', () => {
  const from = requestHeaders(
    { ...nobody(), address: '203.0.113.7' },
    { acceptsPacked: false, limitMs: 1_000 },
  );
  expect(from['x-client-address']).toBe('203.0.113.7');
  expect(headers()).not.toHaveProperty('x-client-address');
});
