import { anonymous, type Call } from '@storegraph/server';
import { expect, test } from 'vitest';
import { type Answer, isAnswer, refuse } from '../run/answer.ts';
import { asSource } from './as-source.ts';
import { createChanges, preparedChanges, settle } from './changes-fixture.ts';
import { createSharing } from './shared.ts';

const call: Call = {
  token: undefined,
  viewer: anonymous,
  requestId: 'test',
  deadlineAt: Date.now() + 10_000,
};

const start = async (values = {}) => {
  const changes = createChanges({ tellsEach: true });
  changes.change('mug');
  const follow = createSharing((): Answer => refuse(500, []));
  const opening = asSource(follow)({ engine: changes.engine, prepared: preparedChanges(), values }, call);
  const stream = changes.streams()[0];
  stream?.open();
  return { ...changes, stream, outcome: await opening };
};

test('gives the events in their order, and ends with them', async () => {
  const { outcome, change, stream } = await start();
  if (isAnswer(outcome)) throw new Error('It opens.');
  change('mug');
  change('mug');
  stream?.step(0);
  change('mug');
  stream?.step(0);
  await settle();
  stream?.finish();
  await settle();
  const cursors: string[] = [];
  for await (const { body } of outcome) cursors.push(JSON.parse(body).data.changed.cursor);
  expect(cursors).toEqual(['3', '4']);
});

test('gives the answer of a subscription that does not open', async () => {
  const { outcome } = await start({ after: '9' });
  expect(isAnswer(outcome) && outcome.body).toContain('ahead');
});

test('ends at once when its reader leaves, also while it waits', async () => {
  const { outcome, stream, streams } = await start();
  if (isAnswer(outcome)) throw new Error('It opens.');
  const waiting = outcome.next();
  await outcome.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(streams()).toEqual([]);
  expect(stream?.step(0)).toBe(false);
});

test('a reader who stopped reading is told so and costs no more', async () => {
  const { outcome, change, stream, streams } = await start();
  if (isAnswer(outcome)) throw new Error('It opens.');
  for (let count = 0; count <= 1_001; count += 1) {
    change('mug');
    stream?.step(0);
  }
  await settle();
  expect(streams()).toEqual([]);
  expect((await outcome.next()).value?.body).toContain('TOO_SLOW');
  expect((await outcome.next()).done).toBe(true);
});
