import { randomUUID } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeys, type Keys } from '@storegraph/server';
import { z } from 'zod';
import { CannotStart, hasCode } from './cannot-start.ts';

const jwk = z.looseObject({ kty: z.literal('OKP'), kid: z.string(), x: z.string() });
const keysFile = z.object({ keys: z.array(jwk).min(1), signing: jwk.extend({ d: z.string() }) });

const pathIn = (folder: string): string => join(folder, 'keys.json');

/** The keys of the shop in a folder, or null before its first start. */
export const readKeys = async (folder: string): Promise<Keys | null> => {
  const path = pathIn(folder);
  try {
    const { keys, signing } = keysFile.parse(JSON.parse(await readFile(path, 'utf8')));
    return { keys, signing };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    const isDamaged = error instanceof SyntaxError || error instanceof z.ZodError;
    if (!isDamaged && !hasCode(error, 'EACCES', 'EISDIR')) throw error;
    throw new CannotStart(
      `The keys in ${path} cannot be read: delete that file and start again; new ones are made, and tokens given out before no longer hold.`,
    );
  }
};

/** The keys of the shop in a folder, made at its first start. */
export const openKeys = async (folder: string): Promise<Keys> => {
  const known = await readKeys(folder);
  if (known) return known;
  // Written beside and then linked, so that nobody ever reads half a file and of two processes one wins.
  const draft = `${pathIn(folder)}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(await createKeys(), null, 2), { mode: 0o600, flush: true });
  try {
    await link(draft, pathIn(folder));
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  return openKeys(folder);
};
