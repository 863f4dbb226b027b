import type { Answer } from '../run/answer.ts';

const finalText = 0x81;
/** Longer payloads have their length in two bytes, or in eight (RFC 6455, 5.2). */
const maxShort = 125;
const maxMedium = 65_535;

/** A text as one unmasked WebSocket frame, header and all, so that it can be written to many connections. */
export const textFrame = (text: string): Buffer => {
  const length = Buffer.byteLength(text);
  const headerLength = length <= maxShort ? 2 : length <= maxMedium ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = finalText;
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength);
  return frame;
};

/** Clients number their operations or name them by chance: the first kind shares a frame, the second has its own. */
const maxRemembered = 100;

/** Builds the frame of an event once for all operations of the same id. */
export const createNextFrames = (): ((id: string, event: Answer) => Buffer) => {
  let last: Answer | null = null;
  let frames = new Map<string, Buffer>();
  return (id, event) => {
    if (event !== last) {
      last = event;
      frames = new Map();
    }
    const known = frames.get(id);
    if (known) return known;
    const frame = textFrame(`{"id":${JSON.stringify(id)},"type":"next","payload":${event.body}}`);
    if (frames.size < maxRemembered) frames.set(id, frame);
    return frame;
  };
};
