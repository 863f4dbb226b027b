import type { IncomingMessage, ServerResponse } from 'node:http';

/** Room for one part of a bulk import: 1 MiB of bytes as Base64 text, and its operation. */
export const maxBodyBytes = 1.5 * 1024 * 1024;

/** What is read and thrown away of a body that is too large, so that its sender gets to read the answer. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/** A request that cannot be taken, with the HTTP status that says so. */
export class BadHttpRequest extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const tooLarge = (): BadHttpRequest =>
  new BadHttpRequest(413, 'BODY_TOO_LARGE', 'The body is larger than 1.5 MiB. Send less, or in parts.');

const discardRest = (request: IncomingMessage): void => {
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maxDiscardedBytes) request.destroy();
  });
};

const readText = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const refuse = (): void => {
      request.removeAllListeners('data');
      discardRest(request);
      reject(tooLarge());
    };
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return refuse();
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) return refuse();
      chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    const endedEarly = () => reject(new BadHttpRequest(400, 'BAD_REQUEST', 'The body ended early.'));
    request.on('error', endedEarly);
    request.on('close', endedEarly);
  });

/** The JSON in a request's body; undefined when the body is not said to be JSON, which GraphQL then refuses. */
export const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new BadHttpRequest(415, 'BAD_REQUEST', `The body is encoded as ${encoding}: send it as it is.`);
  }
  const text = await readText(request);
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BadHttpRequest(400, 'BAD_REQUEST', 'The body is not valid JSON.');
  }
};

/** Sends a JSON answer. */
export const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.end(`${JSON.stringify(body)}\n`);
};

/** Sends one error in the form GraphQL clients read. */
export const sendError = (response: ServerResponse, status: number, code: string, message: string): void =>
  sendJson(response, status, { errors: [{ message, extensions: { code } }] });
