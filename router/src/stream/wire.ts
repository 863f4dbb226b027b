import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { SocketLimits } from './limits.ts';
import type { Wire } from './operation.ts';

/** The longest reason that fits into a close frame, in bytes (RFC 6455, 5.5). */
const maxReasonBytes = 123;

/**
 * Writes ready frames to a connection. They go past `ws`, which would build a header for each of ten thousand
 * readers of one event (a fifth more CPU per message); it never has a frame half written itself, since it neither
 * compresses nor splits for us.
 */
export const createWire = (
  socket: WebSocket,
  connection: Duplex,
  { maxUnsentBytes, closeTimeoutMs }: SocketLimits,
  cut: () => void,
): Wire => {
  /** Written on top of what was unsent, since the client was last seen to have read everything. */
  let added = 0;
  let drained: Promise<void> | null = null;

  const waitForDrain = (): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        connection.off('drain', end).off('close', end);
        drained = null;
        resolve();
      };
      connection.on('drain', end).on('close', end);
    });

  return {
    say: (frame) => {
      if (socket.readyState !== socket.OPEN) return;
      const unsent = connection.writableLength;
      if (unsent === 0) added = 0;
      // One large answer may take long without fault of its reader; only what comes on top of it counts.
      else if (unsent > maxUnsentBytes && added > maxUnsentBytes) return cut();
      else added += frame.length;
      connection.write(frame);
    },
    whenRead: async (act) => {
      while (connection.writableLength > maxUnsentBytes && !connection.destroyed) {
        drained ??= waitForDrain();
        await drained;
      }
      // In the same turn as the look, or all who wait would find the same room.
      act();
    },
    close: (code, reason) => {
      if (Buffer.byteLength(reason) <= maxReasonBytes) socket.close(code, reason);
      else socket.close(code);
      const timer = setTimeout(() => socket.terminate(), closeTimeoutMs);
      socket.once('close', () => clearTimeout(timer));
    },
  };
};
