import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cart } from '@storegraph/cart';
import { createInProcessBus } from '@storegraph/events';
import { connect } from '@storegraph/postgres';
import { localTransport, startRouter } from '@storegraph/router';
import { AskError, createLog, mountSubgraph, readSchema } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { compose } from '../../scripts/compose.ts';

/** One of the two servers that are compared: `WAY JSON`. Tells its port. */

const silent = createLog(() => {});

const [way = '', argument = '{}'] = process.argv.slice(2);
const { url, keys, variantIds } = JSON.parse(argument);

/** The shop's way: the router in front of the cart, with everything on that production has on. */
const startOurs = async (): Promise<number> => {
  const bus = createInProcessBus();
  const ask = async (subgraph: string) => {
    throw new AskError(subgraph, 'UNREACHABLE', 'an add asks nobody.');
  };
  const mounted = mountSubgraph(await cart({ postgresUrl: url, bus, ask, keys }), {
    ...{ keys, production: true, log: silent },
  });
  await mounted.start();
  const db = connect({ url, schema: 'cart', name: 'variants', statementConnections: 1 });
  await db.execute(sql`insert into products select ${variantIds[0]}::uuid, true`);
  await db.execute(sql`insert into variants select id, ${variantIds[0]}::uuid
    from unnest(${sql.param(variantIds)}::uuid[]) as id`);
  await db.close();
  const { supergraphSdl, problems } = compose([{ name: 'cart', typeDefs: readSchema('cart') }]);
  if (problems) throw new Error(problems.join(' '));
  const { port } = await startRouter({
    ...{ supergraphSdl, transports: [localTransport(mounted)], keys, port: 0, production: true },
    logs: [await bus.log('cart')],
    settings: {
      operations: { mode: 'off' },
      rates: [{ per: 'address', operations: 1_000_000_000, seconds: 60 }],
    },
    log: silent,
  });
  return port;
};

const read = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => resolve(text));
  });

/** The least that counts pieces durably: one statement behind bare node:http, nobody checked, no repeat known. */
const startRaw = async (): Promise<number> => {
  const db = connect({ url, schema: 'public', name: 'raw', statementConnections: 8 });
  await db.execute(sql`create table lines (owner text, variant_id uuid, quantity integer not null,
    primary key (owner, variant_id)) with (fillfactor = 70)`);
  const server = createServer(async (request, response) => {
    const { variantId, quantity } = JSON.parse(await read(request)).variables.input;
    const owner = request.headers['x-owner'] ?? '';
    const [row] = await db.execute(sql`insert into lines (owner, variant_id, quantity)
      values (${owner}, ${variantId}, ${quantity})
      on conflict (owner, variant_id) do update set quantity = lines.quantity + excluded.quantity
      returning quantity`);
    const text = JSON.stringify({ data: row });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server on a port has an address with a port.
  return (server.address() as AddressInfo).port;
};

process.on('SIGTERM', () => process.exit(0));
process.send?.(await (way === 'ours' ? startOurs() : startRaw()));
