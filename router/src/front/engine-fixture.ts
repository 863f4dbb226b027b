import { createHash } from 'node:crypto';
import type { Viewer } from '@storegraph/server';
import {
  buildSchema,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  parse,
  subscribe,
  validate,
} from 'graphql';
import type { Engine, EventSource } from '../engine.ts';
import type { Caching, Prepared } from '../prepare/prepared.ts';
import { type Answer, type GraphError, refuse } from '../run/answer.ts';

const schema = buildSchema(`
  type Query {
    hello(name: String = "you"): String!
    echo(text: String!): String!
    long(bytes: Int!): String!
    who: String!
    product: String!
    cart: String!
    secret: String
    fails: String
    breaks: String
    slow: String
  }
  type Mutation { add(by: Int! = 1): Int! addSlowly: Int! }
  type Subscription { count(to: Int!): Int! ticks: Int! flood(bytes: Int!): String! breaks: Int }
`);

const hints: Readonly<Record<string, Caching>> = {
  product: { maxAgeSeconds: 60, scope: 'PUBLIC' },
  cart: { maxAgeSeconds: 10, scope: 'PRIVATE' },
  secret: { maxAgeSeconds: 60, scope: 'PUBLIC' },
  long: { maxAgeSeconds: 60, scope: 'PUBLIC' },
  slow: { maxAgeSeconds: 60, scope: 'PUBLIC' },
};

/** A promise that the test settles. */
export const createGate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

const errorsOf = (errors: readonly GraphQLError[], code: string): GraphError[] =>
  errors.map((error) => ({
    message: error.message,
    ...(error.path ? { path: error.path } : {}),
    extensions: { code, ...error.extensions },
  }));

const answerOf = ({ data, errors = [] }: ExecutionResult): Answer => ({
  body: JSON.stringify({
    data,
    ...(errors.length === 0 ? {} : { errors: errorsOf(errors, 'INTERNAL_SERVER_ERROR') }),
  }),
  refusedWith: null,
  hasErrors: errors.length > 0,
});

const cachingOf = ({ selectionSet: { selections } }: OperationDefinitionNode): Caching | null => {
  const found = selections.map((one) => (one.kind === 'Field' ? hints[one.name.value] : undefined));
  if (found.some((caching) => caching === undefined)) return null;
  const all = found.filter((caching) => caching !== undefined);
  return {
    maxAgeSeconds: Math.min(...all.map(({ maxAgeSeconds }) => maxAgeSeconds)),
    scope: all.every(({ scope }) => scope === 'PUBLIC') ? 'PUBLIC' : 'PRIVATE',
  };
};

const preparedOf = (text: string, document: DocumentNode, operation: OperationDefinitionNode): Prepared => ({
  id: createHash('sha256').update(text).digest('hex'),
  kind: operation.operation,
  name: operation.name?.value ?? null,
  text,
  document,
  operation,
  caching: cachingOf(operation),
  cost: () => 0,
  coerce: (variables) => {
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
    return coerced ? { values: coerced } : { errors: errorsOf(errors, 'BAD_USER_INPUT') };
  },
});

const prepare: Engine['prepare'] = (text, operationName) => {
  try {
    const document = parse(text);
    const errors = validate(schema, document);
    if (errors.length > 0) return refuse(400, errorsOf(errors, 'GRAPHQL_VALIDATION_FAILED'));
    const operation = getOperationAST(document, operationName);
    if (operation) return preparedOf(text, document, operation);
    const message = 'Name the operation to run in `operationName`.';
    return refuse(400, [{ message, extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }]);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return refuse(400, errorsOf([error], 'GRAPHQL_PARSE_FAILED'));
  }
};

const nameOf = (viewer: Viewer): string =>
  viewer.kind === 'anonymous' ? 'anonymous' : `${viewer.kind}:${viewer.id}`;

