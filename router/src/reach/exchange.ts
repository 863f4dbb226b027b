import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** A request to a subgraph. */
export type Sent = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly limitMs: number;
  readonly maxAnswerBytes: number;
};

/** The body that came back; or that none came, and why, in words for the log. */
export type Received =
  | { readonly status: number; readonly contentType: string; readonly text: string }
  | { readonly failed: 'cut' | 'late' | 'unreadable'; readonly reason: string };

type Head = { readonly status: number; readonly headers: IncomingHttpHeaders };
type Raw = (Head & { readonly body: Buffer }) | Extract<Received, { readonly failed: string }>;

/** Why a request is aborted. Made once: an error is dear, and nobody reads this one. */
const givenUp = new Error('Nobody waits for the answer any more.');

const reasonOf = (error: Error): string => {
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  return `${code}${error.message}`;
};

/** By undici's dispatch and not its request, which makes a stream and a signal for each: with a time limit 75 µs against 90. */
const send = (dispatcher: Dispatcher, { path, headers, body, limitMs, maxAnswerBytes }: Sent): Promise<Raw> =>
  new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let head: Head | null = null;
    let isOver = false;
    let bytes = 0;
    const chunks: Buffer[] = [];

    const end = (outcome: Raw): void => {
      isOver = true;
      clearTimeout(timer);
      resolve(outcome);
    };
    const giveUp = (outcome: Raw): void => {
      end(outcome);
      controller?.abort(givenUp);
    };
    const timer = setTimeout(
      () => giveUp({ failed: 'late', reason: `No answer within ${limitMs} ms.` }),
      limitMs,
    );

    dispatcher.dispatch(
      { path, method: 'POST', headers, body },
      {
        onRequestStart: (started) => {
          controller = started;
          // It waited for a connection until it was too late, and is not sent at all.
          if (isOver) started.abort(givenUp);
        },
        onResponseStart: (_started, status, responseHeaders) => {
          head = { status, headers: responseHeaders };
        },
        onResponseData: (_started, chunk) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes <= maxAnswerBytes || isOver) return;
          giveUp({ failed: 'unreadable', reason: `The answer is larger than ${maxAnswerBytes} bytes.` });
        },
        onResponseEnd: () => {
          if (isOver || !head) return;
          const [first = Buffer.alloc(0)] = chunks;
          end({ ...head, body: chunks.length > 1 ? Buffer.concat(chunks, bytes) : first });
        },
        onResponseError: (_started, error) => {
          if (!isOver) end({ failed: 'cut', reason: reasonOf(error) });
        },
      },
    );
  });

const unpackers = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
};

/** Null when it is packed in another way than was asked for, is damaged, or unpacks to more than is taken. */
const unpack = async (body: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer | null> => {
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'br') return null;
  try {
    return await unpackers[encoding](body, { maxOutputLength });
  } catch {
    // Whatever zlib found wrong with it, it is the sender's mistake.
    return null;
  }
};

/** Posts a text and reads the text that comes back. Never rejects. */
export const exchange = async (dispatcher: Dispatcher, sent: Sent): Promise<Received> => {
  const raw = await send(dispatcher, sent);
  if ('failed' in raw) return raw;
  const { status, headers } = raw;
  const encoding = headers['content-encoding'] ?? 'identity';
  const body = await unpack(raw.body, encoding, sent.maxAnswerBytes);
  if (!body) return { failed: 'unreadable', reason: `The answer cannot be unpacked (${encoding}).` };
  if (!isUtf8(body)) return { failed: 'unreadable', reason: 'The answer is not UTF-8.' };
  return { status, contentType: headers['content-type'] ?? '', text: body.toString('utf8') };
};
