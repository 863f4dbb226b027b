import type { WebSocket } from 'ws';

/** Sockets are pinged in as many groups, one after the other, so that ten thousand pings are not one burst. */
const groupCount = 25;

/** Pings every socket once in a while, and ends those that did not answer the time before. */
export const createHeartbeat = (everyMs: number) => {
  const groups = Array.from({ length: groupCount }, () => new Set<WebSocket>());
  const waitedFor = new WeakSet<WebSocket>();
  let added = 0;
  let turn = 0;

  const beat = (): void => {
    for (const socket of groups[turn % groupCount] ?? []) {
      if (waitedFor.has(socket)) socket.terminate();
      else if (socket.readyState === socket.OPEN) {
        waitedFor.add(socket);
        socket.ping();
      }
    }
    turn += 1;
  };
  const timer = setInterval(beat, everyMs / groupCount).unref();

  return {
    add: (socket: WebSocket): void => {
      const group = groups[added % groupCount];
      added += 1;
      group?.add(socket);
      socket.on('pong', () => waitedFor.delete(socket));
      socket.once('close', () => group?.delete(socket));
    },
    stop: (): void => clearInterval(timer),
  };
};
