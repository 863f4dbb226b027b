import { context, propagation, trace } from '@opentelemetry/api';
import type { Call } from '@storegraph/server';

/** What every request says, whoever asks. */
export type FixedHeaders = {
  /** Whether answers may come packed. */
  readonly acceptsPacked: boolean;
  /** Of the caller's own headers, those that are passed on. */
  readonly passOn: readonly string[];
};

/** A call with the headers it came with, as far as they are of use behind the router. */
export type PassingCall = Call & { readonly headers?: Readonly<Record<string, string>> };

const passed = (
  names: readonly string[],
  headers: Readonly<Record<string, string>> | undefined,
): Record<string, string> => {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers?.[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
};

/** The headers of one request: who asks, under which id, and for how long the answer is of use. */
export const requestHeaders = (
  { acceptsPacked, passOn }: FixedHeaders,
  call: PassingCall,
  limitMs: number,
): Record<string, string> => {
  const headers: Record<string, string> = passed(passOn, call.headers);
  headers['content-type'] = 'application/json';
  headers['accept'] = 'application/graphql-response+json, application/json;q=0.9';
  headers['x-request-id'] = call.requestId;
  headers['x-deadline-ms'] = String(limitMs);
  if (acceptsPacked) headers['accept-encoding'] = 'gzip, br';
  if (call.token !== undefined) headers['authorization'] = `Bearer ${call.token}`;
  if (trace.getActiveSpan()) propagation.inject(context.active(), headers);
  return headers;
};
