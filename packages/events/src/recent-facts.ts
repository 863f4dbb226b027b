import type { StoredEvent } from './catalogue.ts';
import type { EventLog } from './log.ts';
import { CursorTooOldError } from './retention.ts';

const pageSize = 1_000;

/** Whether the fact behind a place is of before a moment; one that is deleted is. */
const isBefore = async (log: EventLog, place: number, moment: number): Promise<boolean> => {
  try {
    const [event] = await log.read(place, 1);
    return event === undefined || event.occurredAt.getTime() < moment;
  } catch (error) {
    if (error instanceof CursorTooOldError) return true;
    throw error;
  }
};

/** The place behind which the facts since a moment lie: found by halves, since a log has millions. */
const placeBefore = async (log: EventLog, moment: number): Promise<number> => {
  let [low, high] = [0, await log.head()];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isBefore(log, middle, moment)) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Tells the facts since a moment, and answers the place to go on from. */
export const tellSince = async (
  log: EventLog,
  moment: number,
  heard: (events: readonly StoredEvent[]) => void,
): Promise<number> => {
  let place = await placeBefore(log, moment);
  for (;;) {
    const page = await log.read(place, pageSize);
    const last = page.at(-1);
    if (!last) return place;
    heard(page);
    place = last.sequence;
  }
};
