import { randomFillSync } from 'node:crypto';

const entropy = Buffer.alloc(16 * 256);
let used = entropy.length;

/** A new id: a UUID of version 7, so that rows made together lie together in an index. */
export const newId = (): string => {
  if (used >= entropy.length) {
    randomFillSync(entropy);
    used = 0;
  }
  const bytes = Buffer.from(entropy.subarray(used, used + 16));
  used += 16;
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
