import { connect } from 'node:net';

/** What a load found. */
export type Load = { readonly timesMs: readonly number[]; readonly perSecond: number };

/** One device: who it is, and what it may add. */
export type Device = {
  readonly owner: string;
  readonly token: string;
  readonly variantIds: readonly string[];
};

const document = `mutation Add($input: CartLineAddInput!) {
  cartLineAdd(input: $input) {
    __typename
    ... on CartChanged { cart { id version totalQuantity lines { id variantId quantity } } }
    ... on UserError { message }
  }
}`;

let lastKey = 0;

/** A fresh intent each time, as a client sends it. */
const requestOf = ({ owner, token, variantIds }: Device, turn: number): Buffer => {
  lastKey += 1;
  const text = JSON.stringify({
    query: document,
    variables: {
      input: {
        idempotencyKey: `bench-${String(lastKey).padStart(20, '0')}`,
        variantId: variantIds[turn % variantIds.length],
        quantity: 1,
      },
    },
  });
  return Buffer.from(
    `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: application/json\r\nauthorization: Bearer ${token}\r\nx-owner: ${owner}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
};

/** The body, once it is whole. */
const bodyIn = (answer: Buffer): string | null => {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const length = Number(/content-length: (\d+)/i.exec(answer.subarray(0, end).toString('latin1'))?.[1]);
  if (Number.isNaN(length)) throw new Error(answer.toString('utf8'));
  return answer.length < end + 4 + length ? null : answer.subarray(end + 4).toString('utf8');
};

/** One connection that adds again and again, by bytes: a client library would cost more than what is measured. */
const add = (port: number, device: Device, until: number, took: (ms: number) => void) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    let [turn, startedAt] = [0, 0];
    let answer: Buffer = Buffer.alloc(0);
    const send = (): void => {
      const request = requestOf(device, turn);
      turn += 1;
      answer = Buffer.alloc(0);
      startedAt = performance.now();
      socket.write(request);
    };
    socket.on('error', reject).on('connect', send);
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const body = bodyIn(answer);
      if (body === null) return;
      took(performance.now() - startedAt);
      if (!/"quantity":[1-9]/.test(body)) return reject(new Error(`Nothing was added: ${body}`));
      if (performance.now() < until) return send();
      socket.end();
      resolve();
    });
  });

/** Adds from all the devices at once for a while. */
export const load = async (port: number, devices: readonly Device[], ms: number): Promise<Load> => {
  const timesMs: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    devices.map((device) =>
      add(port, device, startedAt + ms, (time) => {
        timesMs.push(time);
      }),
    ),
  );
  return { timesMs, perSecond: (timesMs.length * 1_000) / (performance.now() - startedAt) };
};
