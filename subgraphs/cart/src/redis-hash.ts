import type { Cart, Content, Line, Owner } from './domain.ts';
import type { Found, Intent, Outcome } from './write-domain.ts';

/** How a cart lies in a hash of Redis: scripts add to lines without reading anything else of it. */

type LineKept = Omit<Line, 'quantity'>;
type Head = Omit<Content, 'lines'> & { readonly createdAt: string };

/** What of a line stays when pieces are added. */
export const lineText = ({ id, variantId, addedAt, seen }: LineKept): string =>
  JSON.stringify({ id, variantId, addedAt, seen });

/** Fields and values, one after the other. */
export const hashOf = ({
  id,
  owner: _owner,
  version,
  updatedAt,
  lines,
  ...head
}: Cart): (string | number)[] => [
  ...['id', id, 'version', version, 'at', updatedAt, 'head', JSON.stringify(head satisfies Head)],
  ...['closed', head.closedInto === null ? 0 : 1, 'n', lines.length, 'places', lines.length],
  ...lines.flatMap((line, place) => [
    ...[`v:${line.variantId}`, line.id, `l:${line.id}`, lineText(line)],
    ...[`q:${line.id}`, line.quantity, `p:${line.id}`, place + 1],
  ]),
];

/** The cart in a hash; null where there is none. */
export const cartIn = (owner: Owner, hash: Readonly<Record<string, string>>): Cart | null => {
  const { id, version, at, head } = hash;
  if (id === undefined || head === undefined || at === undefined) return null;
  const lines = Object.entries(hash)
    .filter(([field]) => field.startsWith('l:'))
    .map(([, text]) => {
      // Written by lineText alone.
      const kept = JSON.parse(text) as LineKept;
      const [quantity, place] = [Number(hash[`q:${kept.id}`]), Number(hash[`p:${kept.id}`])];
      return { place, line: { ...kept, quantity } };
    })
    .sort((one, other) => one.place - other.place);
  // Written by hashOf alone.
  const content = JSON.parse(head) as Head;
  return {
    ...content,
    ...{ id, owner, version: Number(version), updatedAt: at },
    lines: lines.map(({ line }) => line),
  };
};

/** What is kept of an intent. */
export const keptText = ({ fingerprint }: Pick<Intent, 'fingerprint'>, outcome: Outcome): string =>
  JSON.stringify({ fingerprint: fingerprint.toString('hex'), outcome });

export const keptIn = (text: string | null): Found['kept'] => {
  if (text === null) return null;
  // Written by keptText alone.
  const { fingerprint, outcome } = JSON.parse(text) as { fingerprint: string; outcome: Outcome };
  return { fingerprint: Buffer.from(fingerprint, 'hex'), outcome };
};
