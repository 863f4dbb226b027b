import type { ExecutionResult } from 'graphql';
import { beforeEach, describe, expect, test } from 'vitest';
import { type MountedSubgraph, mountSubgraph } from './mount.ts';
import { createNotes } from './notes-for-tests.ts';
import type { Operation } from './operation.ts';
import { isStream, type ResultStream } from './stream.ts';
import { createKeys, signToken } from './tokens.ts';
import type { Viewer } from './viewer.ts';

let notes: ReturnType<typeof createNotes>;
let mounted: MountedSubgraph;

beforeEach(() => {
  notes = createNotes();
  mounted = mountSubgraph(notes.subgraph, { log: notes.log });
});

const staff = (...scopes: string[]): Viewer => ({ kind: 'staff', id: 'ada', scopes: new Set(scopes) });
const codes = ({ errors }: ExecutionResult) => errors?.map(({ extensions: { code } }) => code);
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

const open = async (operation: Operation): Promise<ResultStream<ExecutionResult>> => {
  const answer = await mounted.subscribe(operation);
  if (!isStream(answer)) throw new Error(`It did not open: ${JSON.stringify(answer)}`);
  return answer;
};

describe('an operation', () => {
  test('is answered, with how many statements it took', async () => {
    const result = await mounted.execute({ query: '{ note(id: 1) { id text } }' });
    expect(plain(result)).toEqual({
      data: { note: { id: '1', text: 'Note 1' } },
      extensions: { trace: { statements: 0 } },
    });
  });

  test('says for how long it holds, the least of what its fields say', async () => {
    const query = '{ long: passing(ms: 5000.7) short: passing(ms: 1200.5) past: passing(ms: -3) }';
    const holdsFor = async (text: string) => (await mounted.execute({ query: text })).extensions?.holdsForMs;
    expect(await holdsFor(query)).toBe(0);
    expect(await holdsFor('{ long: passing(ms: 5000.7) short: passing(ms: 1200.5) }')).toBe(1_200);
    expect(await holdsFor('{ who }')).toBeUndefined();
  });

  test('in production says nothing of its making', async () => {
    mounted = mountSubgraph(notes.subgraph, { production: true });
    expect(plain(await mounted.execute({ query: '{ who }' }))).toEqual({ data: { who: 'anonymous' } });
  });

  test('answers entities by their references', async () => {
    const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Note { text } } }';
    const of = [
      { __typename: 'Note', id: '7' },
      { __typename: 'Note', id: '8' },
    ];
    const { data } = await mounted.execute({ query, variables: { of } });
    expect(plain(data)).toEqual({ _entities: [{ text: 'Note 7' }, { text: 'Note 8' }] });
  });

  test.each([
    ['{ note(id: 1) { ', 'GRAPHQL_PARSE_FAILED'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query A { who } query B { who }', 'OPERATION_RESOLUTION_FAILURE'],
    ['subscription { noteAdded { id } }', 'BAD_REQUEST'],
    [`{ ${'who '.repeat(20_000)} }`, 'GRAPHQL_PARSE_FAILED'],
  ])('that cannot be run is refused: %.40s', async (query, code) => {
    expect(codes(await mounted.execute({ query }))).toEqual([code]);
  });

  test('with wrong variables is the mistake of who sent it', async () => {
    const query = 'query ($first: Int! = 1) { notes(first: $first) { id } }';
    const wrong = await mounted.execute({ query, variables: { first: 'many' } });
    expect(codes(wrong)).toEqual(['BAD_USER_INPUT']);
    expect(wrong.errors?.[0]?.message).toContain('"many"');
    expect(codes(await mounted.execute({ query, variables: { first: null } }))).toEqual(['BAD_USER_INPUT']);
    expect(notes.logged).toEqual([]);
  });

  test('tells names that are near only outside production', async () => {
    const query = '{ notez { id } }';
    expect(String((await mounted.execute({ query })).errors)).toContain('Did you mean');
    mounted = mountSubgraph(notes.subgraph, { production: true });
    const { errors } = await mounted.execute({ query });
    expect(errors?.[0]?.message).toBe('Cannot query field "notez" on type "Query".');
  });
});

describe('who asks', () => {
  test('is known by the token', async () => {
    const keys = await createKeys();
    mounted = mountSubgraph(notes.subgraph, { keys });
    const token = await signToken(keys, { subject: 'm-1', role: 'merchandiser' });
    expect((await mounted.execute({ query: '{ who }', token })).data).toEqual({ who: 'staff:m-1' });
    expect(codes(await mounted.execute({ query: '{ who }', token: `${token}x` }))).toEqual([
      'UNAUTHENTICATED',
    ]);
  });

  test('is nobody without one, and no token holds without keys', async () => {
    expect((await mounted.execute({ query: '{ who }' })).data).toEqual({ who: 'anonymous' });
    const token = await signToken(await createKeys(), { subject: 'm-1', role: 'merchandiser' });
    expect(codes(await mounted.execute({ query: '{ who }', token }))).toEqual(['UNAUTHENTICATED']);
  });
});

