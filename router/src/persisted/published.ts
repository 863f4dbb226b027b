import type { Log } from '@storegraph/server';
import { indexOf, type Published } from './operations.ts';
import { readManifests, stateOf } from './store.ts';

/** How often the folder is looked at. */
const lookMs = 1_000;

/** The published operations of a folder, kept up to date. */
export type PublishedFolder = { readonly current: () => Published; readonly stop: () => void };

/** Reads a folder of manifests, and again whenever it changes. What cannot be read leaves what was read before. */
export const watchPublished = async (
  folder: string | null,
  { changed, log }: { readonly changed: (published: Published) => void; readonly log: Log },
): Promise<PublishedFolder> => {
  let current = indexOf([]);
  if (folder === null) return { current: () => current, stop: () => undefined };
  let state = await stateOf(folder);
  current = indexOf(await readManifests(folder));
  changed(current);

  const look = async (): Promise<void> => {
    const now = await stateOf(folder);
    if (now === state) return;
    state = now;
    current = indexOf(await readManifests(folder));
    changed(current);
  };
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error: unknown) => log.error('Published operations cannot be read.', { folder, error }))
      .finally(() => {
        isLooking = false;
      });
  }, lookMs);
  timer.unref();
  return { current: () => current, stop: () => clearInterval(timer) };
};