/** Events that wait for their reader, with a `return()` that settles at once. */
const pushed = (opened: (push: (value: unknown) => void) => () => void) => {
  const waiting: unknown[] = [];
  let wake: () => void = () => undefined;
  let isOver = false;
  const close = opened((value) => {
    waiting.push(value);
    wake();
  });
  const finish = async () => {
    isOver = true;
    close();
    wake();
    return { value: undefined, done: true as const };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      while (waiting.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return isOver ? { value: undefined, done: true as const } : { value: waiting.shift(), done: false };
    },
    return: finish,
  };
};

async function* countTo(to: number) {
  for (let at = 1; at <= to; at++) yield { count: at };
}

/** Fields whose events the test pushes. */
const createLive = () => {
  const pushes = new Set<(value: unknown) => void>();
  const changed = new EventTarget();

  const open = (field: string) =>
    pushed((push) => {
      const one = (value: unknown) => push({ [field]: value });
      pushes.add(one);
      changed.dispatchEvent(new Event('change'));
      return () => {
        pushes.delete(one);
        changed.dispatchEvent(new Event('change'));
      };
    });

  /** Waits until so many subscriptions to live fields are open. */
  const listeners = async (count: number) => {
    while (pushes.size !== count) {
      await new Promise((resolve) => changed.addEventListener('change', resolve, { once: true }));
    }
  };
  const push = (value: unknown) => {
    for (const one of pushes) one(value);
  };
  return { open, listeners, push };
};

const createFields = (live: ReturnType<typeof createLive>) => {
  const slow = { entered: createGate(), answer: createGate() };
  const slowAdd = { entered: createGate(), answer: createGate() };
  let added = 0;
  const rootFor = (viewer: Viewer) => ({
    hello: ({ name }: { name: string }) => `Hello ${name}`,
    echo: ({ text }: { text: string }) => text,
    long: ({ bytes }: { bytes: number }) => 'x'.repeat(bytes),
    who: nameOf(viewer),
    product: 'a product',
    cart: `cart of ${nameOf(viewer)}`,
    secret: () => {
      if (viewer.kind === 'staff') return 'for staff';
      throw new GraphQLError('Not for you.', { extensions: { code: 'FORBIDDEN' } });
    },
    fails: () => {
      throw new GraphQLError('It failed.');
    },
    slow: async () => {
      slow.entered.open();
      await slow.answer.opened;
      return 'at last';
    },
    add: ({ by }: { by: number }) => {
      added += by;
      return added;
    },
    addSlowly: async () => {
      slowAdd.entered.open();
      await slowAdd.answer.opened;
      added += 1;
      return added;
    },
    count: ({ to }: { to: number }) => countTo(to),
    ticks: () => live.open('ticks'),
    flood: () => live.open('flood'),
  });
  return { slow, slowAdd, rootFor };
};

const sourceOf = (results: AsyncGenerator<ExecutionResult, void, void>): EventSource => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next: async () => {
    const { value, done } = await results.next();
    return done ? { value: undefined, done: true } : { value: answerOf(value), done: false };
  },
  return: async () => {
    void results.return();
    return { value: undefined, done: true };
  },
});

/** An engine over graphql-js with one of everything that the front has to get right. */
export const createFixtureEngine = () => {
  const live = createLive();
  const { slow, slowAdd, rootFor } = createFields(live);
  let runs = 0;

  const argumentsFor = ({ document, operation, text }: Prepared, values: object, viewer: Viewer) => {
    if (text.includes('breaks')) throw new Error('select * from secrets failed');
    return {
      schema,
      document,
      operationName: operation.name?.value ?? null,
      variableValues: { ...values },
      rootValue: rootFor(viewer),
    };
  };

  const engine: Engine = {
    schema,
    prepare,
    warm: () => undefined,
    run: async (prepared, values, { viewer }) => {
      runs += 1;
      return answerOf(await execute(argumentsFor(prepared, values, viewer)));
    },
    subscribe: async (prepared, values, { viewer }) => {
      const results = await subscribe(argumentsFor(prepared, values, viewer));
      return Symbol.asyncIterator in results ? sourceOf(results) : answerOf(results);
    },
    close: async () => undefined,
  };
  return { engine, slow, slowAdd, runs: () => runs, push: live.push, listeners: live.listeners };
};
