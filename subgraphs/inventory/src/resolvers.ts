import { noPersonalData } from '@storegraph/server';
import { GraphQLError } from 'graphql';
import { followingOf } from './following-domain.ts';
import { cursorOfMovement } from './ledger-domain.ts';
import type { Loaders } from './loaders.ts';
import type { ReservationOutcome, StateRefusal } from './outcome-domain.ts';
import type { Resolvers } from './schema.generated.ts';
import { availableOn } from './stock-domain.ts';
import type { StockChange } from './stock-follower.ts';

const defaultMovements = 50;
const defaultChangesPerSecond = 4;

const query: Resolvers['Query'] = {
  warehouses: (_parent, _args, { inventory }) => inventory.warehouses.list(),
  reservation: (_parent, { id }, { loaders }) => loaders.reservation.load(id),
  stockMovements: async (_parent, { variantId, warehouseId, first, after }, { loaders }) =>
    orBadInput(
      await loaders.ledger({
        variantId,
        warehouseId: warehouseId ?? null,
        first: first ?? defaultMovements,
        after: after ?? null,
      }),
    ),
  ...noPersonalData.Query,
};

const mutation: Resolvers['Mutation'] = {
  warehouseSave: (_parent, { input }, { inventory, viewer }) => inventory.warehouses.save(viewer, input),
  stockPolicySet: (_parent, { input }, { inventory, viewer }) => inventory.policies.set(viewer, input),
  stockAdjust: (_parent, { input }, { inventory, viewer }) => inventory.movements.adjust(viewer, input),
  stockTakeRecord: (_parent, { input }, { inventory, viewer }) => inventory.movements.count(viewer, input),
  warehouseFeedApply: (_parent, { input }, { inventory, viewer }) => inventory.movements.feed(viewer, input),
  stockReserve: (_parent, { input }, { inventory, viewer }) => inventory.reservations.reserve(viewer, input),
  reservationConfirm: (_parent, { input }, { inventory, viewer }) =>
    inventory.reservations.confirm(viewer, input),
  reservationRelease: (_parent, { input }, { inventory, viewer }) =>
    inventory.reservations.release(viewer, input),
  reservationExtend: (_parent, { input }, { inventory, viewer }) =>
    inventory.reservations.extend(viewer, input),
  reservationShip: (_parent, { input }, { inventory, viewer }) => inventory.reservations.ship(viewer, input),
  ...noPersonalData.Mutation,
};

const subscription: Resolvers['Subscription'] = {
  stockChanged: {
    subscribe: async (_parent, { variantIds, region, after, maxPerSecond }, { hub }) => {
      const following = orBadInput(
        followingOf({
          variantIds,
          region: region ?? null,
          after: after ?? null,
          maxPerSecond: maxPerSecond ?? defaultChangesPerSecond,
        }),
      );
      return orBadInput(await hub.follow(following));
    },
    resolve: (change: StockChange) => change,
  },
};

const ofWarehouse = {
  warehouse: async (
    { warehouseId }: { warehouseId: string },
    _args: unknown,
    { loaders }: { loaders: Loaders },
  ) => found(await loaders.warehouse.load(warehouseId)),
};
const ofReservation = {
  reservation: async (
    { reservationId }: ReservationOutcome | StateRefusal,
    _args: unknown,
    { loaders }: { loaders: Loaders },
  ) => found(await loaders.reservation.load(reservationId)),
};
const ofVariant = { variant: ({ variantId }: { variantId: string }) => ({ id: variantId }) };

/** GraphQL in, one call, GraphQL out. */
export const resolvers: Resolvers = {
  Query: query,
  Mutation: mutation,
  Subscription: subscription,
  // Which variants there are is the catalogue's business, so a reference is taken as it comes.
  ProductVariant: {
    __resolveReference: ({ id }) => ({ id }),
    stock: ({ id }, { region }, { loaders }) => loaders.stock.load({ variantId: id, region: region ?? null }),
  },
  Warehouse: { __resolveReference: ({ id }, { loaders }) => loaders.warehouse.load(id) },
  WarehouseStock: { ...ofWarehouse, available: availableOn },
  Reservation: {
    lines: ({ variantIds, warehouseIds, quantities }) =>
      variantIds.map((variantId, line) => ({
        variantId,
        warehouseId: warehouseIds[line] ?? '',
        quantity: quantities[line] ?? 0,
      })),
  },
  ReservationLine: { ...ofVariant, ...ofWarehouse },
  StockMovement: { ...ofWarehouse, id: ({ id }) => String(id) },
  StockMovementConnection: {
    edges: ({ movements }) => movements.map((node) => ({ node, cursor: cursorOfMovement(node.id) })),
    nodes: ({ movements }) => movements,
    pageInfo: ({ movements, hasNextPage, hasPreviousPage }) => {
      const [start, end] = [movements.at(0), movements.at(-1)];
      return {
        hasNextPage,
        hasPreviousPage,
        startCursor: start ? cursorOfMovement(start.id) : null,
        endCursor: end ? cursorOfMovement(end.id) : null,
      };
    },
  },
  StockChange: ofVariant,
  WarehouseSaved: ofWarehouse,
  StockPolicyChanged: ofVariant,
  StockAdjusted: {
    stock: async ({ variantId, warehouseId }, _args, { loaders }) => {
      const { byWarehouse } = await loaders.stock.load({ variantId, region: null });
      return found(byWarehouse.find((shelf) => shelf.warehouseId === warehouseId) ?? null);
    },
  },
  StockReserved: ofReservation,
  ReservationConfirmed: ofReservation,
  ReservationReleased: ofReservation,
  ReservationExtended: ofReservation,
  ReservationShipped: ofReservation,
  ReservationStateRefused: ofReservation,
};

const orBadInput = <T extends object>(result: T | { readonly problem: string }): T => {
  if ('problem' in result) throw new GraphQLError(result.problem, { extensions: { code: 'BAD_USER_INPUT' } });
  return result;
};

/** Rows point to rows that the database keeps for them. */
const found = <T>(row: T | null): T => {
  if (row === null) throw new Error('A row points to another that is not there.');
  return row;
};
