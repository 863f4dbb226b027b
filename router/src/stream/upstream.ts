import type { Call } from '@storegraph/server';
import type { EventSource } from '../engine.ts';
import type { Opened } from '../front/operation.ts';
import { type Answer, isAnswer } from '../run/answer.ts';
import type { Place } from './place.ts';

/** Who is told the events of a subscription. */
export type Follower = {
  readonly next: (event: Answer) => void;
  readonly end: () => void;
};

/** What an upstream is opened for. */
export type Joining = {
  readonly opened: Opened;
  readonly call: Call;
  readonly follower: Follower;
  /** What followers are told when the engine throws. */
  readonly failed: (error: unknown, call: Call) => Answer;
};

/** One open subscription of the engine, and who is told its events. */
export type Upstream = {
  readonly values: string;
  readonly start: Place | null;
  /** All of them were told the same. */
  readonly followers: Set<Follower>;
  /** Who was told more than that, by up to where. */
  readonly ahead: Map<Place, Set<Follower>>;
  readonly opened: Promise<Answer | null>;
  isOpen: boolean;
  /** Null as long as it has told nothing. */
  last: Answer | null;
  readonly close: () => void;
};

export type UpstreamOptions = {
  /** The values as a text. */
  readonly values: string;
  readonly start: Place | null;
  readonly began: () => void;
  readonly tell: (upstream: Upstream, event: Answer) => void;
  /** Also when it could not be opened. */
  readonly ended: (upstream: Upstream) => void;
};

const subscribe = async ({ opened, call, failed }: Joining): Promise<EventSource | Answer> => {
  try {
    return await opened.engine.subscribe(opened.prepared, opened.values, call);
  } catch (error) {
    return failed(error, call);
  }
};

/** Opens a subscription of the engine; nothing is told after `close()`. */
export const openUpstream = (
  joining: Joining,
  { start, values, began, tell, ended }: UpstreamOptions,
): Upstream => {
  let source: EventSource | null = null;
  let isClosed = false;

  const pump = async (events: EventSource): Promise<void> => {
    try {
      for await (const event of events) {
        if (isClosed) return;
        tell(upstream, event);
      }
    } catch (error) {
      if (!isClosed) tell(upstream, joining.failed(error, joining.call));
    }
    if (!isClosed) ended(upstream);
  };

  const begin = async (): Promise<Answer | null> => {
    const outcome = await subscribe(joining);
    if (isAnswer(outcome)) {
      if (!isClosed) ended(upstream);
      return outcome;
    }
    source = outcome;
    if (isClosed) {
      void source.return();
      return null;
    }
    upstream.isOpen = true;
    void pump(source);
    began();
    return null;
  };

  const upstream: Upstream = {
    ...{ start, values },
    followers: new Set(),
    ahead: new Map(),
    isOpen: false,
    last: null,
    opened: begin(),
    close: () => {
      isClosed = true;
      void source?.return();
    },
  };
  return upstream;
};

/** Everybody who would be told its next event. */
export const followersOf = ({ followers, ahead }: Upstream): Follower[] =>
  [followers, ...ahead.values()].flatMap((some) => [...some]);

/** Takes a follower out wherever it stands; says whether nobody is left. */
export const takeOut = ({ followers, ahead }: Upstream, follower: Follower): boolean => {
  followers.delete(follower);
  for (const [place, some] of ahead) {
    if (some.delete(follower) && some.size === 0) ahead.delete(place);
  }
  return followers.size === 0 && ahead.size === 0;
};

/** Whoever was told more than an event tells goes on waiting; all others are level with the rest from here on. */
export const level = ({ followers, ahead }: Upstream, place: Place | null): void => {
  for (const [reached, some] of ahead) {
    if (place !== null && place <= reached) continue;
    for (const follower of some) followers.add(follower);
    ahead.delete(reached);
  }
};
