import { connect } from 'node:net';
import { type FromClients, subscribeText, variantIdOf } from './fanout-protocol.ts';

/**
 * Many WebSocket clients in one process: `PORT SOCKETS VARIANTS`. They speak over bare TCP and count bytes, so
 * that the machine's other core has its time for receiving and not for what a client library would do.
 */
const [port = 0, socketCount = 1, variants = 1] = process.argv.slice(2).map(Number);

/** So many connect at a time. */
const inFlight = 200;

const handshake =
  'GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
  'sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nsec-websocket-version: 13\r\n' +
  'sec-websocket-protocol: graphql-transport-ws\r\n\r\n';

/** A text frame as clients send it; masked with zeros, which leave it as it is. */
const frameOf = (text: string): Buffer => {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
};

const initFrame = frameOf('{"type":"connection_init"}');

let eventBytes = 0;
let received = 0;
let awaited = 0;

const tell = () => {
  const message: FromClients = { is: 'complete', lastAtNs: String(process.hrtime.bigint()) };
  process.send?.(message);
  awaited = received + socketCount * eventBytes;
};

const count = (bytes: Buffer): void => {
  received += bytes.length;
  if (awaited > 0 && received >= awaited) tell();
};

/** Connects, greets, subscribes, and waits for the first state. */
const open = async (variant: number): Promise<void> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const ended = new Promise<never>((_resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The server closed a socket.')));
  });
  const say = async (bytes: string | Buffer, answerEndsWith: string): Promise<string> => {
    let heard = '';
    const answered = new Promise<string>((resolve) => {
      const hear = (more: Buffer) => {
        heard += more.toString('latin1');
        if (!heard.endsWith(answerEndsWith)) return;
        socket.off('data', hear);
        resolve(heard);
      };
      socket.on('data', hear);
    });
    socket.write(bytes);
    return Promise.race([answered, ended]);
  };
  const head = await say(handshake, '\r\n\r\n');
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(head);
  await say(initFrame, '"connection_ack"}');
  const state = await say(frameOf(subscribeText(variantIdOf(variant))), '}}}}');
  eventBytes = state.length;
  socket.on('data', count);
};

for (let opened = 0; opened < socketCount; opened += inFlight) {
  const batch = Array.from(
    { length: Math.min(inFlight, socketCount - opened) },
    (_one, index) => opened + index,
  );
  await Promise.all(batch.map((index) => open(index % variants)));
}
tell();
process.once('disconnect', () => process.exit(0));
