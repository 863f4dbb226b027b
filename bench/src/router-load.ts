import { connect } from 'node:net';

/** What a load found. */
export type Load = {
  readonly timesMs: readonly number[];
  readonly perSecond: number;
  /** Answers that hold errors, or are none. */
  readonly errors: number;
  /** The first answer, head and all. */
  readonly sample: string;
};

const lengthOf = (head: string): number | null => {
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  // What has no body says no length.
  return head.startsWith('HTTP/1.1 304') ? 0 : null;
};

/** One connection that asks the same again and again, by bytes: a client library would cost more than a router. */
const ask = (
  port: number,
  request: Buffer,
  until: number,
  took: (ms: number, answer: () => Buffer) => void,
) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    let [startedAt, wanted, have] = [0, -1, 0];
    let chunks: Buffer[] = [];
    const send = (): void => {
      [startedAt, wanted, have, chunks] = [performance.now(), -1, 0, []];
      socket.write(request);
    };
    const measureHead = (): void => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = lengthOf(all.subarray(0, end).toString('latin1'));
      if (length === null) reject(new Error(all.toString('utf8')));
      wanted = end + 4 + (length ?? 0);
    };
    socket.on('error', reject).on('connect', send);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      have += chunk.length;
      if (wanted < 0) measureHead();
      if (wanted < 0 || have < wanted) return;
      took(performance.now() - startedAt, () => Buffer.concat(chunks));
      if (performance.now() < until) return send();
      socket.end();
      resolve();
    });
  });

const isGood = (answer: Buffer): boolean =>
  answer.subarray(0, 15).toString('latin1') === 'HTTP/1.1 200 OK' && !answer.includes('"errors":');

/** Asks over a number of connections for a while. */
export const load = async (
  port: number,
  request: Buffer,
  {
    connections,
    ms,
    isChecked = false,
    isAwake = false,
  }: {
    readonly connections: number;
    readonly ms: number;
    readonly isChecked?: boolean;
    /** Never sleeps. To wake a client on the same machine costs its server more than to answer it, and no other does. */
    readonly isAwake?: boolean;
  },
): Promise<Load> => {
  const timesMs: number[] = [];
  let sample = '';
  let errors = 0;
  const startedAt = performance.now();
  const took = (time: number, answer: () => Buffer): void => {
    if (timesMs.push(time) === 1) sample = answer().toString('utf8');
    if (isChecked && !isGood(answer())) errors += 1;
  };
  let isOver = false;
  const stayAwake = (): void => {
    if (!isOver) setImmediate(stayAwake);
  };
  if (isAwake) stayAwake();
  await Promise.all(Array.from({ length: connections }, () => ask(port, request, startedAt + ms, took)));
  isOver = true;
  return { timesMs, perSecond: (timesMs.length * 1_000) / (performance.now() - startedAt), errors, sample };
};

/** A POST of a GraphQL operation, in the name of whoever the token is of. */
export const post = (body: object, token: string): Buffer => {
  const text = JSON.stringify(body);
  const head = `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\naccept: application/json\r\n`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
};

/** A GET of an address, with further headers. */
export const get = (path: string, headers: readonly string[] = []): Buffer =>
  Buffer.from(
    [
      'GET ',
      path,
      ' HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n',
      ...headers.map((one) => `${one}\r\n`),
      '\r\n',
    ].join(''),
  );
