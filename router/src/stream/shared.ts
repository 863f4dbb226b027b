import { type Call, rightsOf } from '@storegraph/server';
import type { Opened } from '../front/operation.ts';
import type { Prepared } from '../prepare/prepared.ts';
import type { Answer } from '../run/answer.ts';
import { createGroup, type Followed, type Group } from './group.ts';
import { type Places, placesOf } from './place.ts';
import type { Follower } from './upstream.ts';

/** Opens a subscription, or joins one that is open. */
export type Follow = (opened: Opened, call: Call, follower: Follower) => Followed;

type Known = { readonly places: Places; readonly groups: Map<string, Group> };

/** With the token, because what was opened with one ends with it. */
const scopeOf = ({ viewer, token = '' }: Call): string => `${rightsOf(viewer)} ${token}`;

/**
 * Lets all who follow the same share one upstream and one run of the plan for each event: the same operation,
 * values and rights, wherever they begin.
 *
 * Who comes later needs the state first, so it gets an upstream of its own, together with who comes in the same
 * moment. When both are at clean places and it was told all that the shared one has told, it moves over, and
 * leaves out what it was told already. So nothing is lost and nothing told twice. An operation that does not ask
 * for the `cursor` of its events has no places: late followers of it keep what they opened.
 */
export const createSharing = (failed: (error: unknown, call: Call) => Answer): Follow => {
  const known = new WeakMap<Prepared, Known>();

  const knownOf = (prepared: Prepared): Known => {
    const found = known.get(prepared);
    if (found) return found;
    const made = { places: placesOf(prepared), groups: new Map() };
    known.set(prepared, made);
    return made;
  };

  return (opened, call, follower) => {
    const { places, groups } = knownOf(opened.prepared);
    const key = `${scopeOf(call)}\n${places.subjectOf(opened.values)}`;
    const group =
      groups.get(key) ??
      createGroup(places, () => {
        if (groups.get(key) === group) groups.delete(key);
      });
    groups.set(key, group);
    return group.join({ opened, call, follower, failed });
  };
};
