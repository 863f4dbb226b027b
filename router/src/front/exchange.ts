import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, gzip, constants as zlib } from 'node:zlib';
import type { Soon } from '@storegraph/server';
import type { Answer } from '../run/answer.ts';
import { type Accepted, acceptedOf, type Encoding, encodingOf } from './accept.ts';
import type { Refusal } from './refusal.ts';

/** One request and the answer it is going to get. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly accepted: Accepted;
  /** Header names and values in turn that every answer to it has. */
  readonly headers: readonly string[];
  /** Asked when the head is written: a stop that begins meanwhile ends the connection with this answer. */
  readonly isClosing: () => boolean;
  /** Whether answers differ by the page that asks. */
  readonly variesByOrigin: boolean;
};

/** Below it a compressed answer saves no packet. */
const compressAboveBytes = 1_400;

/** Most of what the best would save, at a small part of its time. */
const brotliQuality = 4;

const gzipBytes = promisify(gzip);
const brotliBytes = promisify(brotliCompress);

/** Packs an answer. Tokens travel in headers, so there is no secret in it that a foreign page could guess at. */
export const compress = (body: string, encoding: Encoding): Promise<Buffer> =>
  encoding === 'gzip'
    ? gzipBytes(body)
    : brotliBytes(body, {
        params: {
          [zlib.BROTLI_PARAM_QUALITY]: brotliQuality,
        },
      });

/** The compression for an answer of this length; null when it goes out as it is. */
export const encodingFor = ({ request }: Exchange, length: number): Encoding | null =>
  length < compressAboveBytes ? null : encodingOf(request.headers['accept-encoding']);

const typeHeaders = {
  'application/json': 'application/json; charset=utf-8',
  'application/graphql-response+json': 'application/graphql-response+json; charset=utf-8',
};

/** HTTP/2 has no `connection` header: there a session is closed by a frame. */
const isOne = ({ request }: Exchange): boolean => request.httpVersionMajor === 1;

/** Whether nobody is there any more to answer; over HTTP/2 the answer has then lost its socket. */
export const isGone = ({ request, response }: Exchange): boolean =>
  response.destroyed || (request.httpVersionMajor > 1 && !response.socket);

/** Writes the head and the body in one go. */
export const write = (
  exchange: Exchange,
  status: number,
  more: readonly string[],
  body: string | Buffer,
  byteLength: number,
): void => {
  const { response, headers, accepted } = exchange;
  const type = typeHeaders[accepted.json ?? 'application/json'];
  const head = [...headers, 'content-type', type, 'content-length', String(byteLength), ...more];
  if (exchange.isClosing() && isOne(exchange)) head.push('connection', 'close');
  response.writeHead(status, head);
  // Of as many bytes as signs, it is ASCII, which goes out as it is.
  if (typeof body === 'string' && body.length === byteLength) response.end(body, 'latin1');
  else response.end(body);
};

/** Ends a text with its line, so that a prompt in a terminal stands below the answer. */
export const line = (text: string): string => `${text}\n`;

/** Sends an answer that nobody may keep. */
export const send = (
  exchange: Exchange,
  status: number,
  text: string,
  more: readonly string[] = [],
): Soon<void> => {
  const body = line(text);
  const headers = [
    'cache-control',
    'no-store',
    ...(exchange.variesByOrigin ? ['vary', 'origin'] : []),
    ...more,
  ];
  const encoding = encodingFor(exchange, body.length);
  if (encoding === null) return write(exchange, status, headers, body, Buffer.byteLength(body));
  return compress(body, encoding).then((packed) =>
    write(exchange, status, [...headers, 'content-encoding', encoding], packed, packed.length),
  );
};

/** The status of an answer: what is wrong with the GraphQL alone is no failure to clients of the old media type. */
export const statusOf = ({ refusedWith }: Answer, { isLegacy }: Accepted): number => {
  if (refusedWith === null) return 200;
  return refusedWith === 400 && isLegacy ? 200 : refusedWith;
};

/** Sends what is wrong with a request as HTTP, or with us: its status stands in every media type. */
export const sendFailure = (exchange: Exchange, { refusedWith, body, headers = {} }: Refusal): Soon<void> => {
  const more = Object.entries(headers).filter(([name]) => name !== 'connection' || isOne(exchange));
  return send(exchange, refusedWith ?? 500, body, more.flat());
};

/** Sends the answer that says why nothing was run. */
export const sendRefusal = (exchange: Exchange, refusal: Refusal): Soon<void> =>
  sendFailure(exchange, { ...refusal, refusedWith: statusOf(refusal, exchange.accepted) });

/** Opens what is known of a request before it is read. */
export const openExchange = (
  request: IncomingMessage,
  response: ServerResponse,
  about: Pick<Exchange, 'requestId' | 'isClosing' | 'variesByOrigin'> & {
    readonly crossOrigin: readonly string[];
  },
): Exchange => ({
  request,
  response,
  requestId: about.requestId,
  accepted: acceptedOf(request.headers.accept),
  headers: ['x-request-id', about.requestId, 'x-content-type-options', 'nosniff', ...about.crossOrigin],
  isClosing: about.isClosing,
  variesByOrigin: about.variesByOrigin,
});
