import { propagation, TraceFlags, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nobody } from './reach-fixture.ts';
import { requestHeaders } from './request-headers.ts';

const span = trace.wrapSpanContext({
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  traceFlags: TraceFlags.SAMPLED,
});

beforeEach(() => {
  propagation.setGlobalPropagator({
    inject: (at, carrier, setter) =>
      setter.set(carrier, 'traceparent', trace.getSpanContext(at)?.traceId ?? ''),
    extract: (at) => at,
    fields: () => ['traceparent'],
  });
});
afterEach(() => propagation.disable());

const headersOf = (more: object = {}) =>
  requestHeaders({ ...nobody(), ...more }, { acceptsPacked: false, limitMs: 1_000 });

it.each([true, false])('a request tells the trace it belongs to, recorded %s or left out', (isRecorded) => {
  expect(headersOf({ trace: { span, isRecorded } })['traceparent']).toBe('1'.repeat(32));
  expect(headersOf()).not.toHaveProperty('traceparent');
});

it('a request tells where its caller is, where that is known', () => {
  expect(headersOf({ address: '203.0.113.7' })['x-client-address']).toBe('203.0.113.7');
  expect(headersOf()).not.toHaveProperty('x-client-address');
});
