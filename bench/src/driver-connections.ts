import type { Statement } from '@storegraph/postgres';
import { Client } from 'pg';
import { openSlot } from '../../packages/postgres/src/slot.ts';

/** A statement as drizzle sends it, and whether it wants rows as arrays or as objects. */
export type Asked = Statement & { readonly asArrays: boolean };

/** One connection of a driver, set up as the shop sets up its own. */
export type Connection = {
  /** Sends a prepared statement. Answers its rows. */
  ask(statement: Asked): Promise<readonly unknown[]>;
  /** Sends several statements without values at once. */
  script(text: string): Promise<void>;
  close(): Promise<void>;
};

export type Driver = {
  readonly name: string;
  /** Whether a statement is sent before the one ahead of it was answered. */
  readonly pipelines: boolean;
  open(url: string, schema: string): Promise<Connection>;
};

/** Several connections of one driver. */
export type Connections = {
  readonly pipelines: boolean;
  readonly ask: Connection['ask'];
  /** Hands out a connection for as long as the work takes. */
  held<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

const overPostgres: Driver = {
  name: 'postgres',
  pipelines: true,
  open: async (url, schema) => {
    const slot = openSlot({ url, schema, name: 'bench postgres' });
    return {
      ask: async ({ text, parameters, asArrays }) => {
        // Drizzle has encoded the values; the driver's type lists the same as its own types.
        const query = slot.client().unsafe(text, parameters as never[], { prepare: true });
        return asArrays ? await query.values() : await query;
      },
      script: async (text) => {
        await slot.client().unsafe(text);
      },
      close: () => slot.close(),
    };
  },
};

const overPg = (name: string, pipelines: boolean): Driver => ({
  name,
  pipelines,
  open: async (url, schema) => {
    const client = new Client({
      connectionString: url,
      pipeline: pipelines,
      application_name: `bench ${name}`,
      statement_timeout: 30_000,
    });
    for (const [type, parse] of parsers) client.setTypeParser(type, parse);
    await client.connect();
    await client.query(`set search_path to "${schema}", public`);
    const names = new Map<string, string>();
    const nameOf = (text: string): string => {
      const known = names.get(text) ?? `s${names.size}`;
      names.set(text, known);
      return known;
    };
    return {
      ask: async ({ text, parameters, asArrays }) => {
        const statement = { name: nameOf(text), text, values: parameters };
        const { rows } = asArrays
          ? await client.query<unknown[]>({ ...statement, rowMode: 'array' })
          : await client.query<object>(statement);
        return rows;
      },
      script: async (text) => {
        await client.query(text);
      },
      close: () => client.end(),
    };
  },
});

/** What the shop has its driver make of a bigint and of times. */
const parsers: readonly [number, (text: string) => unknown][] = [
  [20, Number],
  [1114, (text) => new Date(`${text}Z`)],
  [1184, (text) => new Date(text)],
];

/** The first is the shop's own. */
export const drivers: readonly [Driver, Driver, Driver] = [
  overPostgres,
  overPg('pg', false),
  overPg('pg, pipelined', true),
];

/** Opens so many connections. A driver that pipelines shares them as the shop does; another lends them. */
export const openConnections = async (
  { pipelines, open }: Driver,
  { url, schema, count }: { url: string; schema: string; count: number },
): Promise<Connections> => {
  const all = await Promise.all(
    Array.from({ length: count }, async () => ({ connection: await open(url, schema), pending: 0 })),
  );
  const free = all.map(({ connection }) => connection);
  const waiting: ((connection: Connection) => void)[] = [];
  const held = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = free.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    try {
      return await work(connection);
    } finally {
      const next = waiting.shift();
      if (next) next(connection);
      else free.push(connection);
    }
  };
  const shared: Connection['ask'] = async (statement) => {
    const least = all.reduce((best, each) => (each.pending < best.pending ? each : best));
    least.pending += 1;
    try {
      return await least.connection.ask(statement);
    } finally {
      least.pending -= 1;
    }
  };
  return {
    pipelines,
    ask: pipelines ? shared : (statement) => held((connection) => connection.ask(statement)),
    held,
    close: async () => {
      await Promise.all(all.map(({ connection }) => connection.close()));
    },
  };
};
