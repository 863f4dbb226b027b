import { randomBytes, randomUUID } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeys, type KeyRing, liveKeys, turnKeys } from '@storegraph/server';
import { z } from 'zod';
import { CannotStart, hasCode } from './cannot-start.ts';

/** The keys of a shop, and a secret that what is derived in its subgraphs is derived from. */
export type ShopKeys = KeyRing & { readonly secret: string };

const time = z.number().optional();
const jwk = z.looseObject({ kty: z.literal('OKP'), kid: z.string(), x: z.string(), nbf: time, exp: time });
const signer = jwk.extend({ d: z.string() });
const keysFile = z.object({
  keys: z.array(jwk).min(1),
  signing: signer,
  next: signer.optional(),
  // Shops from before there were accounts have none.
  secret: z.base64url().min(43).optional(),
});

/** Keys are replaced in days; a shop that was off finds it out when it starts. */
const lookEveryMs = 3_600_000;

/** Where a shop keeps its keys. */
export const keysPathIn = (folder: string): string => join(folder, 'keys.json');

const newSecret = (): string => randomBytes(32).toString('base64url');

/** Keys that nobody has ever seen. */
export const newShopKeys = async (): Promise<ShopKeys> => ({ ...(await createKeys()), secret: newSecret() });

/** What stands in the file, or null where there is none. */
const readFileOf = async (folder: string): Promise<z.output<typeof keysFile> | null> => {
  const path = keysPathIn(folder);
  try {
    return keysFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    const isDamaged = error instanceof SyntaxError || error instanceof z.ZodError;
    if (!isDamaged && !hasCode(error, 'EACCES', 'EISDIR')) throw error;
    throw new CannotStart(
      `The keys in ${path} cannot be read: delete that file and start again; new ones are made, and tokens given out before no longer hold.`,
    );
  }
};

/** The keys of the shop in a folder, or null before its first start. */
export const readKeys = async (folder: string): Promise<KeyRing | null> => {
  const file = await readFileOf(folder);
  if (!file) return null;
  const { secret: _secret, ...ring } = file;
  return ring;
};

/** Written beside, so that nobody ever reads half a file. */
const writeDraft = async (folder: string, keys: ShopKeys): Promise<string> => {
  const draft = `${keysPathIn(folder)}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(keys, null, 2), { mode: 0o600, flush: true });
  return draft;
};

const replace = async (folder: string, keys: ShopKeys): Promise<ShopKeys> => {
  await rename(await writeDraft(folder, keys), keysPathIn(folder));
  return keys;
};

/** The keys as they should be now. Only the shop that holds the folder's database turns them. */
const turned = async (folder: string): Promise<ShopKeys> => {
  const file = await readFileOf(folder);
  if (!file) return make(folder);
  const { secret = newSecret(), ...ring } = file;
  const next = await turnKeys(ring, Math.floor(Date.now() / 1000));
  const keys = { ...next, secret };
  return next === ring && file.secret !== undefined ? keys : replace(folder, keys);
};

const make = async (folder: string): Promise<ShopKeys> => {
  const draft = await writeDraft(folder, await newShopKeys());
  try {
    // Of two processes one wins.
    await link(draft, keysPathIn(folder));
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  return turned(folder);
};

/** The keys of the shop in a folder, made at its first start and replaced as time goes by. */
export const openKeys = async (
  folder: string,
  onError: (error: unknown) => void = () => undefined,
): Promise<{ readonly keys: ShopKeys; readonly stop: () => void }> => {
  const first = await turned(folder);
  const { keys, set } = liveKeys(first);
  let known = JSON.stringify(first);
  const look = async (): Promise<void> => {
    const ring = await turned(folder);
    // The same keys in another array would forget every token that was checked.
    if (JSON.stringify(ring) !== known) set(ring);
    known = JSON.stringify(ring);
  };
  const timer = setInterval(() => void look().catch(onError), lookEveryMs).unref();
  return { keys, stop: () => clearInterval(timer) };
};
