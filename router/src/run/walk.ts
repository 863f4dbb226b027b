import type { Path } from '../plan/planner.ts';

/** An object of an answer while it grows. */
export type Data = Record<string, unknown>;

/** Where something stands in an answer. */
export type Place = readonly (string | number)[];

export const isData = (value: unknown): value is Data => typeof value === 'object' && value !== null;

type Walk = {
  readonly path: Path;
  readonly found: (entity: Data) => void;
  /** Where the walk is; left out where nobody asks, because most walks are not about places. */
  readonly trail?: (string | number)[];
};

const walkList = (list: readonly unknown[], walk: Walk, at: number): void => {
  const next = walk.path[at]?.kind === 'each' ? at + 1 : at;
  for (let index = 0; index < list.length; index += 1) {
    walk.trail?.push(index);
    step(list[index], walk, next);
    walk.trail?.pop();
  }
};

const step = (value: unknown, walk: Walk, at: number): void => {
  if (!isData(value)) return;
  if (Array.isArray(value)) {
    walkList(value, walk, at);
    return;
  }
  const segment = walk.path[at];
  if (segment === undefined) {
    walk.found(value);
    return;
  }
  if (segment.kind === 'field') {
    walk.trail?.push(segment.name);
    step(value[segment.name], walk, at + 1);
    walk.trail?.pop();
    return;
  }
  if (segment.kind === 'types' && !segment.names.includes(String(value['__typename']))) return;
  step(value, walk, at + 1);
};

/** Calls for every object that a path leads to, in the order of the answer. */
export const visit = (root: Data, path: Path, found: (entity: Data) => void): void =>
  step(root, { path, found }, 0);

/** Where each of those objects stands, in the same order. */
export const placesOf = (root: Data, path: Path): Place[] => {
  const places: Place[] = [];
  const trail: (string | number)[] = [];
  step(root, { path, trail, found: () => places.push([...trail]) }, 0);
  return places;
};
