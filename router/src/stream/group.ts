import { canonical } from '../front/kept-answers.ts';
import type { Answer } from '../run/answer.ts';
import type { Place, Places } from './place.ts';
import {
  type Follower,
  followersOf,
  type Joining,
  level,
  openUpstream,
  takeOut,
  type Upstream,
} from './upstream.ts';

/** A subscription of one follower. */
export type Followed = {
  /** Null once it is open, or the answer that kept it from opening. */
  readonly opened: Promise<Answer | null>;
  /** Leaves: nothing is told after it. */
  readonly leave: () => void;
};

/** All who follow the same with the same rights. */
export type Group = { readonly join: (joining: Joining) => Followed };

type State = {
  readonly places: Places;
  /** The first is the one that the others move over to. */
  readonly upstreams: Set<Upstream>;
  readonly homes: Map<Follower, Upstream>;
  readonly emptied: () => void;
};

/** Keeps one upstream for all of a group, and others for those who come later until they have caught up. */
export const createGroup = (places: Places, emptied: () => void): Group => {
  const group: State = { places, emptied, upstreams: new Set(), homes: new Map() };
  return {
    join: (joining) => {
      const { follower } = joining;
      const home = homeFor(group, joining);
      home.followers.add(follower);
      group.homes.set(follower, home);
      return { opened: home.opened, leave: () => leave(group, follower) };
    },
  };
};

const placeOf = ({ places }: State, { last, start, isOpen }: Upstream): Place | null => {
  if (!isOpen) return null;
  return last ? places.placeOf(last) : start;
};

const homeFor = (group: State, joining: Joining): Upstream => {
  const { places, upstreams } = group;
  const values = canonical(joining.opened.values);
  const start = places.startOf(joining.opened.values);
  const [main] = upstreams;
  if (main && start !== null && placeOf(group, main) === start) return main;
  for (const upstream of upstreams) {
    if (upstream.last === null && upstream.values === values) return upstream;
  }
  const upstream = openUpstream(joining, {
    ...{ start, values },
    began: () => gather(group),
    tell: (from, event) => tell(group, from, event),
    ended: (ending) => finish(group, ending),
  });
  upstreams.add(upstream);
  return upstream;
};

const tell = (group: State, upstream: Upstream, event: Answer): void => {
  upstream.last = event;
  if (upstream.ahead.size > 0) level(upstream, group.places.placeOf(event));
  for (const follower of upstream.followers) follower.next(event);
  gather(group);
};

/** Moves everybody over to the first upstream who was told all that it has told. */
const gather = (group: State): void => {
  if (group.upstreams.size < 2) return;
  const [main, ...others] = group.upstreams;
  const reached = main ? placeOf(group, main) : null;
  if (!main || reached === null) return;
  for (const other of others) {
    const place = placeOf(group, other);
    if (place !== null && place >= reached) move(group, { from: other, to: main, place });
  }
};

const move = (
  group: State,
  { from, to, place }: { readonly from: Upstream; readonly to: Upstream; readonly place: Place },
): void => {
  for (const [reached, followers] of [[place, from.followers] as const, ...from.ahead]) {
    const beside = to.ahead.get(reached) ?? new Set();
    to.ahead.set(reached, beside);
    for (const follower of followers) {
      beside.add(follower);
      group.homes.set(follower, to);
    }
  }
  drop(group, from);
};

const drop = ({ upstreams, emptied }: State, upstream: Upstream): void => {
  if (!upstreams.delete(upstream)) return;
  upstream.close();
  if (upstreams.size === 0) emptied();
};

const leave = (group: State, follower: Follower): void => {
  const home = group.homes.get(follower);
  if (!home) return;
  group.homes.delete(follower);
  if (takeOut(home, follower)) drop(group, home);
  gather(group);
};

const finish = (group: State, upstream: Upstream): void => {
  const followers = followersOf(upstream);
  for (const follower of followers) group.homes.delete(follower);
  drop(group, upstream);
  // Those it never opened for have the answer that says so.
  if (upstream.isOpen) for (const follower of followers) follower.end();
  gather(group);
};
