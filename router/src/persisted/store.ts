import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadManifest, checkClient, type Manifest, parseManifest } from './manifest.ts';

const ending = '.json';

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const fileOf = (folder: string, client: string): string => join(folder, `${checkClient(client)}${ending}`);

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/** Every manifest of a folder: one file for each client and version. */
export const readManifests = async (folder: string): Promise<Manifest[]> => {
  const manifests: Manifest[] = [];
  for (const name of await namesIn(folder)) {
    const text = await readFile(join(folder, name), 'utf8');
    manifests.push(parseManifest(name.slice(0, -ending.length), text));
  }
  return manifests;
};

/** Tells one state of the folder from another, so that a router notices what was published meanwhile. */
export const stateOf = async (folder: string): Promise<string> => {
  const states = await Promise.all(
    (await namesIn(folder)).map(async (name) => {
      const { mtimeMs, size } = await stat(join(folder, name));
      return `${name} ${mtimeMs} ${size}`;
    }),
  );
  return states.join('\n');
};

/** Keeps the manifest of a client; the same version with other operations is refused. */
export const storeManifest = async (
  folder: string,
  manifest: Manifest,
  text: string,
): Promise<'stored' | 'known'> => {
  const file = fileOf(folder, manifest.client);
  const others = await readManifests(folder);
  const same = others.find(({ client }) => client === manifest.client);
  const key = ({ operations }: Manifest): string =>
    JSON.stringify([...operations].map(({ id, text: body }) => [id, body]).sort());
  if (same && key(same) === key(manifest)) return 'known';
  if (same) {
    throw new BadManifest(
      `${manifest.client} was published with other operations: publish under a new version, or retire it first.`,
    );
  }
  const texts = new Map(others.flatMap(({ operations }) => operations.map((one) => [one.id, one.text])));
  const taken = manifest.operations.find((one) => (texts.get(one.id) ?? one.text) !== one.text);
  if (taken)
    throw new BadManifest(`The id of ${taken.name} belongs to another operation already: ${taken.id}.`);
  await mkdir(folder, { recursive: true });
  // Written beside and moved, so that no router reads half of it.
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
  return 'stored';
};

/** Takes the manifest of a client away; false where there is none. */
export const retireManifest = async (folder: string, client: string): Promise<boolean> => {
  try {
    await rm(fileOf(folder, client));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};
