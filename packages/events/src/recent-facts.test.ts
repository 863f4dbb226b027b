import { randomUUID } from 'node:crypto';
import { connect } from '@storegraph/postgres';
import { openPublisher, testDatabase } from '@storegraph/testing';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { tellSince } from './recent-facts.ts';

const minutesAgo = (minutes: number): number => Date.now() - minutes * 60_000;

test('facts since a moment are found in a log of any length, with or without those that are deleted', async () => {
  const database = await testDatabase('template_recent_facts', async () => {});
  const { events, publish, close } = await openPublisher(database.url, 'account');
  const db = connect({ url: database.url, schema: 'account', name: 'test' });
  const told = async (moment: number): Promise<readonly [from: number, told: number, place: number]> => {
    const sequences: number[] = [];
    const place = await tellSince(events, moment, (page) => {
      sequences.push(...page.map(({ sequence }) => sequence));
    });
    return [sequences[0] ?? 0, sequences.length, place];
  };
  try {
    expect(await told(minutesAgo(5))).toEqual([0, 0, 0]);
    const customerId = randomUUID();
    const fact = { type: 'account.email_changed', aggregateId: customerId, data: { customerId } } as const;
    await publish(Array.from({ length: 3_000 }, () => fact));
    // One each minute, the last one now.
    await db.execute(
      sql`update outbox set occurred_at = now() - make_interval(mins => (3000 - sequence)::integer)`,
    );
    expect(await told(minutesAgo(10.5))).toEqual([2_990, 11, 3_000]);
    expect(await told(minutesAgo(1_500.5))).toEqual([1_500, 1_501, 3_000]);
    expect(await told(minutesAgo(9_000))).toEqual([1, 3_000, 3_000]);
    expect(await told(minutesAgo(-1))).toEqual([0, 0, 3_000]);
    await db.execute(sql`delete from outbox where sequence <= 2000`);
    expect(await told(minutesAgo(9_000))).toEqual([2_001, 1_000, 3_000]);
    await db.execute(sql`delete from outbox`);
    expect(await told(minutesAgo(9_000))).toEqual([0, 0, 3_000]);
  } finally {
    await db.close();
    await close();
    await database.drop();
  }
});
