import { type Data, isData } from './walk.ts';

/** Adds what a subgraph knows of an object to what others have said of it. */
export const mergeInto = (target: Data, source: Data): void => {
  for (const key in source) {
    // No response name of ours, and an assignment to it would not be one.
    if (key === '__proto__') continue;
    const added = source[key];
    const known = target[key];
    if (isData(added) && isData(known)) mergeInto(known, added);
    else if (added !== undefined) target[key] = added;
  }
};

/** A copy that may be written into. Two places of an answer must not share what later fetches add to. */
export const copyOf = (value: unknown): unknown => {
  if (!isData(value)) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: Data = {};
  for (const key in value) if (key !== '__proto__') copy[key] = copyOf(value[key]);
  return copy;
};
