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

const late = (sending: Sending): void =>
  sending.giveUp({ failed: 'late', reason: `No answer within ${sending.sent.limitMs} ms.` });

/** A request under way. A class, because eight closures for each request take longer than all they do. */
class Sending implements Dispatcher.DispatchHandler {
  declare readonly sent: Sent;
  declare readonly settle: (outcome: Raw) => void;
  declare readonly timer: NodeJS.Timeout;
  declare readonly chunks: Buffer[];
  declare controller: Dispatcher.DispatchController | null;
  declare head: Head | null;
  declare isOver: boolean;
  declare bytes: number;

  constructor(sent: Sent, settle: (outcome: Raw) => void) {
    this.sent = sent;
    this.settle = settle;
    this.timer = setTimeout(late, sent.limitMs, this);
    this.chunks = [];
    this.controller = null;
    this.head = null;
    this.isOver = false;
    this.bytes = 0;
  }

  end(outcome: Raw): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.settle(outcome);
  }

  giveUp(outcome: Raw): void {
    this.end(outcome);
    this.controller?.abort(givenUp);
  }

  onRequestStart(started: Dispatcher.DispatchController): void {
    this.controller = started;
    // It waited for a connection until it was too late, and is not sent at all.
    if (this.isOver) started.abort(givenUp);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.head = { status, headers };
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxAnswerBytes } = this.sent;
    this.bytes += chunk.length;
    this.chunks.push(chunk);
    if (this.bytes <= maxAnswerBytes || this.isOver) return;
    this.giveUp({ failed: 'unreadable', reason: `The answer is larger than ${maxAnswerBytes} bytes.` });
  }

  onResponseEnd(): void {
    const { head, chunks, bytes } = this;
    if (this.isOver || !head) return;
    const [first = Buffer.alloc(0)] = chunks;
    this.end({ ...head, body: chunks.length > 1 ? Buffer.concat(chunks, bytes) : first });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (!this.isOver) this.end({ failed: 'cut', reason: reasonOf(error) });
  }
}

/** By undici's dispatch and not its request, which makes a stream and a signal for each: with a time limit 75 µs against 90. */
const send = (dispatcher: Dispatcher, sent: Sent): Promise<Raw> =>
  new Promise((resolve) => {
    const { path, headers, body } = sent;
    dispatcher.dispatch({ path, method: 'POST', headers, body }, new Sending(sent, resolve));
  });

const unpackers = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
};

/** Null when it is packed in another way than was asked for, is damaged, or unpacks to more than is taken. */
const unpack = async (body: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer | null> => {
  if (encoding !== 'gzip' && encoding !== 'br') return null;
  try {
    return await unpackers[encoding](body, { maxOutputLength });
  } catch {
    // Whatever zlib found wrong with it, it is the sender's mistake.
    return null;
  }
};

const read = ({ status, headers }: Head, body: Buffer): Received =>
  isUtf8(body)
    ? { status, contentType: headers['content-type'] ?? '', text: body.toString('utf8') }
    : { failed: 'unreadable', reason: 'The answer is not UTF-8.' };

const unpackAndRead = async (head: Head, body: Buffer, maxBytes: number): Promise<Received> => {
  const encoding = head.headers['content-encoding'] ?? 'identity';
  const unpacked = await unpack(body, encoding, maxBytes);
  if (unpacked) return read(head, unpacked);
  return { failed: 'unreadable', reason: `The answer cannot be unpacked (${encoding}).` };
};

/** Posts a text and reads the text that comes back. Never rejects. */
export const exchange = (dispatcher: Dispatcher, sent: Sent): Promise<Received> =>
  send(dispatcher, sent).then((raw) => {
    if ('failed' in raw) return raw;
    const { 'content-encoding': encoding = 'identity' } = raw.headers;
    return encoding === 'identity' ? read(raw, raw.body) : unpackAndRead(raw, raw.body, sent.maxAnswerBytes);
  });
