import { createInProcessBus } from '@storegraph/events';
import { inventory } from '@storegraph/inventory';
import { product } from '@storegraph/product';
import { localTransport, type Router, startRouter } from '@storegraph/router';
import {
  createKeys,
  createLog,
  type MountedSubgraph,
  mountSubgraph,
  type Subgraph,
} from '@storegraph/server';
import { key, staff, testDatabase } from '@storegraph/testing';
import { expect, vi } from 'vitest';
import { compose } from '../../../scripts/compose.ts';

/** A shop of one product, and its router, which runs nothing but what was published. */

const quiet = createLog(() => undefined);
const house = staff('catalogue:write', 'stock:read', 'stock:write');

/** Whatever a test looks at in an answer, it states in its expectation. */
// biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the operation, which is text.
type Outcome = any;

const openSubgraphs = async () => {
  const open = async (needs: Parameters<typeof product>[0]): Promise<Subgraph[]> => [
    await product(needs),
    await inventory(needs),
  ];
  const database = await testDatabase('template_product_page', async (postgresUrl) => {
    for (const subgraph of await open({ postgresUrl, bus: createInProcessBus() })) await subgraph.stop();
  });
  const bus = createInProcessBus();
  const needs = { postgresUrl: database.url, bus };
  const subgraphs = await open(needs);
  const { supergraphSdl = '' } = compose(subgraphs);
  const mounted = subgraphs.map((subgraph) => mountSubgraph(subgraph));
  for (const subgraph of mounted) await subgraph.start();
  const stop = async () => {
    for (const subgraph of mounted) await subgraph.stop();
    await database.drop();
  };
  return { mounted, supergraphSdl, bus, stop };
};

/** Runs mutations at the subgraph that has them. */
const createChange = (mounted: readonly MountedSubgraph[]) => {
  const change = async (mutation: string, input: object, selection = ''): Promise<Outcome> => {
    const owner = mounted.find(({ schema }) => schema.getMutationType()?.getFields()[mutation]);
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
    const answer = await owner?.execute({
      query: `mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename ${selection} } }`,
      variables: { input: { idempotencyKey: key(), ...input } },
      viewer: house,
    });
    if (answer?.errors?.[0]) throw answer.errors[0];
    return answer?.data?.[mutation];
  };
  return change;
};

type Change = ReturnType<typeof createChange>;

/** A boot in two sizes. */
const makeBoot = async (change: Change): Promise<string[]> => {
  await change('productTypeSave', { code: 'boot', name: 'Boot', attributes: [] });
  const created = await change(
    'productCreate',
    {
      ...{ typeCode: 'boot', slug: 'trail-boot', optionNames: ['size'] },
      texts: [{ locale: 'en', name: 'Trail <boot>', description: 'Dry feet.' }],
      variants: ['41', '42'].map((value) => ({ sku: `BOOT-${value}`, options: [{ name: 'size', value }] })),
      media: [{ kind: 'PICTURE', url: '/media/boot.svg', alt: [{ locale: 'en', text: 'A boot.' }] }],
    },
    '... on ProductCreated { product { id variants { id } } }',
  );
  await change('productPublish', { productId: created.product.id });
  return created.product.variants.map(({ id }: { id: string }) => id);
};

/** Starts the shop, with ten pieces of each size. */
export const openShop = async (operationsFolder: string) => {
  const { mounted, supergraphSdl, bus, stop } = await openSubgraphs();
  const change = createChange(mounted);
  const variantIds = await makeBoot(change);
  const saved = await change(
    'warehouseSave',
    { code: 'BER1', name: 'Berlin', region: 'DE' },
    '... on WarehouseSaved { warehouse { id } }',
  );
  const warehouseId: string = saved.warehouse.id;
  const adjust = (variantId: string, delta: number): Promise<Outcome> =>
    change('stockAdjust', {
      variantId,
      warehouseId,
      delta,
      reason: delta > 0 ? 'RECEIVED' : 'LOST',
    });
  for (const variantId of variantIds) {
    // The inventory hears of a variant by a fact, in its own time.
    const policy = { variantId, kind: 'DENY', lowStockThreshold: 5 };
    const isSet = async () =>
      expect(await change('stockPolicySet', policy)).toMatchObject({ __typename: 'StockPolicyChanged' });
    await vi.waitFor(isSet, { timeout: 20_000 });
    await adjust(variantId, 10);
  }

  const keys = await createKeys();
  const logs = await Promise.all(mounted.map(({ name }) => bus.log(name)));
  const startRouterAt = (port: number): Promise<Router> =>
    startRouter({
      ...{ supergraphSdl, keys, logs, port, log: quiet },
      transports: mounted.map(localTransport),
      settings: { operations: { mode: 'only', folder: operationsFolder } },
    });
  let router = await startRouterAt(0);
  const { url, port } = router;

  return {
    url,
    variantIds,
    adjust,
    /** Ends the router, does the work, and starts another in its place. */
    restartRouter: async (meanwhile: () => Promise<unknown>) => {
      await router.stop();
      await meanwhile();
      router = await startRouterAt(port);
    },
    stop: async () => {
      await router.stop();
      await stop();
    },
  };
};

export type Shop = Awaited<ReturnType<typeof openShop>>;