describe('a field that requires scopes', () => {
  const sealed = (viewer?: Viewer) => mounted.execute({ query: '{ sealed who }', viewer });

  test('is null with an error for who is not signed in, and the rest is answered', async () => {
    const result = await sealed();
    expect(plain(result.data)).toEqual({ sealed: null, who: 'anonymous' });
    expect(result.errors?.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['sealed'], 'UNAUTHENTICATED'],
    ]);
  });

  test('is forbidden without all of one list, and says what it needs', async () => {
    const result = await sealed(staff('notes:read'));
    expect(codes(result)).toEqual(['FORBIDDEN']);
    expect(result.errors?.[0]?.message).toContain('notes:read and notes:sealed, or notes:all');
    expect(result.errors?.[0]?.extensions['requiredScopes']).toEqual([
      ['notes:read', 'notes:sealed'],
      ['notes:all'],
    ]);
  });

  test.each([[['notes:read', 'notes:sealed']], [['notes:all']]])('is answered for %s', async (scopes) => {
    expect((await sealed(staff(...scopes))).data).toMatchObject({ sealed: 'the seal is broken' });
  });

  test('keeps a mutation from running', async () => {
    const query = 'mutation { noteSave(text: "x") { note { id } } }';
    const refused = await mounted.execute({ query, viewer: staff('notes:read') });
    expect(refused.data).toBeNull();
    expect(codes(refused)).toEqual(['FORBIDDEN']);
    expect((await mounted.execute({ query, viewer: staff('notes:write') })).errors).toBeUndefined();
  });

  test('is guarded below others, and in entities', async () => {
    const nested = await mounted.execute({ query: '{ notes { id author } }' });
    expect(plain(nested.data)).toEqual({
      notes: [
        { id: '0', author: null },
        { id: '1', author: null },
      ],
    });
    expect(codes(nested)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    const query =
      '{ _entities(representations: [{ __typename: "Note", id: "1" }]) { ... on Note { author } } }';
    expect(codes(await mounted.execute({ query, viewer: staff() }))).toEqual(['FORBIDDEN']);
    expect(codes(await mounted.execute({ query, viewer: staff('notes:read') }))).toBeUndefined();
  });

  test('keeps a subscription from opening', async () => {
    const query = 'subscription { sealedAdded { id } }';
    expect(codes((await mounted.subscribe({ query })) as ExecutionResult)).toEqual(['UNAUTHENTICATED']);
    expect(codes((await mounted.subscribe({ query, viewer: staff() })) as ExecutionResult)).toEqual([
      'FORBIDDEN',
    ]);
    expect(notes.streams.opened).toBe(0);
  });
});

describe('a failure', () => {
  const fails = (how: string, requestId = 'r-1') =>
    mounted.execute({ query: `{ fails(how: "${how}") who }`, requestId });

  test.each(['bug', 'uncoded'])(
    'nobody foresaw (%s) is logged once and told by its id alone',
    async (how) => {
      const result = plain(await fails(how));
      expect(result.errors).toEqual([
        {
          message: 'Something went wrong on our side. Report this id: r-1',
          locations: [{ line: 1, column: 3 }],
          path: ['fails'],
          extensions: { code: 'INTERNAL_SERVER_ERROR' },
        },
      ]);
      expect(result.data).toEqual({ fails: null, who: 'anonymous' });
      expect(notes.logged).toHaveLength(1);
      expect(notes.logged[0]).toMatchObject({
        level: 'error',
        requestId: 'r-1',
        subgraph: 'notes',
        path: 'fails',
      });
      expect(notes.logged[0]?.['stack']).toContain('select * from secrets failed');
    },
  );

  test('thrown on purpose passes as it is', async () => {
    const { errors } = await fails('refused');
    expect(errors?.[0]).toMatchObject({ message: 'The shop is closed.', extensions: { code: 'CLOSED' } });
    expect(notes.logged).toEqual([]);
  });

  test('of a cursor whose facts are deleted says to begin anew', async () => {
    const { errors } = await fails('cursor too old');
    expect(errors?.[0]?.message).toContain('subscribe without `after`');
    expect(errors?.[0]?.extensions?.['code']).toBe('CURSOR_TOO_OLD');
  });

  test('of a full queue says to come back, of a cancelled statement that time was over', async () => {
    expect(codes(await fails('busy'))).toEqual(['SERVICE_UNAVAILABLE']);
    expect(codes(await fails('cancelled'))).toEqual(['DEADLINE_EXCEEDED']);
  });

  test('of what cannot be written as its type is ours, not the caller’s', async () => {
    const query = 'query ($value: AttributeValue) { echo(value: $value) { locale: value } }';
    expect(codes(await mounted.execute({ query, variables: { value: 'ok' } }))).toBeUndefined();
    mounted = mountSubgraph(
      { ...notes.subgraph, resolvers: { ...notes.subgraph.resolvers, Echo: { at: () => 'yesterday' } } },
      { log: notes.log },
    );
    expect(codes(await mounted.execute({ query: '{ echo { at } }' }))).toEqual(['INTERNAL_SERVER_ERROR']);
  });
});

