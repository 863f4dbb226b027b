import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as plainRequest } from 'node:http';
import { createLog, signToken, type Viewer } from '@storegraph/server';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEndedSessions, type EndedSessions, keptMs } from './ended-sessions.ts';
import { sessionsEnded } from './ended-sessions-fixture.ts';
import { createGate } from './engine-fixture.ts';
import { type FixtureFront, startFixtureFront } from './front-fixture.ts';
import { resolveText } from './operation.ts';

const message = 'Your session has ended: sign in again.';
const log = createLog(() => {});
type Watcher = { readonly id: string; leave: () => void; calls: number; due: number; hasLeft: boolean };
const ofSession = (sessionId: string): Viewer => ({
  ...{ kind: 'customer', id: 'ada', scopes: new Set() },
  sessionId,
});

let ended: EndedSessions;
let it: FixtureFront;
let sessionId: string;
let authorization: string;
let lookedUp: { readonly entered: ReturnType<typeof createGate>; readonly found: Promise<void> } | null;

beforeEach(async () => {
  ended = createEndedSessions(log);
  lookedUp = null;
  it = await startFixtureFront({
    ended,
    // What Redis takes its time to find.
    resolve: async (request, caller) => {
      lookedUp?.entered.open();
      await lookedUp?.found;
      return resolveText(request, caller);
    },
  });
  sessionId = randomUUID();
  authorization = `Bearer ${await signToken(it.keys, { subject: 'ada', role: 'customer', sessionId })}`;
});
afterEach(() => it.front.stop());

const refused = async (answer: Response) => {
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
    401,
    'Bearer error="invalid_token"',
  ]);
  expect((await it.read(answer)).errors[0]).toMatchObject({
    message,
    extensions: { code: 'UNAUTHENTICATED' },
  });
};

describe('the token of a session that has ended', () => {
  test('is refused as one that has expired is, however it comes, and others are not', async () => {
    const other = await signToken(it.keys, { subject: 'ada', role: 'customer', sessionId: randomUUID() });
    const byHand = await it.tokenFor('customer');
    const cart = () => it.get('{ cart }', { authorization });
    expect(await it.read(await cart())).toEqual({ data: { cart: 'cart of customer:ada' } });
    ended.hear([sessionsEnded(randomUUID(), sessionId)]);
    // Kept for ten seconds, which is nobody's business any more.
    await refused(await cart());
    await refused(await it.post({ query: 'mutation { add }' }, { authorization }));
    await refused(await it.post([{ query: '{ who }' }], { authorization }));
    const accept = 'text/event-stream';
    await refused(await it.post({ query: 'subscription { ticks }' }, { authorization, accept }));
    for (const holds of [`Bearer ${other}`, byHand, await it.tokenFor('guest'), '']) {
      const headers: Record<string, string> = holds === '' ? {} : { authorization: holds };
      expect((await it.post({ query: '{ who }' }, headers)).status).toBe(200);
    }
  });

  test('is refused also where its body comes after the session ended', async () => {
    const body = JSON.stringify({ query: 'mutation { add }' });
    const headers = { authorization, 'content-type': 'application/json', 'content-length': body.length };
    const asking = plainRequest(it.front.url, { method: 'POST', headers });
    asking.write(body.slice(0, 5));
    // Later than the head of the first, since both are taken in order.
    await it.post({ query: '{ who }' }, { authorization });
    ended.hear([sessionsEnded(sessionId)]);
    asking.end(body.slice(5));
    const [{ statusCode }] = await once(asking, 'response');
    expect(statusCode).toBe(401);
  });

  test('runs nothing that was still looked up', async () => {
    const [entered, found] = [createGate(), createGate()];
    lookedUp = { entered, found: found.opened };
    const runs = it.runs();
    const asking = it.post({ query: 'mutation { add }' }, { authorization });
    await entered.opened;
    ended.hear([sessionsEnded(sessionId)]);
    found.open();
    await refused(await asking);
    expect(it.runs()).toBe(runs);
  });

  test('is not told what was being read for it', async () => {
    const asking = it.post({ query: '{ slow }' }, { authorization });
    await it.slow.entered.opened;
    ended.hear([sessionsEnded(sessionId)]);
    it.slow.answer.open();
    const { data, errors } = await it.read(await asking);
    expect(data).toBeUndefined();
    expect(errors[0]).toMatchObject({ message, extensions: { code: 'UNAUTHENTICATED' } });
  });

  test.each(['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'])(
    'ends a stream that is open (%s), which says so, and no other',
    async (accept) => {
      const query = 'subscription { ticks }';
      const others = await it.tokenFor('customer');
      const stays = await it.post({ query }, { authorization: others, accept });
      const answer = await it.post({ query }, { authorization, accept });
      await it.listeners(2);
      ended.hear([sessionsEnded(sessionId)]);
      it.push(1);
      const text = await answer.text();
      expect(text).toContain(message);
      expect(text).not.toContain('"ticks"');
      await it.listeners(1);
      await stays.body?.cancel();
    },
  );
});

describe('ended sessions', () => {
  test('are forgotten when no token of theirs can hold, the first ones first', () => {
    vi.useFakeTimers();
    try {
      const [old, young] = [randomUUID(), randomUUID()];
      ended.hear([sessionsEnded(old)]);
      vi.advanceTimersByTime(keptMs);
      expect(ended.has(ofSession(old))).toBe(true);
      vi.advanceTimersByTime(1);
      ended.hear([sessionsEnded(young)]);
      expect([old, young].map((id) => ended.has(ofSession(id)))).toEqual([false, true]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('are bounded, which is said once', () => {
    const said: unknown[] = [];
    const few = createEndedSessions(
      createLog((line) => said.push(JSON.parse(line))),
      { maxKept: 3 },
    );
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const id of ids) few.hear([sessionsEnded(id)]);
    expect(ids.filter((id) => few.has(ofSession(id)))).toEqual(ids.slice(2));
    expect(said).toEqual([expect.objectContaining({ level: 'error', maxKept: 3 })]);
  });

  test('call each watcher once, at once where it comes late, and never who has left', () => {
    const ids = Array.from({ length: 3 }, () => randomUUID());
    const move = fc.tuple(fc.constantFrom('end', 'watch', 'leave'), fc.constantFrom(...ids));
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const real = createEndedSessions(log);
        const over = new Set<string>();
        const watching: Watcher[] = [];
        const does = {
          end: (id: string) => {
            real.hear([sessionsEnded(id)]);
            over.add(id);
            for (const one of watching) if (one.id === id && !one.hasLeft) one.due = 1;
          },
          watch: (id: string) => {
            const one: Watcher = { id, leave: () => {}, calls: 0, due: over.has(id) ? 1 : 0, hasLeft: false };
            watching.push(one);
            one.leave = real.watch(ofSession(id), () => {
              one.calls += 1;
            });
          },
          leave: (id: string) => {
            const one = watching.find((each) => each.id === id && !each.hasLeft);
            one?.leave();
            if (one) one.hasLeft = true;
          },
        };
        for (const [name, id] of moves) {
          does[name](id);
          expect(ids.filter((each) => real.has(ofSession(each)))).toEqual(
            ids.filter((each) => over.has(each)),
          );
          expect(watching.map(({ calls }) => calls)).toEqual(watching.map(({ due }) => due));
        }
      }),
    );
  });
});
