import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { FrontLimits } from './limits.ts';
import { BadRequest, overLimit } from './refusal.ts';

type BodyLimits = Pick<FrontLimits, 'maxBodyBytes' | 'requestTimeoutMs'>;

/** What is read and thrown away of a body that is too large, so that its sender gets to read the answer. */
const maxDiscardedBytes = 16 * 1024 * 1024;

const unpackers = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

const jsonType = /^application\/json\s*(?:;|$)/i;
const charsetParameter = /;\s*charset\s*=\s*"?([^\s";]+)/i;

const bad = (message: string): BadRequest => new BadRequest(400, 'BAD_REQUEST', message);

/** `askedBytes` is not known of a body that comes in pieces, or packed. */
const tooLarge = (maxBytes: number, askedBytes: number | null = null): BadRequest =>
  overLimit(413, `The body is larger than ${maxBytes / 1024 / 1024} MiB. Send less, or in parts.`, {
    limit: 'bodyBytes',
    allowed: maxBytes,
    ...(askedBytes !== null && { asked: askedBytes }),
    // What is left of the body stays unread, so the connection cannot carry another request.
    headers: { connection: 'close' },
  });

const discardRest = (request: IncomingMessage): void => {
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maxDiscardedBytes) request.destroy();
  });
};

/** Node watches the time of requests over HTTP/1.1 alone. */
const watchTime = (request: IncomingMessage, timeoutMs: number, late: (error: BadRequest) => void): void => {
  const timer = setTimeout(
    () => late(new BadRequest(408, 'BAD_REQUEST', 'The body took too long.')),
    timeoutMs,
  );
  request.once('close', () => clearTimeout(timer));
};

/** It is closed in any case, and is told of then. */
const ignore = (): void => undefined;

const readBytes = (
  request: IncomingMessage,
  { maxBodyBytes: maxBytes, requestTimeoutMs }: BodyLimits,
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    if (request.httpVersionMajor > 1) watchTime(request, requestTimeoutMs, reject);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > maxBytes) {
      discardRest(request);
      reject(tooLarge(maxBytes, announced));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    let isWhole = false;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= maxBytes) return;
      request.removeAllListeners('data');
      discardRest(request);
      reject(tooLarge(maxBytes));
    });
    request.on('end', () => {
      isWhole = true;
      const [only] = chunks;
      resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks));
    });
    request.on('error', ignore);
    request.on('close', () => {
      // An error is dear, and hardly any is needed.
      if (!isWhole) reject(bad('The body ended early.'));
    });
  });

const isUnpacker = (encoding: string): encoding is keyof typeof unpackers =>
  Object.hasOwn(unpackers, encoding);

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** A megabyte of zeros packs into a kilobyte, so the bound holds for what comes out. */
const unpack = async (bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> => {
  if (!isUnpacker(encoding)) {
    throw new BadRequest(
      415,
      'BAD_REQUEST',
      `The body is encoded as ${encoding}: send gzip, br or deflate.`,
      {
        headers: { 'accept-encoding': 'gzip, br, deflate' },
      },
    );
  }
  try {
    return await unpackers[encoding](bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    if (/^Z_|^ERR__/.test(String(codeOf(error)))) throw bad(`The body is not valid ${encoding}.`);
    throw error;
  }
};

const checkType = (contentType: string | undefined): void => {
  if (contentType === undefined || !jsonType.test(contentType)) {
    throw new BadRequest(415, 'BAD_REQUEST', 'The body is JSON: send `content-type: application/json`.', {
      headers: { accept: 'application/json' },
    });
  }
  const charset = charsetParameter.exec(contentType)?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new BadRequest(415, 'BAD_REQUEST', 'JSON is sent in UTF-8.');
  }
};

const textOf = (bytes: Buffer): string => {
  if (!isUtf8(bytes)) throw bad('The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
};

/** The JSON in a request's body, of a bounded size however it was packed. */
export const readJson = async (request: IncomingMessage, limits: BodyLimits): Promise<unknown> => {
  checkType(request.headers['content-type']);
  const bytes = await readBytes(request, limits);
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  const body = encoding === 'identity' ? bytes : await unpack(bytes, encoding, limits.maxBodyBytes);
  const text = textOf(body);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw bad('The body is not valid JSON.');
  }
};
