import { createHash } from 'node:crypto';
import { buildSchema, getOperationAST, parse } from 'graphql';
import type { Engine, EventSource } from '../engine.ts';
import type { Prepared, Values } from '../prepare/prepared.ts';
import { type Answer, refuse } from '../run/answer.ts';

/** What a reader is told: how often a thing has changed, and how far it has seen everything. */
export type Told = { readonly cursor: string; readonly thing: string; readonly version: number };

/** One stream that a test moves on step by step. */
export type Stepped = {
  /** Answers the call that opened it. */
  readonly open: () => void;
  readonly isOpen: () => boolean;
  /** Tells one thing that is owed; false when nothing is. */
  readonly step: (choice: number) => boolean;
  readonly finish: () => void;
};

type Mode = {
  /** Each change is told; otherwise those of one thing are joined, and only its state is told. */
  readonly tellsEach: boolean;
};

const subscription = `subscription ($after: String) {
  changed(after: $after) { cursor thing version }
}`;

const done = { value: undefined, done: true } as const;

/** A subscription of things that change, as the engine would have prepared it. */
export const preparedChanges = (text = subscription): Prepared => {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('There is one operation in it.');
  return {
    ...{ id: createHash('sha256').update(text).digest('hex'), kind: 'subscription', name: null, text },
    ...{ document, operation, caching: null, cost: () => 1, coerce: (values) => ({ values }) },
  };
};

const createStream = (tell: (choice: number) => Told | null, left: () => void) => {
  const waiting: Answer[] = [];
  let wanted: ((result: IteratorResult<Answer>) => void) | null = null;
  let isOver = false;
  const wake = () => {
    const value = waiting.shift();
    if (!wanted || (!value && !isOver)) {
      if (value) waiting.unshift(value);
      return;
    }
    const resolve = wanted;
    wanted = null;
    resolve(value ? { value, done: false } : done);
  };
  const end = () => {
    isOver = true;
    left();
    wake();
  };
  const source: EventSource = {
    [Symbol.asyncIterator]: () => source,
    next: () =>
      new Promise((resolve) => {
        wanted = resolve;
        wake();
      }),
    return: async () => {
      waiting.length = 0;
      end();
      return done;
    },
  };
  const step = (choice: number): boolean => {
    const told = isOver ? null : tell(choice);
    if (!told) return false;
    waiting.push({
      body: JSON.stringify({ data: { changed: told } }),
      refusedWith: null,
      hasErrors: false,
    });
    wake();
    return true;
  };
  return { source, step, end };
};

const versionIn = (log: readonly string[], thing: string, place: number) =>
  log.slice(0, place).filter((one) => one === thing).length;

/** Tells each change with its number; first, to who has seen nothing, the last one. */
const eachOf = (log: readonly string[], after: string | null) => {
  let place = after === null ? null : Number(after);
  return (): Told | null => {
    const next = place === null ? log.length : place + 1;
    if (next > log.length) return null;
    place = next;
    const thing = log[next - 1] ?? 'nothing';
    return { cursor: String(next), thing, version: versionIn(log, thing, next) };
  };
};

/** Tells the state of what has changed, in any order; the cursor is clean when nothing more is owed. */
const statesOf = (log: readonly string[], after: string | null) => {
  let place = after === null ? 0 : Number.parseInt(after, 10);
  const told = new Map<string, number>();
  const owed = () =>
    [...new Set(log)].filter((thing) => {
      const last = log.lastIndexOf(thing) + 1;
      return last > place && last > (told.get(thing) ?? 0);
    });
  return (choice: number): Told | null => {
    const things = owed();
    const thing = things[choice % Math.max(1, things.length)];
    if (thing === undefined) return null;
    told.set(thing, log.length);
    const isClean = owed().length === 0;
    if (isClean) place = log.length;
    const cursor = isClean ? String(place) : `${place}+`;
    return { cursor, thing, version: versionIn(log, thing, log.length) };
  };
};

/** Things that change, numbered without a gap, and streams of their changes that a test steps through. */
export const createChanges = ({ tellsEach }: Mode) => {
  const log: string[] = [];
  const streams = new Set<Stepped>();
  let opened = 0;

  const open = (values: Values): Promise<EventSource | Answer> => {
    const after = typeof values['after'] === 'string' ? values['after'] : null;
    const tell = tellsEach ? eachOf(log, after) : statesOf(log, after);
    opened += 1;
    return new Promise((resolve) => {
      let isOpen = false;
      const { source, step, end } = createStream(tell, () => streams.delete(stepped));
      const stepped: Stepped = {
        isOpen: () => isOpen,
        open: () => {
          isOpen = true;
          if (after !== null && Number.parseInt(after, 10) > log.length) {
            streams.delete(stepped);
            const message = 'after is ahead of every change.';
            return resolve(refuse(200, [{ message, extensions: { code: 'BAD_USER_INPUT' } }]));
          }
          resolve(source);
        },
        step: (choice) => isOpen && step(choice),
        finish: end,
      };
      streams.add(stepped);
    });
  };

  const engine: Engine = {
    schema: buildSchema('type Query { nothing: Int }'),
    prepare: () => preparedChanges(),
    warm: () => undefined,
    run: async () => refuse(400, []),
    subscribe: async (_prepared, values) => open(values),
    close: async () => undefined,
  };
  return {
    engine,
    change: (thing: string) => void log.push(thing),
    head: () => log.length,
    things: () => [...new Set(log)],
    versionAt: (thing: string, place: number) => versionIn(log, thing, place),
    streams: () => [...streams],
    opened: () => opened,
  };
};

/** Lets everything happen that waits for nothing but its turn. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
