import { crc32, deflateRawSync } from 'node:zlib';

/** A file of an archive. */
export type ZipFile = { readonly name: string; readonly text: string };

/** Names and texts in UTF-8 (bit 11). */
const flags = 0x0800;
const deflated = 8;
/** PKZIP 2.0, the first that deflates. */
const version = 20;

/** Days and two-second steps, as MS-DOS counted them; UTC, since nobody's zone is known. */
const dosTime = (at: Date): number =>
  (((at.getUTCFullYear() - 1980) << 25) |
    ((at.getUTCMonth() + 1) << 21) |
    (at.getUTCDate() << 16) |
    (at.getUTCHours() << 11) |
    (at.getUTCMinutes() << 5) |
    (at.getUTCSeconds() >> 1)) >>>
  0;

/** What the head of a file and its line in the directory have in common. */
const described = (file: ZipFile, packed: Buffer, at: Date): Buffer => {
  const bytes = Buffer.from(file.text);
  const head = Buffer.alloc(26);
  head.writeUInt16LE(version, 0);
  head.writeUInt16LE(flags, 2);
  head.writeUInt16LE(deflated, 4);
  head.writeUInt32LE(dosTime(at), 6);
  head.writeUInt32LE(crc32(bytes), 10);
  head.writeUInt32LE(packed.length, 14);
  head.writeUInt32LE(bytes.length, 18);
  head.writeUInt16LE(Buffer.byteLength(file.name), 22);
  return head;
};

const signature = (code: string): Buffer => Buffer.from(code, 'latin1');

/** A .zip of a few small files, as every computer opens it (APPNOTE 6.3, without its 64-bit forms). */
export const zipOf = (files: readonly ZipFile[], at: Date): Buffer => {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const file of files) {
    const packed = deflateRawSync(Buffer.from(file.text));
    const head = described(file, packed, at);
    const body = Buffer.concat([signature('PK\x03\x04'), head, Buffer.from(file.name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([version, 0]);
    directory.push(signature('PK\x01\x02'), madeBy, head, rest, Buffer.from(file.name));
    bodies.push(body);
    offset += body.length;
  }
  const lines = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(lines.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, lines, signature('PK\x05\x06'), end]);
};
