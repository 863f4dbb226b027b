import { type Call, tellTrace } from '@storegraph/server';

/** The headers of one request: who asks, under which id, and for how long the answer is of use. */
export const requestHeaders = (
  { token, requestId, address, trace }: Call,
  { limitMs, acceptsPacked }: { readonly limitMs: number; readonly acceptsPacked: boolean },
): Record<string, string> => {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json;q=0.9',
    'x-request-id': requestId,
    'x-deadline-ms': String(limitMs),
  };
  if (acceptsPacked) headers['accept-encoding'] = 'gzip, br';
  if (address !== undefined) headers['x-client-address'] = address;
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  tellTrace(trace, headers);
  return headers;
};
