/** Values that are kept until they are old, wrong, or in the way. */
export type TaggedStore<T> = {
  readonly read: (key: string) => T | undefined;
  /** Grows with each drop: hand it in with what was read after asking for it. */
  readonly moment: () => number;
  /** Keeps a value, unless one of its tags was dropped since it was asked for: then it may be of the time before. */
  readonly write: (key: string, value: T, about: About) => void;
  /** Forgets all that carries one of the tags. */
  readonly drop: (tags: readonly string[]) => void;
  readonly size: () => number;
};

type About = {
  readonly tags: readonly string[];
  readonly bytes: number;
  readonly freshUntil: number;
  readonly since: number;
};

type Entry<T> = About & { readonly value: T };

/** Drops are remembered by a hash of their tag: two tags that share a place cost a miss now and then. */
const places = 1 << 16;

const placeOf = (tag: string): number => {
  let hash = 0;
  for (let at = 0; at < tag.length; at += 1) hash = (Math.imul(hash, 31) + tag.charCodeAt(at)) | 0;
  return hash & (places - 1);
};

/** Keeps what was used last, up to a number of bytes. */
export const createTaggedStore = <T>(maxBytes: number): TaggedStore<T> => {
  // A map keeps the order of insertion, so what is taken out and put in again is the last to go.
  const entries = new Map<string, Entry<T>>();
  const keysByTag = new Map<string, Set<string>>();
  const droppedAt = new Float64Array(places);
  let bytes = 0;
  let moment = 0;

  const forget = (key: string, entry: Entry<T>): void => {
    entries.delete(key);
    bytes -= entry.bytes;
    for (const tag of entry.tags) {
      const keys = keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) keysByTag.delete(tag);
    }
  };

  const makeRoom = (): void => {
    for (const [key, entry] of entries) {
      if (bytes <= maxBytes) return;
      forget(key, entry);
    }
  };

  return {
    moment: () => moment,
    size: () => entries.size,
    read: (key) => {
      const entry = entries.get(key);
      if (!entry) return undefined;
      if (entry.freshUntil <= Date.now()) {
        forget(key, entry);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    write: (key, value, about) => {
      const isOutrun = about.tags.some((tag) => (droppedAt[placeOf(tag)] ?? 0) > about.since);
      if (isOutrun || about.bytes > maxBytes) return;
      const before = entries.get(key);
      if (before) forget(key, before);
      entries.set(key, { ...about, value });
      bytes += about.bytes;
      for (const tag of about.tags) keysByTag.set(tag, (keysByTag.get(tag) ?? new Set()).add(key));
      makeRoom();
    },
    drop: (tags) => {
      moment += 1;
      for (const tag of tags) {
        droppedAt[placeOf(tag)] = moment;
        for (const key of keysByTag.get(tag) ?? []) {
          const entry = entries.get(key);
          if (entry) forget(key, entry);
        }
      }
    },
  };
};
