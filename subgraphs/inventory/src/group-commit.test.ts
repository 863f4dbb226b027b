import { describe, expect, test } from 'vitest';
import { createGroupCommit, type Failure, type Lane } from './group-commit.ts';

type Request = { readonly name: string; readonly marks?: readonly string[] };

/** A lane whose batches end when the test says so. */
const openLane = (options: { failureOf?: (error: unknown) => Failure; maxWeight?: number } = {}) => {
  const { failureOf = () => 'request', maxWeight = 1_000 } = options;
  const batches: {
    names: string[];
    end: (answers?: (string | null)[], hadRivals?: boolean) => void;
    fail: (error: Error) => void;
  }[] = [];
  let arrived: () => void = () => {};
  const lane: Lane<Request, string> = {
    run: (requests) =>
      new Promise((resolve, reject) => {
        const names = requests.map(({ name }) => name);
        batches.push({
          names,
          end: (answers = names, hadRivals = false) => resolve({ answers, hadRivals }),
          fail: reject,
        });
        arrived();
      }),
    marks: ({ marks = [] }) => marks,
    weight: () => 1,
    maxWeight,
  };
  const commits = createGroupCommit({ failureOf });
  const ask = commits.lane(lane);
  /** Waits for a batch to arrive. */
  const batch = async (place: number) => {
    while (!batches[place]) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    return batches[place];
  };
  return { ask, batch, commits, batches };
};

const names = (count: number) => Array.from({ length: count }, (_, place) => `r${place}`);

describe('a batch', () => {
  test('takes who came in the same moment, and then who came while it ran', async () => {
    const { ask, batch } = openLane();
    const first = [ask({ name: 'a' }), ask({ name: 'b' })];
    const one = await batch(0);
    expect(one?.names).toEqual(['a', 'b']);
    const later = [ask({ name: 'c' }), ask({ name: 'd' })];
    one?.end();
    expect(await Promise.all(first)).toEqual(['a', 'b']);
    (await batch(1))?.end();
    expect(await Promise.all(later)).toEqual(['c', 'd']);
  });

  test('of many leaves half of them to the next', async () => {
    const { ask, batch } = openLane();
    const answers = Promise.all(names(200).map((name) => ask({ name })));
    const one = await batch(0);
    expect(one?.names.length).toBe(100);
    one?.end();
    for (let place = 1, left = 100; left > 0; place += 1) {
      const next = await batch(place);
      left -= next?.names.length ?? 0;
      next?.end();
    }
    expect(await answers).toEqual(names(200));
  });

  test('is on its way before those of the one before hear their answers, and ask again', async () => {
    const { ask, batch, batches } = openLane();
    let wereSent = 0;
    const first = ask({ name: 'a' }).then(() => {
      wereSent = batches.length;
    });
    const one = await batch(0);
    const second = ask({ name: 'b' });
    one?.end();
    await first;
    expect(wereSent).toBe(2);
    (await batch(1))?.end();
    expect(await second).toBe('b');
  });

  test('behind rivals is followed by one of all who ask, those it answers too', async () => {
    const { ask, batch } = openLane();
    const asked = names(100);
    const answers = asked.map((name) => ask({ name }).then(() => ask({ name })));
    const one = await batch(0);
    expect(one?.names).toHaveLength(50);
    one?.end(one.names, true);
    const two = await batch(1);
    expect(two?.names).toHaveLength(100);
    two?.end();
    const three = await batch(2);
    expect(three?.names).toHaveLength(50);
    three?.end();
    expect(await Promise.all(answers)).toEqual(asked);
  });

  test('has no two requests that name the same thing, and keeps their order', async () => {
    const { ask, batch } = openLane();
    const answers = [
      ask({ name: 'a', marks: ['x'] }),
      ask({ name: 'b', marks: ['x', 'y'] }),
      ask({ name: 'c', marks: ['z'] }),
    ];
    const one = await batch(0);
    expect(one?.names).toEqual(['a', 'c']);
    one?.end();
    const two = await batch(1);
    expect(two?.names).toEqual(['b']);
    two?.end();
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  });

  test('asks those again that it put off', async () => {
    const { ask, batch } = openLane();
    const answers = Promise.all([ask({ name: 'a' }), ask({ name: 'b' })]);
    (await batch(0))?.end([null, 'b']);
    (await batch(1))?.end(['a at last']);
    expect(await answers).toEqual(['a at last', 'b']);
  });

  test('that is too heavy goes alone', async () => {
    const { ask, batch } = openLane({ maxWeight: 0 });
    const answers = [ask({ name: 'a' }), ask({ name: 'b' })];
    for (const place of [0, 1]) {
      const one = await batch(place);
      expect(one?.names.length).toBe(1);
      one?.end();
    }
    expect(await Promise.all(answers)).toEqual(['a', 'b']);
  });
});

describe('a batch that fails', () => {
  test('is halved until the one that cannot be answered is alone', async () => {
    const { ask, batch, batches } = openLane();
    const answers = Promise.allSettled(names(8).map((name) => ask({ name })));
    let ended = false;
    void answers.then(() => {
      ended = true;
    });
    for (let place = 0; !ended; place += 1) {
      const one = await Promise.race([batch(place), answers]);
      if (Array.isArray(one) || !one) break;
      if (one.names.includes('r5')) one.fail(new Error('r5 is bad'));
      else one.end();
    }
    const results = await answers;
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(results[5]).toMatchObject({ status: 'rejected', reason: { message: 'r5 is bad' } });
    expect(batches.length).toBeLessThanOrEqual(7);
  });

  test('by a rival, or nobody knows how, is sent again as it is', async () => {
    for (const failure of ['rival', 'unknown'] as const) {
      const { ask, batch } = openLane({ failureOf: () => failure });
      const answers = Promise.all([ask({ name: 'a' }), ask({ name: 'b' })]);
      (await batch(0))?.fail(new Error('Gone.'));
      const again = await batch(1);
      expect(again?.names).toEqual(['a', 'b']);
      again?.end();
      expect(await answers).toEqual(['a', 'b']);
    }
  });

  test('again and again without anybody knowing how is an error for all in it', async () => {
    const { ask, batch, batches } = openLane({ failureOf: () => 'unknown' });
    const answers = Promise.allSettled([ask({ name: 'a' }), ask({ name: 'b' })]);
    for (const place of [0, 1, 2, 3, 4]) (await batch(place))?.fail(new Error('Gone.'));
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(batches.length).toBe(5);
  });
});

test('a line that is full says so, and takes requests again later', async () => {
  const { ask, batch, commits } = openLane();
  const waiting = names(20_000).map((name) => ask({ name }));
  await expect(ask({ name: 'one too many' })).rejects.toMatchObject({ code: 'BUSY' });
  const all = Promise.all(waiting);
  let isDone = false;
  void all.then(() => {
    isDone = true;
  });
  for (let place = 0, left = 20_000; left > 0; place += 1) {
    const one = await batch(place);
    expect(one?.names.length).toBeLessThanOrEqual(512);
    left -= one?.names.length ?? 0;
    one?.end();
  }
  await commits.idle();
  expect(isDone).toBe(true);
});