describe('the time limit', () => {
  test('ends an operation that has not been answered', async () => {
    const { errors, data } = await mounted.execute({ query: '{ slow }', deadlineAt: Date.now() + 20 });
    expect(errors?.map(({ extensions: { code } }) => code)).toEqual(['DEADLINE_EXCEEDED']);
    expect(data).toBeUndefined();
  });

  test('that is over already lets nothing run', async () => {
    expect(codes(await mounted.execute({ query: '{ slow }', deadlineAt: Date.now() - 1 }))).toEqual([
      'DEADLINE_EXCEEDED',
    ]);
    let hasRun = false;
    void notes.slow.entered.opened.then(() => {
      hasRun = true;
    });
    await mounted.execute({ query: '{ who }' });
    expect(hasRun).toBe(false);
  });
});

test('a mutation that gave an earlier outcome again says so, under the name it was asked by', async () => {
  const query = 'mutation { again: noteRepeat { note { id } } noteSave(text: "x") { note { id } } }';
  const { extensions } = await mounted.execute({ query, viewer: staff('notes:write') });
  expect(extensions).toMatchObject({ idempotency: { replayed: ['again'] } });
});

describe('a subscription', () => {
  const query = 'subscription ($after: Int! = 0) { noteAdded(after: $after) { id text } }';

  test('gives each event its own run', async () => {
    const stream = await open({ query, variables: { after: 1 } });
    expect(plain(await stream.next())).toMatchObject({
      value: { data: { noteAdded: { id: '2' } } },
      done: false,
    });
    const next = stream.next();
    notes.add();
    expect(plain(await next)).toMatchObject({ value: { data: { noteAdded: { id: '3' } } } });
  });

  test('ends at once when its reader leaves, and gives no later event', async () => {
    const stream = await open({ query, variables: { after: 2 } });
    const waiting = stream.next();
    await stream.return();
    notes.add();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    expect(notes.streams.signals[0]?.aborted).toBe(true);
  });

  test('tells a failure of its source as its last result', async () => {
    async function* broken() {
      yield { id: 1 };
      throw new Error('select * from secrets failed');
    }
    const Subscription = { noteAdded: { subscribe: broken, resolve: () => ({ id: 1, text: 'x' }) } };
    mounted = mountSubgraph(
      { ...notes.subgraph, resolvers: { ...notes.subgraph.resolvers, Subscription } },
      { log: notes.log },
    );
    const results: unknown[] = [];
    for await (const result of await open({ query })) results.push(plain(result));
    expect(results).toMatchObject([
      { data: { noteAdded: { text: 'x' } } },
      { errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
    ]);
    expect(JSON.stringify(results)).not.toContain('secrets');
  });
});

describe('a stop', () => {
  test('ends subscriptions, waits for what runs, and then stops the subgraph', async () => {
    const stream = await open({ query: 'subscription { noteAdded(after: 2) { id } }' });
    const waiting = stream.next();
    const running = mounted.execute({ query: '{ slow }' });
    await notes.slow.entered.opened;
    const stopping = mounted.stop();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(notes.lifecycle).toEqual([]);
    notes.slow.answer.open();
    expect((await running).data).toEqual({ slow: 'at last' });
    await stopping;
    expect(notes.lifecycle).toEqual(['stop']);
  });
});

describe('the composition of a subgraph', () => {
  test('fails when one context serves two requests', async () => {
    const shared = {};
    mounted = mountSubgraph({ ...notes.subgraph, context: () => shared }, { log: notes.log });
    await mounted.execute({ query: '{ note(id: 1) { id } }' });
    expect(codes(await mounted.execute({ query: '{ note(id: 1) { id } }' }))).toEqual([
      'INTERNAL_SERVER_ERROR',
    ]);
  });
});
