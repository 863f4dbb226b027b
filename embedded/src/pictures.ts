import { createHash } from 'node:crypto';
import { bottle, domeTent, lantern, sleepingBag, stove, tent } from './picture-camping.ts';
import {
  baseLayer,
  downJacket,
  hikingShirt,
  hoodedJacket,
  jacket,
  poncho,
  shirt,
  shorts,
  trousers,
} from './picture-clothing.ts';
import { hikingBoot, sandal, shoe, winterBoot } from './picture-footwear.ts';
import { bag, bicycle, headlight, helmet, parcel, trekkingPack } from './picture-gear.ts';
import { type Paint, paints, type Shape } from './picture-paint.ts';

/** What a picture's name says it shows: the first of these found in it. */
const shapes: readonly (readonly [words: string, shape: Shape])[] = [
  ['hardshell-jacket', hoodedJacket],
  ['down-jacket', downJacket],
  ['jacket', jacket],
  ['poncho', poncho],
  ['t-shirt', shirt],
  ['shirt', hikingShirt],
  ['base-layer', baseLayer],
  ['trousers', trousers],
  ['shorts', shorts],
  ['winter-boot', winterBoot],
  ['boot', hikingBoot],
  ['shoe', shoe],
  ['sandal', sandal],
  ['family-tent', domeTent],
  ['tent', tent],
  ['sleeping-bag', sleepingBag],
  ['stove', stove],
  ['bottle', bottle],
  ['bicycle-lamp', headlight],
  ['lamp', lantern],
  ['backpack', trekkingPack],
  ['daypack', bag],
  ['bicycle', bicycle],
  ['helmet', helmet],
];

const shapeOf = (name: string): Shape =>
  shapes.find(([words]) => `-${name}-`.includes(`-${words}-`))?.[1] ?? parcel;

/** What the thing stands before when it is shown in the shop. */
const walls: readonly ((paint: Paint) => string)[] = [
  ({ floor }) => `<circle cx="240" cy="222" r="178" fill="${floor}"/>`,
  ({ floor }) => `<path fill="${floor}" d="M74 372V226a166 166 0 0 1 332 0v146z"/>`,
  ({ floor }) =>
    `<path fill="${floor}" d="M0 372h480v108H0z"/><circle cx="352" cy="132" r="84" fill="${floor}"/>`,
  ({ floor }) => `<path fill="${floor}" d="M0 480V250L480 90v390z"/>`,
];

/** What it stands before outside: mountains under a sun. */
const mountains = ({ floor, pale, accent }: Paint): string => `
<circle cx="356" cy="104" r="46" fill="${accent}" opacity=".75"/>
<path fill="${floor}" opacity=".7" d="M0 372V244l86-96 74 84 92-132 118 152 54-60 56 72v108z"/>
<path fill="${pale}" opacity=".9" d="M252 100l-34 49 22 12 18-12 20 14 14-12zM86 148l-30 34 18 4 14-8 16 12 8-12z"/>
<path fill="${floor}" d="M0 480V318l70-40 92 50 110-62 96 58 112-56v212z"/>`;

const pick = <Item>(from: readonly [Item, ...Item[]] | readonly Item[], number: number): Item => {
  const picked = from[number % from.length];
  if (picked === undefined) throw new Error('There is nothing to pick from.');
  return picked;
};

/**
 * Draws the picture of a name: the thing by the words in it, colours and details by its hash, so that the same
 * name always gives the same picture and `-detail` and `-outside` show the same thing closer by and outside.
 * Nothing of the name itself is written into it.
 */
export const pictureOf = (name: string): string => {
  const [, thing = name, view] = /^(.+?)(?:-(detail|outside))?$/.exec(name) ?? [];
  const hash = createHash('sha256').update(thing).digest();
  const paint = pick(paints, hash.readUInt16BE(0));
  const wall = view === 'outside' ? mountains : pick(walls, hash.readUInt16BE(2));
  const frame = view === 'detail' ? '130 96 240 240' : '0 0 480 480';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${frame}" width="1200" height="1200" fill="none">
<path fill="${paint.wall}" d="M0 0h480v480H0z"/>${wall(paint)}
<ellipse cx="240" cy="374" rx="166" ry="15" fill="${paint.ink}" opacity=".16"/>
${shapeOf(thing)(paint, hash.readUInt16BE(4) % 4)}
</svg>
`;
};
